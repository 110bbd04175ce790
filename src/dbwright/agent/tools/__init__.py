"""What a model can call: one tool a file. The MCP server, the definitions that are installed into
coding agents and dbwright's own work with a model are made of this list, so that none of them can
name a tool that does not exist.
"""
