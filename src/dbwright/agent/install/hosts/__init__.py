"""The coding agents that dbwright can be installed into: one a file."""
