"""Invalid indexes that a concurrent build left behind: which are of one statement, and dropping
them.

An invalid index costs writes and serves nobody. One that somebody builds at this moment is invalid
as well: so nothing is dropped while another session holds the lock that builds hold.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.errors import MigrationRefused
from dbwright.migrate.runner.patience import Patience
from dbwright.model.names import qualify
from dbwright.progress import Progress
from dbwright.sql.parse import Node

__all__ = ["Leftover", "drop", "of_build", "of_rebuild", "qualified"]

OF_BUILD = """
SELECT c.oid, c.oid::regclass::text, i.indrelid
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = to_regclass(%(table)s) AND NOT i.indisvalid AND c.relkind = 'i'
  AND (%(index)s::text IS NULL AND c.relname !~ '_cc(new|old)[0-9]*$' OR c.relname = %(index)s)
"""
OF_REBUILD = """
SELECT DISTINCT x.oid, x.oid::regclass::text, t.oid
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid AND x.relkind = 'i'
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_class o ON o.oid = t.oid OR o.reltoastrelid = t.oid
JOIN pg_index j ON j.indrelid = t.oid AND j.indexrelid <> x.oid
JOIN pg_class b ON b.oid = j.indexrelid,
LATERAL (SELECT regexp_replace(x.relname, '_cc(new|old)[0-9]*$', '')) s (stem)
WHERE NOT i.indisvalid AND s.stem <> x.relname
  -- Of the index b, whose name was cut where it was too long.
  AND (b.relname = s.stem OR octet_length(x.relname::text) >= 60 AND starts_with(b.relname, s.stem))
"""
PARTS = """(SELECT relid FROM pg_partition_tree(to_regclass(%(name)s))
  UNION SELECT to_regclass(%(name)s))"""
SCOPES = {
    "REINDEX_OBJECT_INDEX": f"AND b.oid IN {PARTS}",
    "REINDEX_OBJECT_TABLE": f"AND o.oid IN {PARTS}",
    "REINDEX_OBJECT_SCHEMA": "AND o.relnamespace = "
    "(SELECT n.oid FROM pg_namespace n WHERE n.nspname = %(name)s)",
}
"""The whole database without one."""
HOLDER = """
SELECT a.pid, a.application_name, a.state,
       extract(epoch FROM now() - coalesce(a.xact_start, a.query_start))::integer
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'relation' AND l.relation = %s AND l.granted AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.mode = 'ShareUpdateExclusiveLock'
"""


@dataclass(frozen=True, slots=True)
class Leftover:
    """An invalid index."""

    oid: int
    index: str
    """Its name as SQL."""
    table: int


def of_build(connection: psycopg.Connection[Any], node: Node) -> tuple[Leftover, ...]:
    """Of a CREATE INDEX: that of its name on its table; without a name all of the table."""
    names = {"table": qualified(node["relation"]), "index": node.get("idxname")}
    return _found(connection, OF_BUILD, names)


def of_rebuild(connection: psycopg.Connection[Any], node: Node) -> tuple[Leftover, ...]:
    """Of a REINDEX: what bears the name of an index that it builds anew."""
    name = qualified(node["relation"]) if "relation" in node else node.get("name")
    query = OF_REBUILD + SCOPES.get(node["kind"], "")
    return _found(connection, query, {"name": name})


def drop(
    connection: psycopg.Connection[Any],
    leftovers: Iterable[Leftover],
    patience: Patience,
    progress: Progress,
) -> None:
    """Raises MigrationRefused where another session works on the table all the time."""
    for leftover in leftovers:
        _wait_for_others(connection, leftover, patience, progress)
        progress(f"dropping the invalid index {leftover.index}")
        connection.execute("SET lock_timeout = 0")
        connection.execute("SET statement_timeout = 0")
        connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {leftover.index}".encode())


def qualified(relation: Node) -> str:
    """The name of a table or index in a statement's tree, as SQL."""
    parts = (relation.get("schemaname"), relation["relname"])
    return qualify(*(part for part in parts if part))


def _found(
    connection: psycopg.Connection[Any], query: str, names: dict[str, Any]
) -> tuple[Leftover, ...]:
    return tuple(Leftover(*row) for row in connection.execute(query.encode(), names).fetchall())


def _wait_for_others(
    connection: psycopg.Connection[Any],
    leftover: Leftover,
    patience: Patience,
    progress: Progress,
) -> None:
    pauses = patience.pauses()
    while (row := connection.execute(HOLDER, (leftover.table,)).fetchone()) is not None:
        pid, application, state, seconds = row
        who = f"pid {pid} ({application or 'no application name'}) {state} for {seconds or 0} s"
        pause = next(pauses, None)
        if pause is None:
            raise MigrationRefused(
                f"the index {leftover.index} is invalid, and may be being built: {who}",
                "wait until that session has ended, or end it, and run again",
            )
        progress(f"the index {leftover.index} may be being built by {who}")
        time.sleep(pause)
