"""Cursor: `.cursor/agents`, `.cursor/commands`, `.cursor/mcp.json`."""

from __future__ import annotations

from dbwright.agent.install.front_matter import markdown
from dbwright.agent.install.host import Host, Scope
from dbwright.agent.install.json_entry import JsonEntry
from dbwright.agent.install.piece import OwnFile, Piece
from dbwright.agent.install.texts import COMMAND, DESCRIPTION, NAME, SERVER, instructions, work

__all__ = ["HOST"]


def _pieces(scope: Scope) -> tuple[Piece, ...]:
    agent = {"name": NAME, "description": DESCRIPTION, "model": "inherit", "readonly": False}
    commands = (
        # Its commands are plain Markdown, without a head.
        OwnFile(f".cursor/commands/{name}.md", f"{text}\n")
        for name, _, _, text in work()
    )
    return (
        OwnFile(f".cursor/agents/{NAME}.md", markdown(agent, instructions())),
        *commands,
        JsonEntry(
            ".cursor/mcp.json",
            ("mcpServers",),
            SERVER,
            {"command": COMMAND[0], "args": list(COMMAND[1:])},
        ),
    )


HOST = Host("cursor", "Cursor", _pieces, "allow the server in Cursor's settings, under MCP")
