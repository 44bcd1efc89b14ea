"""The OpenAI-compatible way in (`/v1`): what a request may say, its errors' form, the routes, the chunks of a stream."""
