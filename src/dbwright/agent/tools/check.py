"""The tool `check`."""

from __future__ import annotations

from dbwright.agent.tool.tool import from_operation
from dbwright.check import check as command

__all__ = ["TOOL"]

TOOL = from_operation(
    command.check,
    name="check",
    when="a schema was changed or is to be reviewed",
    description="Find what is wrong with a database. Only reads, under time-outs. Each finding has "
    "its evidence, why it matters, the fix as SQL with the lock it takes, and the way back.",
    about={"data": "Also rules that read rows of tables (sampled, time-limited)"},
    arguments=("target", "only", "skip", "data"),
)
