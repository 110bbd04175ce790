"""The tool `migration_status`."""

from __future__ import annotations

from dbwright.agent.tool.tool import from_operation
from dbwright.migrate import status as command

__all__ = ["TOOL"]

TOOL = from_operation(
    command.status,
    name="migration_status",
    when="you want to know which migrations were run on a database",
    arguments=("target", "dir"),
    description="List migrations, and where each stands in the database. Of one that stopped "
    "half-way it says at which statement, why, and what to do. Writes nothing.",
)
