"""What can be seen of relations from within a transaction: locks, files, scans."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.model.finding import LockMode, ObjectRef
from dbwright.model.names import qualify

__all__ = ["Relation", "locked_by", "relations", "strongest"]

KINDS = {
    "r": "table",
    "p": "table",
    "f": "foreign table",
    "v": "view",
    "m": "materialized view",
    "i": "index",
    "I": "index",
    "S": "sequence",
    "c": "type",
}
_FACTS = """
SELECT c.oid::int8, n.nspname, c.relname, c.relkind::text, pg_relation_filenode(c.oid)::int8,
       c.reltablespace::int8, coalesce(x.indrelid, 0)::int8, pg_stat_get_xact_numscans(c.oid)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index x ON x.indexrelid = c.oid
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
AND NOT starts_with(n.nspname, 'pg_toast')
"""
_LOCKS = """
SELECT relation::int8, mode FROM pg_locks
WHERE pid = %s AND locktype = 'relation'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND relation NOT IN (
  SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('pg_catalog', 'information_schema') OR starts_with(n.nspname, 'pg_toast')
)
"""


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation at one moment, as this session sees it."""

    oid: int
    object: ObjectRef
    stored: bool
    """Has it a file, and not only partitions that have?"""
    file: int
    """Changes when all of it is written anew; 0 without a file."""
    tablespace: int
    table: int
    """Of an index: oid of its table; else 0."""
    scans: int
    """Sequential scans by this session so far, also those that are not a query's."""


def relations(
    connection: psycopg.Connection[Any], oids: Iterable[int] | None = None
) -> dict[int, Relation]:
    """By oid; all of the database's own (also temporary ones) but TOAST tables, or some."""
    if oids is None:
        rows = connection.execute(_FACTS).fetchall()
    else:
        rows = connection.execute(f"{_FACTS} AND c.oid = ANY (%s)", (list(oids),)).fetchall()
    return {row[0]: _relation(*row) for row in rows}


def locked_by(connection: psycopg.Connection[Any], pid: int) -> dict[int, LockMode]:
    """The strongest lock that a session holds or waits for on each relation, by oid."""
    found: dict[int, LockMode] = {}
    for oid, mode in connection.execute(_LOCKS, (pid,)):
        found[oid] = strongest(found.get(oid), LockMode(mode))
    return found


def strongest(one: LockMode | None, other: LockMode) -> LockMode:
    """The stronger of two locks."""
    if one is None:
        return other
    order = list(LockMode)
    return max(one, other, key=order.index)


def _relation(
    oid: int,
    schema: str,
    name: str,
    kind: str,
    file: int | None,
    tablespace: int,
    table: int,
    scans: int,
) -> Relation:
    return Relation(
        oid=oid,
        object=ObjectRef(KINDS[kind], qualify(schema, name)),
        stored=kind in "rim",
        file=file or 0,
        tablespace=tablespace,
        table=table,
        scans=scans,
    )
