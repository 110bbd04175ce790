"""The tool `diff`."""

from __future__ import annotations

from dbwright.agent.tool.tool import from_operation
from dbwright.migrate import diff_ as command

__all__ = ["TOOL"]

TOOL = from_operation(
    command.diff,
    name="diff",
    when="one schema has to become like another one",
    arguments=(
        "from_",
        "to",
        "rename",
        "no_rename",
        "allow_destructive",
        "no_owner",
        "no_privileges",
        "dir",
        "name",
    ),
    targets=("from_", "to"),
)
