"""Whether the rows of a table can be gone over in batches."""

from __future__ import annotations

from dbwright.model.catalog import Table
from dbwright.model.names import quote

__all__ = ["unfillable", "without_key"]


def unfillable(table: Table) -> str:
    """Why its rows can't be given a value in batches, all of them; empty where they can."""
    rules = [quote(rule.name) for rule in table.rewrite_rules if rule.event == "UPDATE"]
    if rules:
        return (
            f"{table.qualified} has the rule {', '.join(rules)} ON UPDATE, by which rows may stay "
            "as they are when they are filled: make a trigger of it first"
        )
    if table.row_security and table.force_row_security:
        return (
            f"{table.qualified} has FORCE ROW LEVEL SECURITY: rows that its policies hide from its "
            "owner would never be filled: say NO FORCE before, and FORCE again after"
        )
    return without_key(table)


def without_key(table: Table) -> str:
    """Why they can't; empty where they can."""
    required = {column.name for column in table.columns if column.not_null}
    proven = required - {one.column for one in table.not_nulls if not one.validated}
    for index in table.indexes:
        names = {name for name in index.columns if name is not None}
        whole = index.unique and index.valid and not index.partial and None not in index.columns
        if whole and names <= proven:
            return ""
    return (
        f"{table.qualified} has no primary key, and no unique index over columns that are all NOT "
        "NULL, which batches could follow: give it one first"
    )
