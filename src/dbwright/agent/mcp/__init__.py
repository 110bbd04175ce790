"""The MCP server: the tools, resources and prompts over stdio or streamable HTTP.

`catalog` lists what there is; `calls` runs a tool in a thread and tells its progress; `confirm`
asks a person before anything that writes; `serve` is the process. Needs the extra `agent`.
"""
