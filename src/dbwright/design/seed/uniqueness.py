"""What of a table may be there only once, and how sure making it so is."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.model.catalog import Index, Table

__all__ = ["Unique", "judged_because", "unique_sets"]

SAME_CASE = ("lower(", "upper(", "(lower(", "(upper(")
"""Beginnings of expressions that texts with different numbers in them stay different under."""


@dataclass(frozen=True, slots=True)
class Unique:
    """Columns whose values together are there once."""

    name: str
    """Of the constraint or the index."""
    columns: tuple[str, ...]
    nulls_not_distinct: bool = False


def unique_sets(table: Table) -> list[Unique]:
    """Those of plain columns over all rows, the primary key first."""
    found = [
        Unique(key.name, key.columns, key.nulls_not_distinct)
        for key in table.keys
        if not key.without_overlaps
    ]
    constraints = {key.index for key in table.keys}
    for index in table.indexes:
        if not index.unique or index.name in constraints or index.exclusion or index.partial:
            continue
        columns = _columns(table, index)
        if columns:
            found.append(Unique(index.name, columns, index.nulls_not_distinct))
    return found


def judged_because(table: Table, alone: frozenset[str]) -> str:
    """The constraint that only the server can tell of rows; empty where there is none. `alone`: the
    columns whose values are made so that each is there once."""
    if table.exclusions:
        return table.exclusions[0].name
    for key in table.keys:
        if key.without_overlaps:
            return key.name
    for index in table.indexes:
        if not index.unique or index.exclusion:
            continue
        columns = _columns(table, index)
        if (not columns or index.partial) and not alone.intersection(columns):
            return index.name
    return ""


def _columns(table: Table, index: Index) -> tuple[str, ...]:
    """Those of an index of which all keys are columns, or such in small letters; else none."""
    found: list[str] = []
    for key in index.keys:
        if key.column is not None:
            found.append(key.column)
            continue
        expression = key.expression or ""
        named = [column.name for column in table.columns if column.name in expression]
        if not expression.startswith(SAME_CASE) or len(named) != 1:
            return ()
        found.append(named[0])
    return tuple(found)
