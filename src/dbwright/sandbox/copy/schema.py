"""The catalog of a copy: what its rows fulfil, and no more.

Foreign tables are left out (an empty one would give wrong answers). So are constraints that the
rows may break: those that were never validated, and foreign keys between tables of which only some
rows are there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from dbwright.model.catalog import Catalog, ForeignKey, Table, TableKind

__all__ = ["catalog_of_copy"]


def catalog_of_copy(catalog: Catalog, filled: Collection[str], *, whole: bool) -> Catalog:
    """`filled`: the tables that get rows, qualified; `whole`: do they get all of theirs?"""
    tables = (t for t in catalog.tables if t.kind is not TableKind.FOREIGN)
    return replace(catalog, tables=tuple(_table(table, filled, whole) for table in tables))


def _table(table: Table, filled: Collection[str], whole: bool) -> Table:
    pending = {constraint.column for constraint in table.not_nulls if not constraint.validated}
    return replace(
        table,
        columns=tuple(
            replace(column, not_null=False) if column.name in pending else column
            for column in table.columns
        ),
        checks=tuple(check for check in table.checks if check.validated),
        foreign_keys=tuple(k for k in table.foreign_keys if _holds(k, table, filled, whole)),
    )


def _holds(key: ForeignKey, table: Table, filled: Collection[str], whole: bool) -> bool:
    if table.qualified not in filled:
        return True  # no rows, nothing to break
    return whole and key.validated and key.references in filled
