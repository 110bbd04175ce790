"""Which columns of a table are updated, to see what new indexes cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from dbwright.model.catalog import Table
from dbwright.sql.scope.statement import StatementKind
from dbwright.tune.workload.weighted import Weighted

__all__ = ["free_column", "updated_columns"]

INDEXED = """
SELECT a.attname
FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
WHERE i.indrelid = %s::regclass AND (a.attnum = ANY (i.indkey) OR EXISTS (
    SELECT FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
      AND d.refclassid = 'pg_class'::regclass
      AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum
))
"""
"""Columns that are in an index, or that its expressions read."""


def updated_columns(table: Table, statements: Sequence[Weighted]) -> tuple[str, ...]:
    """Those that the workload's heaviest UPDATE of the table sets."""
    weights: dict[tuple[str, ...], float] = {}
    for query in statements:
        modified = query.scoped.modified
        name = None if modified is None else modified.qualified
        if query.scoped.kind is StatementKind.UPDATE and name == table.qualified:
            columns = tuple(dict.fromkeys(query.scoped.set_columns))
            weights[columns] = weights.get(columns, 0.0) + query.weight
    generated = {column.name for column in table.columns if column.generated is not None}
    partitioned = set() if table.partition_key is None else set(table.partition_key.columns)
    for columns in sorted(weights, key=lambda columns: (-weights[columns], columns)):
        kept = tuple(c for c in columns if c not in generated and c not in partitioned)
        if kept:
            return kept
    return ()


def free_column(connection: psycopg.Connection[Any], table: Table) -> tuple[str, ...]:
    """One that is in no key and no index, where there is one."""
    keys = {name for key in table.keys for name in key.columns}
    keys |= {name for key in table.foreign_keys for name in key.columns}
    indexed = {row[0] for row in connection.execute(INDEXED, (table.qualified,))}
    other = [c.name for c in table.columns if c.name not in keys and c.generated is None]
    return tuple(sorted(other, key=lambda name: name in indexed)[:1])
