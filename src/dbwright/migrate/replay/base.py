"""The database that migrations are replayed on: empty, or with a snapshot's schema, and no rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from dbwright.errors import NoServerPrograms
from dbwright.migrate.replay.schema import make_schema
from dbwright.model.catalog import Catalog
from dbwright.model.names import literal, quote
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress, silent
from dbwright.sandbox.server import Server, start
from dbwright.sandbox.trust import LOADER
from dbwright.sandbox.twin.settings import database_options

__all__ = ["DATABASE", "Base", "base"]

DATABASE = "replay"
SETTINGS = {"autovacuum": "off", "max_locks_per_transaction": "2048", "shared_buffers": "64MB"}
SESSION_SETTINGS = ("TimeZone", "search_path")
"""Of production's, on which what a statement does depends."""
OUR_OWN = ("client", "session")
"""Sources of settings that are those of the session that read them."""

OWNER = literal(LOADER)
OWNED = f"""
SELECT format('ALTER SCHEMA %I OWNER TO %I', nspname, {OWNER}) FROM pg_namespace n
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass
                AND d.objid = n.oid AND d.deptype = 'e')
UNION ALL
SELECT format('ALTER %s %s OWNER TO %I',
              CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                           WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE'
                           WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END,
              c.oid::regclass, {OWNER})
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
AND nspname !~ '^pg_' AND nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                AND d.objid = c.oid AND d.deptype = ANY (
                  CASE relkind WHEN 'S' THEN '{{e,a,i}}' ELSE '{{e}}' END::"char"[]))
UNION ALL
SELECT format('ALTER %s %s OWNER TO %I',
              CASE prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END,
              p.oid::regprocedure, {OWNER})
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
UNION ALL
SELECT format('ALTER TYPE %s OWNER TO %I', t.oid::regtype, {OWNER})
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE typtype IN ('d', 'e', 'r') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass
                AND d.objid = t.oid AND d.deptype IN ('e', 'i'))
UNION ALL
SELECT format('ALTER STATISTICS %I.%I OWNER TO %I', nspname, stxname, {OWNER})
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
"""
"""What belongs to no extension, and to nothing that passes its owner on."""

PUBLISHED = f"""
SELECT format('ALTER PUBLICATION %I OWNER TO %I', pubname, {OWNER}) FROM pg_publication p
WHERE NOT puballtables AND EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid)
"""
OF_NO_SCHEMA = """
AND NOT EXISTS (SELECT FROM pg_publication_namespace n WHERE n.pnpubid = p.oid)
"""
"""What publishes all tables, or those of a schema, belongs to superusers alone."""


@dataclass(frozen=True, slots=True)
class Base:
    """A database without connections, and what could not be made there."""

    server: Server
    skipped: tuple[Skipped, ...] = ()


@contextmanager
def base(
    snapshot: Snapshot | None = None,
    *,
    major: int | None = None,
    server: Server | None = None,
    privileges: bool = False,
    progress: Progress = silent,
) -> Iterator[Base]:
    """A server with the database `DATABASE`, gone at the end of the block.

    With a snapshot it has its schema, owned by the ordinary role that replays, and a server of its
    major where this machine has one (else told in `skipped`). `major` decides otherwise, and
    `server` is one that runs already: of it the database alone is made, and dropped. `privileges`:
    the roles may do there what they may do on the snapshot's database.
    Raises NoServerPrograms where there is none of that major, ServerDidNotStart.
    """
    skipped: list[Skipped] = []
    if server is None:
        with _started(snapshot, major, skipped, progress) as started:
            skipped += _made(started, snapshot, privileges, progress)
            yield Base(started, tuple(skipped))
        return
    try:
        skipped += _made(server, snapshot, privileges, progress)
        yield Base(server, tuple(skipped))
    finally:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {DATABASE}")


def _made(
    server: Server, snapshot: Snapshot | None, privileges: bool, progress: Progress
) -> list[Skipped]:
    """The database, with the snapshot's schema; what could not be made of it."""
    if snapshot is None:
        server.create_database(DATABASE)
        return []
    with psycopg.connect(server.url(), autocommit=True) as connection:
        options = database_options(snapshot.catalog, connection)
    progress("making the schema")
    skipped = make_schema(
        server, DATABASE, options, snapshot.catalog, progress, privileges=privileges
    )
    with psycopg.connect(server.url(DATABASE), autocommit=True) as connection:
        _hand_over(connection)
        _set(connection, snapshot.catalog)
    return skipped


def _started(
    snapshot: Snapshot | None, major: int | None, skipped: list[Skipped], progress: Progress
) -> Server:
    wanted = major
    if wanted is None and snapshot is not None:
        wanted = snapshot.catalog.server.major
    try:
        return start(wanted, settings=SETTINGS, progress=progress)
    except NoServerPrograms:
        if major is not None:
            raise
    server = start(settings=SETTINGS, progress=progress)
    skipped.append(
        Skipped(
            "judge",
            f"this machine has no PostgreSQL {wanted}: version {server.major} judged",
            f"install PostgreSQL {wanted}: some statements do other things there",
        )
    )
    return server


def _hand_over(connection: psycopg.Connection[object]) -> None:
    """Replayed files run as an ordinary role, which must own what they alter."""
    there = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (LOADER,)).fetchone()
    if there is None:  # not by a DO block: the target may be without its language
        connection.execute(f"CREATE ROLE {quote(LOADER)} LOGIN".encode())
    published = PUBLISHED + (OF_NO_SCHEMA if connection.info.server_version >= 150000 else "")
    rows = connection.execute(f"{OWNED} UNION ALL {published}".encode()).fetchall()
    script = ";\n".join(str(row[0]) for row in rows)  # type: ignore[index]
    if script:
        connection.execute(script.encode())


def _set(connection: psycopg.Connection[object], catalog: Catalog) -> None:
    for setting in catalog.settings:
        known = setting.name in SESSION_SETTINGS and setting.source not in OUR_OWN
        if known and setting.value:
            # A list is written as a list: in quotes it would be one name.
            text = setting.value if setting.name == "search_path" else literal(setting.value)
            connection.execute(f"ALTER DATABASE {DATABASE} SET {setting.name} = {text}".encode())
