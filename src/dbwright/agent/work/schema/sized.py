"""Statistics for tables as large as they will be: rows are made up, counted by the server, and the
counts brought to the sizes that are said or assumed.

What values there are is not known: made-up ones all differ but where a type, a check or a foreign
key says otherwise. A foreign key's column has as many values as the table it refers to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import psycopg

from dbwright.agent.work.schema.build import MADE
from dbwright.agent.work.volumes import Volume, Volumes
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Catalog, Table
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import ColumnStatistics, Statistics, TableStatistics
from dbwright.progress import Progress
from dbwright.sandbox.generated.fill import fill
from dbwright.sandbox.server import Server

__all__ = ["Sized", "TableSize", "alone", "sized"]

ROWS = 2000
"""Made up for each table: enough for the server to see how wide they are."""
MANY_TABLES = 300
FEWER_ROWS = 200
READ_SECONDS = 120.0
LOADING_ROLES = frozenset(("dbwright", "postgres"))


@dataclass(frozen=True, slots=True)
class TableSize:
    """How large a table will be; bytes None where no row could be made up."""

    table: str
    volume: Volume
    heap_bytes: int | None
    index_bytes: int | None


@dataclass(frozen=True, slots=True)
class Sized:
    snapshot: Snapshot
    """Of the schema, with these statistics."""
    tables: tuple[TableSize, ...]
    skipped: tuple[Skipped, ...]

    @property
    def bytes(self) -> int:
        """Of all tables with their indexes, as far as they are known."""
        return sum((one.heap_bytes or 0) + (one.index_bytes or 0) for one in self.tables)


def sized(
    server: Server, name: str, catalog: Catalog, volumes: Volumes, progress: Progress
) -> Sized:
    """Fill the database MADE with rows, and read what the server then knows of them."""
    rows = ROWS if len(catalog.tables) <= MANY_TABLES else FEWER_ROWS
    with psycopg.connect(server.url(MADE), autocommit=True) as connection:
        _, skipped = fill(connection, catalog, rows, unusual=False, progress=progress)
    with Session.open(server.url(MADE), READ_SECONDS) as session:
        snapshot = read(session, values=None, progress=progress)
    assert snapshot.statistics is not None
    made = snapshot.statistics
    here = alone(snapshot.catalog)
    factors = _factors(here, made, volumes)
    statistics = replace(
        made,
        tables=tuple(_scaled(one, factors.get(one.oid, 1.0)) for one in made.tables),
        indexes=tuple(
            replace(
                one,
                pages=max(1, math.ceil(one.pages * factor)),
                bytes=None if one.bytes is None else math.ceil(one.bytes * factor),
                rows=None if one.rows is None else one.rows * factor,
                scans=0,
                rows_read=0,
                rows_fetched=0,
            )
            for one in made.indexes
            for factor in (factors.get(_owner(here, one.oid), 1.0),)
        ),
        columns=tuple(_columns(here, made, volumes)),
        databases=(),
        checkpoints=None,
        archiver=None,
        wal_bytes=None,
    )
    left = tuple(replace(one, remedy="give its rows in a snapshot") for one in skipped)
    whole = replace(
        snapshot,
        target=name,
        catalog=here,
        statistics=statistics,
        activity=None,
        workload=None,
        skipped=(),
    )
    return Sized(whole, tuple(_sizes(here, statistics, volumes)), left)


def alone(catalog: Catalog) -> Catalog:
    """Without what is the sandbox's own."""
    roles = (r for r in catalog.roles if not r.predefined and r.name not in LOADING_ROLES)
    return replace(
        catalog,
        roles=tuple(roles),
        settings=(),
        setting_overrides=(),
        databases=(),
        hba_rules=(),
        slots=(),
        subscriptions=(),
    )


def _factors(catalog: Catalog, made: Statistics, volumes: Volumes) -> dict[int, float]:
    """How much larger each table will be; partitions by what they have of the whole."""
    found: dict[int, float] = {}
    for table in catalog.tables:
        if table.is_partition:
            continue
        parts = [table, *_below(catalog, table)]
        rows = sum(_rows(made, part) for part in parts)
        factor = volumes.of(table).rows / rows if rows else 1.0
        found |= {part.oid: factor for part in parts}
    return found


def _below(catalog: Catalog, table: Table) -> list[Table]:
    own = [child for child in catalog.children(table) if child.is_partition]
    return [*own, *(deeper for child in own for deeper in _below(catalog, child))]


def _rows(made: Statistics, table: Table) -> float:
    found = made.of(table)
    # A partitioned table's own count is that of its partitions.
    return 0.0 if found is None or not table.stores_rows else max(0.0, found.rows or 0.0)


def _owner(catalog: Catalog, index: int) -> int:
    owned = ((one.oid, table.oid) for table in catalog.tables for one in table.indexes)
    return next((table for oid, table in owned if oid == index), 0)


def _scaled(one: TableStatistics, factor: float) -> TableStatistics:
    def more(size: int | None) -> int | None:
        return None if size is None else math.ceil(size * factor)

    return TableStatistics(
        oid=one.oid,
        rows=None if one.rows is None else round(one.rows * factor),
        pages=math.ceil(one.pages * factor),
        all_visible_pages=math.ceil(one.pages * factor),
        heap_bytes=more(one.heap_bytes),
        toast_bytes=more(one.toast_bytes),
        index_bytes=more(one.index_bytes),
        total_bytes=more(one.total_bytes),
        live_rows=round(one.live_rows * factor),
        last_vacuum=one.last_analyze,
        last_analyze=one.last_analyze,
    )


def _columns(catalog: Catalog, made: Statistics, volumes: Volumes) -> list[ColumnStatistics]:
    """As they were counted, but for the columns of foreign keys."""
    referred: dict[tuple[int, str], int] = {}
    for table in catalog.tables:
        for key in table.foreign_keys:
            other = catalog.find_table(key.references)
            if len(key.columns) == 1 and other is not None:
                referred[table.oid, key.columns[0]] = volumes.of(other).rows
    rows = {table.oid: volumes.of(table).rows for table in catalog.tables}
    found = []
    for one in made.columns:
        others = referred.get((one.table_oid, one.column))
        if others is None or one.distinct == -1:
            found.append(one)
            continue
        is_each = others >= rows.get(one.table_oid, 0)
        found.append(
            replace(
                one,
                distinct=-1.0 if is_each else float(max(1, others)),
                common_values=(),
                common_frequencies=(),
                correlation=0.0,
            )
        )
    return found


def _sizes(catalog: Catalog, statistics: Statistics, volumes: Volumes) -> list[TableSize]:
    found = []
    for table in catalog.tables:
        if table.is_partition:
            continue
        parts = [one for one in (table, *_below(catalog, table)) if one.stores_rows]
        counted = [statistics.of(one) for one in parts]
        known = [one for one in counted if one is not None and one.rows]
        found.append(
            TableSize(
                table.qualified,
                volumes.of(table),
                sum(one.heap_bytes or 0 for one in known) if known else None,
                sum(one.index_bytes or 0 for one in known) if known else None,
            )
        )
    return found
