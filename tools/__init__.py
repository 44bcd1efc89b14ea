"""What an agent can do: typed async tools, one file a capability. Each returns text for the model and facts."""
