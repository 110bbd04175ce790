"""Claude Code: `.claude/agents`, `.claude/skills`, `.mcp.json`.

Its definitions have no keys for prompt caching or streaming, which it does by itself; how much a
model thinks is `effort`.
"""

from __future__ import annotations

from dbwright.agent.install.front_matter import markdown
from dbwright.agent.install.host import Host, Scope
from dbwright.agent.install.json_entry import JsonEntry
from dbwright.agent.install.piece import OwnFile, Piece
from dbwright.agent.install.texts import (
    COMMAND,
    DESCRIPTION,
    NAME,
    SERVER,
    instructions,
    offered,
    work,
)

__all__ = ["HOST"]

OWN_TOOLS = ("Read", "Grep", "Glob")
"""Of the host: it reads the project's code to find queries."""


def _pieces(scope: Scope) -> tuple[Piece, ...]:
    tools = [*OWN_TOOLS, *(f"mcp__{SERVER}__{tool.name}" for tool in offered())]
    agent = {
        "name": NAME,
        "description": DESCRIPTION,
        "tools": ", ".join(tools),
        "model": "inherit",
        "effort": "high",
        "color": "blue",
    }
    skills = (
        OwnFile(
            f".claude/skills/{name}/SKILL.md",
            markdown({"name": name, "description": about, "argument-hint": hint}, text),
        )
        for name, about, hint, text in work()
    )
    return (
        OwnFile(f".claude/agents/{NAME}.md", markdown(agent, instructions())),
        *skills,
        JsonEntry(
            ".mcp.json" if scope is Scope.PROJECT else ".claude.json",
            ("mcpServers",),
            SERVER,
            {
                "command": COMMAND[0],
                "args": list(COMMAND[1:]),
                "env": {"DATABASE_URL": "${DATABASE_URL:-}"},
            },
        ),
    )


HOST = Host("claude-code", "Claude Code", _pieces, "start it anew, and say /mcp to see the server")
