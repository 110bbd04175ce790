"""The tool `migrate_down`: only where writing was allowed."""

from __future__ import annotations

from dbwright.agent.tool.context import Context
from dbwright.agent.tool.tool import Arguments, from_operation
from dbwright.migrate import down as command

__all__ = ["TOOL"]


def _question(context: Context, given: Arguments) -> str:
    target = context.target(getattr(given, "target", None))
    version = getattr(given, "version", None)
    what = f"all migrations after {version}" if version else "the last migration"
    return f"Take back {what} on the database {target}? What it added is dropped with its data."


TOOL = from_operation(
    command.down,
    name="migrate_down",
    when="a person has asked for a migration to be taken back",
    arguments=("target", "version", "dir"),
    description="Take the last migration back, or all after a version: the DOWN part of each file, "
    "the latest first.",
    idempotent=False,
    confirm=_question,
)
