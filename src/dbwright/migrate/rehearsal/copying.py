"""A stage with a target's schema: with its rows where it is live, else with made ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.rows import reading_rows
from dbwright.engines.postgresql.session import Session
from dbwright.migrate.rehearsal.roles import use_role
from dbwright.migrate.rehearsal.schema import make_schema, refresh
from dbwright.migrate.rehearsal.stage import STAGE, Stage, session_settings
from dbwright.migrate.rehearsal.stages import fill_stage, server_of
from dbwright.model.catalog import Catalog
from dbwright.model.names import quote
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress
from dbwright.sandbox.copy.loading import Loading
from dbwright.sandbox.copy.relations import require_room, size_on_copy, stored_relations
from dbwright.sandbox.twin.settings import database_options

__all__ = ["copied", "of_snapshot"]

READ_SECONDS = 120.0
TABLE_SECONDS = 1800.0
COPIES = 3
"""Databases of that size at one time, at most."""


@contextmanager
def copied(
    url: str,
    table: str,
    history: str,
    rows: int | None,
    progress: Progress,
    role: str | None = None,
) -> Iterator[Stage]:
    """The schema and rows of a live target, which is only read. `rows`: at most so many of each
    table, and those that they refer to; None for all. `history`: the history's table as it is
    there, of which all rows are taken.

    Raises UsageError where there is no room, TargetError, SandboxError.
    """
    with Session.open(url, READ_SECONDS) as session:
        snapshot = read(session, values=0, progress=progress)
    with _staged(snapshot, table, progress) as stage:
        stored = stored_relations(
            snapshot.catalog, [one.qualified for one in snapshot.catalog.tables if one.columns]
        )
        stage.skipped += stored.skipped
        bytes_ = size_on_copy(stored.relations, snapshot.statistics, rows)
        require_room(
            snapshot,
            bytes_ * COPIES,
            None,
            what=f"a rehearsal with {COPIES} copies of the rows",
            fewer="copy fewer rows: --rows 1000",
        )
        loading = Loading(
            stored.relations, snapshot.statistics, rows, progress, fresh=False, whole={history}
        )
        with psycopg.connect(stage.url(), autocommit=True) as connection:
            # Neither triggers nor foreign keys: the rows are as they are there, or some of them.
            connection.execute(
                "SET session_replication_role = replica; SET client_encoding = 'UTF8'; "
                "SET datestyle = 'ISO, MDY'; SET search_path = pg_catalog"
            )
            with reading_rows(url, table_seconds=TABLE_SECONDS) as reader:
                loading.run(reader, connection)
                if rows is not None:
                    loading.add_parents(reader, connection, snapshot.catalog, stored.whole)
            _set_sequences(connection, snapshot)
            stage.skipped += refresh(connection, snapshot.catalog)
            connection.execute("RESET ALL")
            connection.execute("ANALYZE")
        stage.skipped += loading.skipped
        if snapshot.catalog.large_objects:
            reason = f"{snapshot.catalog.large_objects:,} large objects are not copied"
            stage.skipped.append(Skipped("copy.tables", reason))
        stage.sampled = bool(loading.partly or loading.skipped)
        how = "all rows"
        if loading.partly and rows is not None:
            how = f"at most {rows:,} rows of each table"
        if loading.skipped:
            how += ", of the tables that could be read"
        stage.source = f"{snapshot.target}, {how}"
        stage.origin = snapshot.catalog
        use_role(stage, snapshot.catalog, role)
        yield stage


@contextmanager
def of_snapshot(
    snapshot: Snapshot, table: str, rows: int, progress: Progress, role: str | None = None
) -> Iterator[Stage]:
    """The schema of a snapshot, and made rows. `role`: who runs the files; who made the snapshot
    is mostly not the one."""
    with _staged(snapshot, table, progress) as stage:
        stage.source = f"the schema of {snapshot.target}, with rows that were made up"
        stage.generated, stage.rows = True, rows
        fill_stage(stage, progress)
        if role is not None:
            use_role(stage, snapshot.catalog, role)
        yield stage


@contextmanager
def _staged(snapshot: Snapshot, table: str, progress: Progress) -> Iterator[Stage]:
    """With the schema, and no rows."""
    catalog = snapshot.catalog
    skipped: list[Skipped] = []
    with server_of(catalog.server.major, skipped, progress) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            options = database_options(catalog, connection)
        server.create_database(STAGE, options)
        stage = Stage(server, table, snapshot.target, settings=session_settings(catalog))
        stage.skipped += skipped
        stage.skipped += make_schema(stage.url(), catalog, progress)
        stage.set_up()
        _stand_in(stage, catalog)
        yield stage


def _stand_in(stage: Stage, catalog: Catalog) -> None:
    """A database of the target's name, for files that name it (GRANT … ON DATABASE, ALTER DATABASE
    … SET): the copies have other names."""
    name = quote(catalog.server.database)
    with psycopg.connect(stage.server.url(), autocommit=True) as connection:
        known = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        if catalog.server.database and catalog.server.database not in known:
            connection.execute(f"CREATE DATABASE {name}".encode())


def _set_sequences(connection: psycopg.Connection[object], snapshot: Snapshot) -> None:
    """What they give next is what they would give there."""
    for sequence in snapshot.catalog.sequences:
        if sequence.last_value is not None:
            connection.execute(
                "SELECT setval(to_regclass(%s), %s)", (sequence.qualified, sequence.last_value)
            )
