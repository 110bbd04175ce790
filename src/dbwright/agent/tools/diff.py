"""The tool `diff`."""

from __future__ import annotations

from dbwright.agent.tool.tool import from_operation
from dbwright.migrate import diff_ as command

__all__ = ["TOOL"]

TOOL = from_operation(
    command.diff,
    name="diff",
    when="one schema has to become like another one",
    arguments=(
        "from_",
        "to",
        "rename",
        "no_rename",
        "allow_destructive",
        "no_owner",
        "no_privileges",
        "dir",
        "name",
    ),
    targets=("from_", "to"),
    description="Write the migration from one schema to another, both ways, in an order in which "
    "each statement can run. Steps that lose data are refused without `allow_destructive`; what "
    "was renamed must be told by `rename`; what could not be written is told in a comment. The "
    "statements are plain: `plan` makes them safe to run live.",
    about={
        "rename": "What only gets another name: shop.orders.total=amount",
        "no_rename": "Nothing was renamed",
        "dir": "Write files into this folder of migrations",
        "name": "Of the files, in a few words",
    },
)
