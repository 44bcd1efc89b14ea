"""How programs and pages reach Ladrillo: FastAPI routes over the runner, and the chat page."""
