"""A twin: production's schema and statistics on a throw-away server, and no rows."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog, Index, MaterializedView, Table
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics
from dbwright.progress import Progress, silent
from dbwright.sandbox.server import Server, start
from dbwright.sandbox.twin.declare import declare
from dbwright.sandbox.twin.extended import put_extended_statistics
from dbwright.sandbox.twin.files import PAGE, resize, write_btree
from dbwright.sandbox.twin.settings import database_options, planner_settings
from dbwright.sandbox.twin.statistics import put_column_statistics, put_relation_statistics

__all__ = ["Twin", "file_sizes", "put_statistics", "twin"]

DATABASE = "twin"
SETTINGS = {
    "autovacuum": "off",
    "max_locks_per_transaction": "2048",
    # What a catalog of thousands of tables takes, and no more: there are no rows.
    "shared_buffers": "64MB",
    # Not minimal: then each new index would be read back, to log it, and stay in the buffers, where
    # what is written to its file is not seen.
    "wal_level": "replica",
    "max_wal_size": "4MB",
}
PIVOT_BYTES = 12
"""Of an inner b-tree entry beside its key: line pointer and tuple header."""
ADDRESS_BYTES = 8
"""Of a row's address in an inner entry; also what is taken for an unknown column."""
INNER_FILL = 0.7
"""Of an inner page, after CREATE INDEX."""


class Twin:
    """A server that plans as the snapshot's would. Made by `twin`."""

    def __init__(self, server: Server, snapshot: Snapshot, skipped: tuple[Skipped, ...]) -> None:
        self.server = server
        self.snapshot = snapshot
        self.skipped = skipped
        """What could not be made as it is in production."""

    def connect(self) -> psycopg.Connection[Any]:
        """A session with production's planner settings, in autocommit."""
        return psycopg.connect(self.server.url(DATABASE), autocommit=True)

    def explain(self, statement: str) -> dict[str, Any]:
        """EXPLAIN's document for the statement, which has no `$1` in it. Raises psycopg.Error."""
        with self.connect() as connection:
            row = connection.execute(
                f"EXPLAIN (FORMAT JSON, VERBOSE) {statement}".encode()
            ).fetchone()
        assert row is not None
        document = row[0] if isinstance(row[0], list) else json.loads(row[0])
        found: dict[str, Any] = document[0]
        return found


@contextmanager
def twin(
    snapshot: Snapshot, *, major: int | None = None, progress: Progress = silent
) -> Iterator[Twin]:
    """Make a twin of the snapshot; it is gone at the end of the block.

    `major`: of the twin's server (None: the wheel's). The snapshot must hold all values of the
    column statistics (`dbwright snapshot` does). Raises NoServerPrograms, ServerDidNotStart.
    """
    progress("making a twin")
    with start(major, settings=SETTINGS, progress=progress) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            options = database_options(snapshot.catalog, connection)
        server.create_database(DATABASE, options)
        url = server.url(DATABASE)
        with psycopg.connect(url, autocommit=True) as connection:
            skipped = list(declare(connection, snapshot.catalog, progress))
            progress("putting statistics in place")
            skipped += put_statistics(connection, snapshot, server.major)
            sizes = list(file_sizes(connection, snapshot.catalog, snapshot.statistics))
            skipped += planner_settings(connection, DATABASE, snapshot.catalog)
        with server.offline() as data:
            for path, pages, height in sizes:
                file = data / path
                if height:
                    write_btree(file, height)
                resize(file, pages)
        yield Twin(server, snapshot, tuple(skipped))


def put_statistics(
    connection: psycopg.Connection[Any], snapshot: Snapshot, major: int
) -> Iterator[Skipped]:
    """Of tables, indexes and columns, into a database that has the snapshot's; what failed."""
    statistics = snapshot.statistics
    if statistics is None:
        yield Skipped("twin.statistics", "the snapshot has no statistics", "snapshot it again")
        return
    oids = _oids(connection)
    names = dict(_names(snapshot.catalog))
    here = {there: oids[name] for there, name in names.items() if name in oids}
    failed = put_column_statistics(
        connection, ((here[c.table_oid], c) for c in statistics.columns if c.table_oid in here)
    )
    for _, column, message in failed:
        yield Skipped("twin.statistics", f"of {column}: {message}")
    yield from put_extended_statistics(connection, snapshot.catalog, statistics, major)
    unknown = -1.0 if major >= 14 else 0.0
    put_relation_statistics(connection, _relation_rows(statistics, here, unknown))


def _relation_rows(
    statistics: Statistics, here: dict[int, int], unknown: float
) -> Iterator[tuple[int, int, float, int]]:
    for table in statistics.tables:
        if table.oid in here:
            rows = unknown if table.rows is None else table.rows
            yield here[table.oid], table.pages, rows, table.all_visible_pages
    for index in statistics.indexes:
        if index.oid in here:
            rows = unknown if index.rows is None else index.rows
            yield here[index.oid], index.pages, rows, 0


def _names(catalog: Catalog) -> Iterator[tuple[int, tuple[str, str]]]:
    """Oids of production, and what they are called."""
    for relation in _relations(catalog):
        yield relation.oid, (relation.schema, relation.name)
        for index in relation.indexes:
            # A key's index is made by its constraint, and has its name.
            yield index.oid, (index.schema, index.constraint or index.name)


def _relations(catalog: Catalog) -> Iterable[Table | MaterializedView]:
    return (*catalog.tables, *catalog.materialized_views)


def _oids(connection: psycopg.Connection[Any]) -> dict[tuple[str, str], int]:
    rows = connection.execute(
        "SELECT n.nspname, c.relname, c.oid FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_'"
    )
    return {(row[0], row[1]): row[2] for row in rows}


def file_sizes(
    connection: psycopg.Connection[Any], catalog: Catalog, statistics: Statistics | None
) -> Iterator[tuple[str, int, int | None]]:
    """Path from the data directory, pages, and the height of b-trees, of all relations that have a
    file."""
    if statistics is None:
        return
    rows = connection.execute(
        "SELECT n.nspname, c.relname, pg_relation_filepath(c.oid) FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname !~ '^pg_' AND c.relkind IN ('r', 'm', 'i')"
    )
    paths = {(row[0], row[1]): row[2] for row in rows}
    for relation in _relations(catalog):
        path = paths.get((relation.schema, relation.name))
        counted = statistics.of(relation)
        if path is None or counted is None:
            continue
        bytes_ = counted.heap_bytes
        yield path, counted.pages if bytes_ is None else bytes_ // PAGE, None
        for index in relation.indexes:
            path = paths.get((index.schema, index.constraint or index.name))
            size = statistics.of_index(index)
            if path is None or size is None:
                continue
            pages = size.pages if size.bytes is None else size.bytes // PAGE
            if index.method == "btree":
                height = btree_height(pages, pivot_bytes(index, relation, statistics))
                yield path, max(pages, height + 2), height
            else:
                yield path, max(pages, 1), None


def btree_height(pages: int, pivot: float) -> int:
    """How many levels are above the leaves, of a b-tree of that many pages; `pivot`: bytes of an
    inner entry."""
    fan_out = max(2.0, PAGE * INNER_FILL / pivot)
    height, level = 0, max(1.0, float(pages - 1))
    while level > 1:
        level = math.ceil(level / fan_out)
        height += 1
    return height


def pivot_bytes(index: Index, relation: Table | MaterializedView, statistics: Statistics) -> float:
    """Bytes of an inner entry, on average: it has only the columns that tell the rows on both sides
    of a page's end apart; and a row's address, where the key as a whole does not."""
    table, size = statistics.of(relation), statistics.of_index(index)
    pages = 1 if size is None else size.pages if size.bytes is None else size.bytes // PAGE
    rows = max(1.0, (table.rows if table is not None else None) or 1.0)
    expected, left, width, different = 0.0, 1.0, 0.0, 1.0
    for key in index.keys:
        counted = statistics.of_column(relation, key.column) if key.column else None
        width += counted.average_width if counted else ADDRESS_BYTES
        found = -1.0 if counted is None else counted.distinct
        different = min(rows, different * max(1.0, found if found >= 0 else -found * rows))
        # Pages end anywhere within a run of rows that are equal so far.
        told_apart = left * different / rows
        expected += told_apart * _aligned(width)
        left -= told_apart
    # Rows that are equal in the whole key share one entry, of which pages hold several.
    last = _aligned(width) + (ADDRESS_BYTES if different < pages else 0)
    return PIVOT_BYTES + expected + left * last


def _aligned(width: float) -> float:
    return math.ceil(width / 8) * 8
