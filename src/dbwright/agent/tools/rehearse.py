"""The tool `rehearse`."""

from __future__ import annotations

from dbwright.agent.tool.tool import from_operation
from dbwright.migrate import rehearse as command

__all__ = ["TOOL"]

TOOL = from_operation(
    command.rehearse,
    name="rehearse",
    when="a migration is to be run: it is tried on a copy, up and down",
    arguments=("target", "version", "dir", "replay", "rows", "max_wait", "accept"),
    description="Try migrations on a copy: up, down, and again among clients. Checked is that no "
    "row and no value is lost, and that DOWN restores schema and content; told is how long "
    "readers and writers waited, the WAL, the sizes, the time. The target is only read. Without "
    "one the earlier files run on an empty server, and rows are made up.",
    about={
        "rows": "Rows of each table: a number, or all",
        "max_wait": "Seconds that a client may wait before that is told",
        "accept": "Rules whose findings are meant",
    },
)
