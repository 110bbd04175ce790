"""The tool `check`."""

from __future__ import annotations

from dbwright.agent.tool.tool import from_operation
from dbwright.check import check as command

__all__ = ["TOOL"]

TOOL = from_operation(
    command.check,
    name="check",
    when="a schema was changed or is to be reviewed",
    arguments=("target", "only", "skip", "data"),
)
