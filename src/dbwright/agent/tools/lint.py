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
    description="Find what locks, loses, breaks or fails in migrations. Each statement is run by "
    "a throw-away server of the same version and schema. With a target, small tables are silent, "
    "and for large ones it is told how long others wait. A comment `-- dbwright: ignore RULE "
    "reason` before a statement silences a rule.",
    about={
        "files": "SQL files, or a folder of migrations [default: migrations]",
        "from_": "Of a folder: from this version on",
        "server": "The major of PostgreSQL [default: the target's]",
    },
)
