"""For which types a B-tree joins equal keys: those whose equal values are always the same bytes.

An operator class says so by its support function 4 (manual, B-Tree Support Functions). Of those
that come with PostgreSQL 13 to 18 it lacks in array, float, interval, jsonb, multirange, numeric,
range, record, tsquery and tsvector: 1.0 = 1.00, and '1 month' = '30 days'.
"""

from __future__ import annotations

from dbwright.model.catalog import Catalog, Column, TypeKind

__all__ = ["joins_equal_keys"]

SAME_BYTES = frozenset(
    {
        '"char"',
        "bigint",
        "bit",
        "bit varying",
        "boolean",
        "bytea",
        "character",
        "character varying",
        "cidr",
        "date",
        "inet",
        "integer",
        "macaddr",
        "macaddr8",
        "money",
        "name",
        "oid",
        "pg_lsn",
        "smallint",
        "text",
        "tid",
        "time with time zone",
        "time without time zone",
        "timestamp with time zone",
        "timestamp without time zone",
        "uuid",
        "xid8",
    }
)


def joins_equal_keys(column: Column, catalog: Catalog) -> bool:
    """Does a B-tree on the column join equal keys, from version 13 on?

    A collation that takes different texts as equal (CREATE COLLATION … deterministic = false)
    would forbid it; the model does not tell which ones do, and they are rare.
    """
    if column.is_array:
        return False
    if column.base_type in SAME_BYTES:
        return True
    return any(
        type_.kind is TypeKind.ENUM and type_.qualified == column.base_type
        for type_ in catalog.types
    )
