"""dbwright in coding agents: the definition of the specialist, the work that it offers by name, and
the entry of its MCP server, in the places and forms of each host.

A host is one file in `hosts/`. It says which pieces it wants: a file of its own (`OwnFile`), or an
entry in a file that others write too (`JsonEntry`, `TomlTable`). A piece knows how to be put in and
taken out; what it can't do without losing somebody's words it refuses. What was there before an
entry, and which entry was put in, stands in the seal of the host's first own file (`Record`). The
texts come from the tools' registry (`texts`).
"""
