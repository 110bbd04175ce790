"""VS Code with its agent mode: `.github/agents`, `.github/prompts`, `.vscode/mcp.json`."""

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
    TITLE,
    instructions,
    work,
)

__all__ = ["HOST"]

PROFILE = ".config/Code/User"
"""On Linux."""


def _pieces(scope: Scope) -> tuple[Piece, ...]:
    project = scope is Scope.PROJECT
    folder = ".github" if project else PROFILE
    agent = {
        "name": TITLE,
        "description": DESCRIPTION,
        "tools": ["read", "search", f"{SERVER}/*"],
    }
    prompts = (
        OwnFile(
            f"{folder}/prompts/{name}.prompt.md",
            markdown({"description": about, "agent": TITLE, "argument-hint": hint}, text),
        )
        for name, about, hint, text in work()
    )
    return (
        OwnFile(f"{folder}/agents/{NAME}.agent.md", markdown(agent, instructions())),
        *prompts,
        JsonEntry(
            ".vscode/mcp.json" if project else f"{PROFILE}/mcp.json",
            ("servers",),
            SERVER,
            {"type": "stdio", "command": COMMAND[0], "args": list(COMMAND[1:])},
        ),
    )


HOST = Host("vscode", "VS Code", _pieces, "reload the window, and choose the agent in the chat")
