"""The process that runs the networks: what it does, and how the server talks with it."""
