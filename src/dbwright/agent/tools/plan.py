"""The tool `plan`."""

from __future__ import annotations

from dbwright.agent.tool.tool import from_operation
from dbwright.migrate import plan_ as command

__all__ = ["TOOL"]

TOOL = from_operation(
    command.plan,
    name="plan",
    when="`lint` found that a migration would lock or lose something",
    arguments=("file", "target", "dir", "small", "server"),
    default_target=False,
    paths=("file",),
)
