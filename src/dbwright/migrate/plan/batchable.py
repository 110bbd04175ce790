"""Whether the rows of a table can be gone over in batches."""

from __future__ import annotations

from dbwright.model.catalog import Table

__all__ = ["without_key"]


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
