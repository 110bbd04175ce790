"""The tool `migrate_up`: only where writing was allowed."""

from __future__ import annotations

from dbwright.agent.tool.context import Context
from dbwright.agent.tool.tool import Arguments, from_operation
from dbwright.migrate import up as command

__all__ = ["TOOL"]


def _question(context: Context, given: Arguments) -> str:
    target = context.target(getattr(given, "target", None))
    version = getattr(given, "version", None)
    until = f" up to {version}" if version else ""
    return (
        f"Run the rehearsed migrations of {getattr(given, 'dir', 'migrations')}{until} on the "
        f"database {target}?"
    )


TOOL = from_operation(
    command.up,
    name="migrate_up",
    when="a person has asked for rehearsed migrations to be run",
    arguments=("target", "version", "dir"),
    description="Run the migrations that were not run yet, in their order, if they were rehearsed. "
    "Each is one transaction, or goes on where it stopped; no statement waits long for its lock.",
    fixed={"require_proof": True},
    confirm=_question,
)
