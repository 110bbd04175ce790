"""OpenCode: `.opencode/agents`, `.opencode/commands`, `opencode.json`."""

from __future__ import annotations

from dbwright.agent.install.front_matter import markdown
from dbwright.agent.install.host import Host, Scope
from dbwright.agent.install.json_entry import JsonEntry
from dbwright.agent.install.piece import OwnFile, Piece
from dbwright.agent.install.texts import COMMAND, DESCRIPTION, NAME, SERVER, instructions, work

__all__ = ["HOST"]

TIMEOUT = 10_000
"""Milliseconds until the server must have told its tools."""


def _pieces(scope: Scope) -> tuple[Piece, ...]:
    folder = ".opencode" if scope is Scope.PROJECT else ".config/opencode"
    agent = {
        "description": DESCRIPTION,
        "mode": "all",
        "temperature": 0.1,
        "color": "#2563eb",
        # The last one that fits wins; older versions read `tools` alone.
        "permission": {"edit": "ask", "bash": "ask", f"{SERVER}_*": "allow"},
        "tools": {f"{SERVER}_*": True},
    }
    commands = (
        OwnFile(
            f"{folder}/commands/{name}.md",
            markdown({"description": about, "agent": NAME}, f"{text}\n\nGiven: $ARGUMENTS"),
        )
        for name, about, _, text in work()
    )
    return (
        OwnFile(f"{folder}/agents/{NAME}.md", markdown(agent, instructions())),
        *commands,
        JsonEntry(
            "opencode.json" if scope is Scope.PROJECT else f"{folder}/opencode.json",
            ("mcp",),
            SERVER,
            {
                "type": "local",
                "command": list(COMMAND),
                "environment": {"DATABASE_URL": "{env:DATABASE_URL}"},
                "enabled": True,
                "timeout": TIMEOUT,
            },
            new_file={"$schema": "https://opencode.ai/config.json"},
        ),
    )


HOST = Host("opencode", "OpenCode", _pieces, f"start it anew, and mention @{NAME}")
