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
    fixed={"require_proof": True},
    confirm=_question,
)
