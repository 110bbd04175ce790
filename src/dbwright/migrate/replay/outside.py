"""What is locked by statements that run outside of transactions: told by their form.

The judge can find it by experiment (`sandbox.judge.alone`), on a copy of the database for each
lock. For the forms that migrations hold the experiment was made, on every major: they are rows of
the lock table, and the tests hold this module against the judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from dbwright.model.finding import LockMode
from dbwright.sql.parse import Node

__all__ = ["locks_outside", "waits_outside"]

SHARE_UPDATE_EXCLUSIVE = LockMode.SHARE_UPDATE_EXCLUSIVE
CONCURRENT = ("IndexStmt", "DropStmt", "AlterTableStmt")
"""Kinds of statements that run outside of transactions only where they say CONCURRENTLY."""
ALL_TABLES = """
SELECT c.oid::int8 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
AND (%(schema)s::text IS NULL OR n.nspname = %(schema)s)
AND (NOT %(clustered)s OR EXISTS (
  SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisclustered))
"""
TABLE_OF = """
SELECT coalesce(i.indrelid, c.oid)::int8 FROM (SELECT to_regclass(%s)) AS named (oid)
JOIN pg_class c ON c.oid = named.oid LEFT JOIN pg_index i ON i.indexrelid = c.oid
"""


def locks_outside(
    connection: psycopg.Connection[Any], kind: str, node: Node
) -> Mapping[int, LockMode]:
    """The strongest lock on each table, by oid; asked before the statement runs. Empty for forms
    that lock no table (CREATE DATABASE …). The names are as the session's search_path finds them.
    """
    if kind == "IndexStmt":
        return dict.fromkeys(_named(connection, node["relation"]), SHARE_UPDATE_EXCLUSIVE)
    if kind == "DropStmt":
        names = [_dotted(one["List"]["items"]) for one in node.get("objects", ())]
        oids = [oid for name in names for oid in _table_of(connection, name)]
        return dict.fromkeys(oids, SHARE_UPDATE_EXCLUSIVE)
    if kind == "ReindexStmt":
        return _reindex(connection, node)
    if kind == "VacuumStmt":
        return _vacuum(connection, node)
    if kind == "ClusterStmt":
        return dict.fromkeys(_all(connection, clustered=True), LockMode.ACCESS_EXCLUSIVE)
    if kind == "AlterTableStmt":
        return _detach(connection, node)
    return {}


def waits_outside(kind: str, node: Node) -> bool:
    """Does it wait for all transactions that were open before it?"""
    return kind in CONCURRENT or (kind == "ReindexStmt" and _option(node, "concurrently"))


def _reindex(connection: psycopg.Connection[Any], node: Node) -> Mapping[int, LockMode]:
    concurrently = _option(node, "concurrently")
    mode = SHARE_UPDATE_EXCLUSIVE if concurrently else LockMode.SHARE
    if "relation" in node:
        return dict.fromkeys(_named(connection, node["relation"]), mode)
    schema = node.get("name") if node.get("kind") == "REINDEX_OBJECT_SCHEMA" else None
    return dict.fromkeys(_all(connection, schema=schema), mode)


def _vacuum(connection: psycopg.Connection[Any], node: Node) -> Mapping[int, LockMode]:
    full = _option(node, "full")
    mode = LockMode.ACCESS_EXCLUSIVE if full else SHARE_UPDATE_EXCLUSIVE
    relations = [one["VacuumRelation"]["relation"] for one in node.get("rels", ())]
    oids = [oid for relation in relations for oid in _named(connection, relation)]
    return dict.fromkeys(oids if relations else _all(connection), mode)


def _detach(connection: psycopg.Connection[Any], node: Node) -> Mapping[int, LockMode]:
    found = dict.fromkeys(_named(connection, node["relation"]), SHARE_UPDATE_EXCLUSIVE)
    for wrapped in node.get("cmds", ()):
        partition = wrapped["AlterTableCmd"].get("def", {}).get("PartitionCmd", {}).get("name")
        if partition is not None:
            named = _named(connection, partition)
            found |= dict.fromkeys(named, LockMode.ACCESS_EXCLUSIVE)
    return found


def _option(node: Node, name: str) -> bool:
    """Is a switch on, written as a word or as `(NAME true)`?"""
    for wrapped in (*node.get("options", ()), *node.get("params", ())):
        option = wrapped["DefElem"]
        if option["defname"] != name:
            continue
        value = option.get("arg")
        if value is None:
            return True
        said = next(iter(value.values()))
        word = said.get("sval", said.get("ival", said.get("boolval", 0)))
        return str(word).lower() in ("true", "on", "1")
    return False


def _named(connection: psycopg.Connection[Any], relation: Node) -> list[int]:
    parts = [relation[key] for key in ("schemaname", "relname") if relation.get(key)]
    return _table_of(connection, parts)


def _dotted(items: list[Node]) -> list[str]:
    return [item["String"]["sval"] for item in items]


def _table_of(connection: psycopg.Connection[Any], parts: list[str]) -> list[int]:
    name = ".".join('"' + part.replace('"', '""') + '"' for part in parts)
    return [row[0] for row in connection.execute(TABLE_OF, (name,))]


def _all(
    connection: psycopg.Connection[Any], *, schema: str | None = None, clustered: bool = False
) -> list[int]:
    rows = connection.execute(ALL_TABLES, {"schema": schema, "clustered": clustered})
    return [row[0] for row in rows]
