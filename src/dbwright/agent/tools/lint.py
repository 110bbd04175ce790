"""The tool `lint`."""

from __future__ import annotations

from dbwright.agent.tool.tool import from_operation
from dbwright.migrate import lint_ as command

__all__ = ["TOOL"]

TOOL = from_operation(
    command.lint,
    name="lint",
    when="a migration was written or changed, before it is merged",
    arguments=("files", "target", "from_", "server", "only", "skip"),
    default_target=False,
    paths=("files",),
)
