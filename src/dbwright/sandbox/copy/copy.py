"""A copy: the schema of a target and rows of some of its tables, on a throw-away server.

All rows, or a sample of each table. Each is sampled by itself; the rows that a sample's rows refer
to are added, as far as they are in tables that are copied. A sample has no foreign keys declared.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.engines.postgresql.rows import reading_rows
from dbwright.errors import NoServerPrograms
from dbwright.model.catalog import Catalog
from dbwright.model.names import quote
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress, silent
from dbwright.sandbox.copy.loading import Loading
from dbwright.sandbox.copy.relations import (
    Relation,
    Stored,
    require_room,
    size_on_copy,
    stored_relations,
)
from dbwright.sandbox.copy.schema import catalog_of_copy
from dbwright.sandbox.programs import find_programs
from dbwright.sandbox.server import Server, start
from dbwright.sandbox.twin.declare import declare
from dbwright.sandbox.twin.settings import database_options, planner_settings

__all__ = ["CopiedTable", "Copy", "copy"]

DATABASE = "copy"
SETTINGS = {
    # What runs in the background would be measured as well.
    "autovacuum": "off",
    "max_locks_per_transaction": "2048",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_replication_slots": "0",
}
LEAST_BUFFERS = 64 << 20
MOST_BUFFERS = 4 << 30
BUFFERS_SHARE = 0.25
"""Of the machine's memory."""
BUILD_SHARE = 0.05
"""Of the machine's memory, for building an index."""
LEAST_BUILD = 64 << 20
MOST_BUILD = 1 << 30


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """One table on the copy."""

    name: str
    """Qualified."""
    rows: int
    bytes: int
    """On the copy, without indexes."""
    sampled: bool
    """Are there rows of the original that the copy does not have, or may there be?"""


class Copy:
    """A server with rows. Made by `copy`."""

    def __init__(
        self,
        server: Server,
        snapshot: Snapshot,
        tables: Mapping[str, CopiedTable],
        skipped: tuple[Skipped, ...],
    ) -> None:
        self.server = server
        self.snapshot = snapshot
        self.tables = tables
        """By qualified name: tables, partitions, materialized views; and the partitioned tables and
        parents that were asked for, with the sums of theirs."""
        self.skipped = skipped
        """What is not as it is on the target."""

    def connect(self) -> psycopg.Connection[Any]:
        """A session with production's planner settings, in autocommit, as a superuser."""
        return psycopg.connect(self.server.url(DATABASE), autocommit=True)


@contextmanager
def copy(
    snapshot: Snapshot,
    url: str,
    tables: Sequence[str],
    *,
    rows: int | None = None,
    most_bytes: int | None = None,
    major: int | None = None,
    table_seconds: float = 1800.0,
    progress: Progress = silent,
) -> Iterator[Copy]:
    """Copy these tables (qualified names; of a view or a partitioned table, what it reads) from the
    target at `url`, of which `snapshot` is. The server is gone at the end of the block.

    `rows`: at most so many of each table (a sample of it) and those that these refer to, else all;
    `most_bytes`: with their indexes on the target; `major`: of the copy's server (the target's own,
    where its programs are found, else the wheel's); `table_seconds`: for reading one table.

    The target is read in one read-only transaction. A table that can't be read (a lock, no
    privilege) is in `skipped`. Raises UsageError where it is too large, TargetError (ConnectionLost
    when the target goes away), SandboxError.
    """
    catalog = snapshot.catalog
    stored = stored_relations(catalog, tables)
    bytes_ = size_on_copy(stored.relations, snapshot.statistics, rows)
    require_room(snapshot, bytes_, most_bytes)
    skipped = list(stored.skipped)
    wanted_major = _major(catalog.server.major, skipped) if major is None else major
    progress("making a copy")
    with start(wanted_major, settings=_settings(bytes_), progress=progress) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            options = _options(catalog, connection)
        server.create_database(DATABASE, options)
        filled = {relation.qualified for relation in stored.relations} | stored.whole.keys()
        fitting = catalog_of_copy(catalog, filled, whole=rows is None)
        loading = Loading(stored.relations, snapshot.statistics, rows, progress)
        with psycopg.connect(server.url(DATABASE), autocommit=True) as connection:

            def fill() -> None:
                connection.execute("SET client_encoding = 'UTF8'; SET datestyle = 'ISO, MDY'")
                with reading_rows(url, table_seconds=table_seconds) as reader:
                    loading.run(reader, connection)
                    if rows is not None:
                        loading.add_parents(reader, connection, catalog, stored.whole)

            skipped += declare(connection, fitting, progress, fill)
            skipped += loading.skipped
            skipped += planner_settings(connection, DATABASE, catalog)
        # Another session: these settings are of new ones.
        with psycopg.connect(server.url(DATABASE), autocommit=True) as connection:
            _gather_statistics(connection, stored, loading, progress)
            copied = _copied(connection, stored, loading)
        yield Copy(server, snapshot, copied, tuple(skipped))


def _major(wanted: int, skipped: list[Skipped]) -> int | None:
    try:
        return find_programs(wanted).major
    except NoServerPrograms:
        found = find_programs()
        reason = f"the target is PostgreSQL {wanted}, and the copy is on {found.major}"
        skipped.append(Skipped("copy.server", reason, f"install PostgreSQL {wanted} here"))
        return None


def _settings(bytes_: int) -> Mapping[str, str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    buffers = min(max(bytes_, LEAST_BUFFERS), MOST_BUFFERS, memory * BUFFERS_SHARE)
    build = min(max(memory * BUILD_SHARE, LEAST_BUILD), MOST_BUILD)
    return {
        **SETTINGS,
        "shared_buffers": f"{int(buffers) >> 10}kB",
        "maintenance_work_mem": f"{int(build) >> 10}kB",
    }


def _options(catalog: Catalog, connection: psycopg.Connection[Any]) -> str:
    options = database_options(catalog, connection)
    if catalog.database is not None and catalog.database.encoding == "SQL_ASCII":
        # Its texts are bytes of any kind, which no other encoding takes.
        return "TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"
    return options


def _gather_statistics(
    connection: psycopg.Connection[Any], stored: Stored, loading: Loading, progress: Progress
) -> None:
    """As autovacuum would have: statistics, and pages known to be visible to all."""
    for relation in stored.relations:
        if relation.qualified in loading.rows:
            _set_targets(connection, relation)
            progress(f"analyzing {relation.qualified}")
            connection.execute(f"VACUUM (ANALYZE) {relation.qualified}".encode())
    for name in stored.whole:
        if any(member in loading.rows for member in stored.whole[name]):
            connection.execute(f"ANALYZE {name}".encode())


def _set_targets(connection: psycopg.Connection[Any], relation: Relation) -> None:
    for column in relation.columns:
        if column.statistics_target is not None:
            target = f"ALTER COLUMN {quote(column.name)} SET STATISTICS {column.statistics_target}"
            connection.execute(f"ALTER TABLE {relation.qualified} {target}".encode())


def _copied(
    connection: psycopg.Connection[Any], stored: Stored, loading: Loading
) -> dict[str, CopiedTable]:
    sizes = dict(
        connection.execute(
            "SELECT t, pg_table_size(t::regclass) FROM unnest(%s::text[]) t", (list(loading.rows),)
        ).fetchall()
    )
    copied = {
        name: CopiedTable(name, rows, sizes[name], name in loading.partly)
        for name, rows in loading.rows.items()
    }
    for name, members in stored.whole.items():
        own = [copied[member] for member in members if member in copied]
        if members and not own:
            continue
        partly = len(own) < len(members) or any(table.sampled for table in own)
        copied[name] = CopiedTable(
            name, sum(table.rows for table in own), sum(table.bytes for table in own), partly
        )
    return copied
