"""What the database of a proof has otherwise than the target, so that running proves nothing there.

The throw-away server may lack a type, or a collation under which different texts are equal (text,
or another collation, then stands for it), and a table that it could not make is no part of what
inherits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog
from dbwright.model.names import qualify
from dbwright.sql.parse import Node, walk
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import column_refs

__all__ = ["Likeness", "likeness", "volatile_among"]

COMPARING = ("distinctClause", "groupClause", "windowClause")
STAND_IN = "text"

COLUMNS = """
SELECT n.nspname, c.relname, a.attname,
    coalesce(pg_catalog.format_type(a.atttypid, NULL), ''), coalesce(l.collisdeterministic, true)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""
PARENTS = """
SELECT n.nspname, c.relname, pn.nspname, p.relname
FROM pg_catalog.pg_inherits i
JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
"""
VOLATILE = """
SELECT DISTINCT proname FROM pg_catalog.pg_proc WHERE proname = ANY (%s) AND provolatile = 'v'
ORDER BY proname
"""


class Likeness:
    """Which tables and columns are not as the target has them."""

    def __init__(self, absent: frozenset[str], columns: Mapping[str, frozenset[str]]) -> None:
        self._absent = absent
        """Tables, or some that inherit from them."""
        self._columns = columns
        """By table, those with something else in the place of their type or collation."""

    def why_not(self, source: Source) -> str | None:
        """Why the query can't be compared there; None where it can."""
        names = {use.qualified for use in source.statement.relations if use.stored}
        missing = sorted(name for name in names if name in self._absent)
        if missing:
            return f"the throw-away server could not make all of {missing[0]}"
        others = {name: own for name in names if name and (own := self._columns.get(name))}
        for level in source.levels if others else ():
            for name, columns in sorted(others.items()):
                found = sorted(columns & _compared(source, level, columns))
                if found:
                    return f"the throw-away server has no type or collation like {name}.{found[0]}"
        return None


def likeness(connection: psycopg.Connection[Any], catalog: Catalog) -> Likeness:
    """What this database has otherwise than the catalog tells. Raises psycopg.Error."""
    with connection.transaction():
        connection.execute("SET LOCAL search_path = pg_catalog")
        rows = connection.execute(COLUMNS).fetchall()
        parents = {
            (qualify(*row[:2]), qualify(*row[2:])) for row in connection.execute(PARENTS).fetchall()
        }
    made = {(qualify(row[0], row[1]), row[2]): (row[3], row[4]) for row in rows}
    equal_texts = {each.qualified for each in catalog.collations if not each.deterministic}
    absent: set[str] = set()
    columns: dict[str, frozenset[str]] = {}
    for table in catalog.tables:
        name = table.qualified
        found = {column.name: made.get((name, column.name)) for column in table.columns}
        joined = all(
            (name, parent) in parents for parent in table.inherits if catalog.find_table(parent)
        )
        if None in found.values() or not joined:
            absent.add(name)
        columns[name] = frozenset(
            column.name
            for column in table.columns
            if (own := found[column.name]) is not None
            and (
                (own[0] == STAND_IN and column.type != STAND_IN)
                or (own[1] and column.collation in equal_texts)
            )
        )
    return Likeness(frozenset(_with_parents(catalog, absent)), columns)


def volatile_among(connection: psycopg.Connection[Any], names: Iterable[str]) -> list[str]:
    """Those of the functions that may give another value, or do something, each time."""
    return [row[0] for row in connection.execute(VOLATILE, [list(names)]).fetchall()]


def _with_parents(catalog: Catalog, names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        table = catalog.find_table(name)
        if name not in found and table is not None:
            found.add(name)
            pending += table.inherits
    return found


def _compared(source: Source, level: Level, columns: frozenset[str]) -> set[str]:
    """The columns that may be more than shown as they are."""
    if level.set_operation or any(level.fields.get(name) for name in COMPARING):
        stars = any(kind == "A_Star" for kind, _ in walk({"_": level.fields.get("targetList")}))
        return set(columns) if stars else _names(level.fields)
    shown = {
        (*level.path, "targetList", number, "ResTarget", "val")
        for number, _ in enumerate(level.fields.get("targetList", ()))
    }
    return {
        name
        for path, kind, fields in source.expressions(level)
        if kind == "ColumnRef" and path not in shown
        for name in _names({"_": {kind: fields}})
    }


def _names(node: Node) -> set[str]:
    last = (fields["fields"][-1] for fields in column_refs(node))
    return {part["String"]["sval"] for part in last if "String" in part}
