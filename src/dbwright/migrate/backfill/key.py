"""The key that batches follow: found in the catalog, and ranges of it as SQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.model.names import literal, qualify, quote

__all__ = ["Key", "condition", "keys_of"]

KEYS = """
SELECT i.indisprimary, array_agg(a.attname::text ORDER BY k.place),
       array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY k.place),
       ARRAY(SELECT b.attname::text FROM pg_attribute g
         JOIN pg_attrdef e ON e.adrelid = g.attrelid AND e.adnum = g.attnum
         -- Up to 14 the column itself depends on those that it is computed from.
         JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid
           OR d.classid = 'pg_class'::regclass AND d.objid = g.attrelid AND d.objsubid = g.attnum
         JOIN pg_attribute b ON b.attrelid = g.attrelid AND b.attnum = d.refobjsubid
         WHERE g.attrelid = i.indrelid AND g.attnum = ANY (i.indkey::int2[])
           AND g.attgenerated <> '' AND d.refclassid = 'pg_class'::regclass
           AND d.refobjid = g.attrelid AND b.attnum <> g.attnum)
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_am m ON m.oid = x.relam AND m.amname = 'btree'
CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[], i.indcollation::oid[],
  i.indoption::int2[]) WITH ORDINALITY AS k (number, class, sorted_by, option, place)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
JOIN pg_opclass o ON o.oid = k.class
WHERE i.indrelid = %s AND i.indisunique AND i.indisvalid AND i.indisready
  AND i.indpred IS NULL AND i.indexprs IS NULL AND k.place <= i.indnkeyatts
GROUP BY i.indexrelid, i.indrelid, i.indkey, i.indisprimary, i.indnkeyatts
-- The index must have the order that comparisons of the columns have.
HAVING bool_and(o.opcdefault AND k.sorted_by = a.attcollation) AND count(DISTINCT k.option & 1) = 1
  AND bool_and(a.attnotnull AND NOT EXISTS (
    -- From 18 on, NOT NULL may hold for new rows only.
    SELECT FROM pg_constraint c WHERE c.conrelid = a.attrelid AND c.contype = 'n'
      AND c.conkey = ARRAY[a.attnum] AND NOT c.convalidated))
ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid
"""


@dataclass(frozen=True, slots=True)
class Key:
    """Columns that are never NULL, and together different in each row."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    """As SQL."""
    is_primary: bool
    computed_from: frozenset[str] = frozenset()
    """Other columns, of which those of them are made that are generated."""

    @property
    def names(self) -> str:
        """For people."""
        return ", ".join(self.columns)

    def is_moved_by(self, changes: Collection[str]) -> bool:
        """Would a row's key be another one when these columns are set?"""
        return not self.computed_from.union(self.columns).isdisjoint(changes)

    def values(self, alias: str) -> str:
        """The key of a row as texts, for a SELECT's list."""
        return ", ".join(f"{qualify(alias, column)}::text" for column in self.columns)

    def names_of(self, alias: str) -> str:
        """The key of a row, for the list of a SELECT inside of another."""
        return ", ".join(qualify(alias, column) for column in self.columns)

    def order(self, alias: str, direction: str = "ASC") -> str:
        """For ORDER BY."""
        return ", ".join(f"{qualify(alias, column)} {direction}" for column in self.columns)


def keys_of(connection: psycopg.Connection[Any], table: int) -> tuple[Key, ...]:
    """All that a table's batches can follow, the best one first. `table`: its oid."""
    rows = connection.execute(KEYS, (table,)).fetchall()
    return tuple(
        Key(tuple(columns), tuple(types), primary, frozenset(computed_from))
        for primary, columns, types, computed_from in rows
    )


def condition(
    key: Key, after: Sequence[str], to: Sequence[str], column: Callable[[str], str] = quote
) -> str:
    """SQL: the key is behind `after` (empty: from the first row on) and not behind `to`.

    `column`: how a column is named. What both ends have in common at the beginning is compared with
    `=`, and the first column that differs by itself as well: the planner can't tell how many rows
    lie between two rows of values, and finds partitions by single columns only.
    """
    names = [column(name) for name in key.columns]
    ends = [_values(key, values) for values in (after, to) if values]
    if len(ends) == 1:
        return _compared(names, "<=", ends[0])
    lower, upper = ends
    same = next((n for n, (a, b) in enumerate(zip(after, to, strict=True)) if a != b), len(names))
    parts = [f"{name} = {value}" for name, value in zip(names[:same], lower[:same], strict=True)]
    if same < len(names):
        parts += [
            _compared(names[same:], ">", lower[same:]),
            _compared(names[same:], "<=", upper[same:]),
        ]
    else:
        parts = ["false"]
    return " AND ".join(parts)


def _compared(names: Sequence[str], operator: str, values: Sequence[str]) -> str:
    """Of rows of values; and of the first ones by themselves."""
    if len(names) == 1:
        return f"{names[0]} {operator} {values[0]}"
    first = [f"{names[0]} {operator[0]}= {values[0]}"]
    return " AND ".join([*first, f"({', '.join(names)}) {operator} ({', '.join(values)})"])


def _values(key: Key, values: Sequence[str]) -> list[str]:
    return [f"{literal(text)}::{kind}" for text, kind in zip(values, key.types, strict=True)]
