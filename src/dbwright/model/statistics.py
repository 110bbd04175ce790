"""What the server counted and measured, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from dbwright.model.catalog import Column, Index, MaterializedView, Table
from dbwright.model.entries import EntryKind, EntryStatistics

__all__ = [
    "ArchiverStatistics",
    "CheckpointStatistics",
    "ColumnStatistics",
    "DatabaseStatistics",
    "ElementStatistics",
    "ExtendedStatisticsData",
    "IndexStatistics",
    "RangeStatistics",
    "Statistics",
    "TableStatistics",
]


@dataclass(frozen=True, slots=True)
class TableStatistics:
    """Of one table or materialized view. Sizes in bytes, ages in transactions."""

    oid: int
    rows: float | None = None
    """The planner's estimate; None: never vacuumed or analyzed."""
    pages: int = 0
    all_visible_pages: int = 0
    heap_bytes: int | None = None
    """The main fork; None where it could not be read."""
    toast_bytes: int | None = None
    index_bytes: int | None = None
    total_bytes: int | None = None
    sequential_scans: int = 0
    sequential_rows: int = 0
    index_scans: int = 0
    inserted: int = 0
    updated: int = 0
    hot_updated: int = 0
    deleted: int = 0
    live_rows: int = 0
    dead_rows: int = 0
    modified_since_analyze: int = 0
    inserted_since_vacuum: int | None = None
    last_vacuum: datetime | None = None
    """By hand or by autovacuum, whichever is later."""
    last_analyze: datetime | None = None
    heap_blocks_read: int = 0
    heap_blocks_hit: int = 0
    index_blocks_read: int = 0
    index_blocks_hit: int = 0
    xid_age: int | None = None
    multixact_age: int | None = None

    @property
    def best_rows(self) -> float:
        """The planner's estimate, or the counted live rows where there is none."""
        return float(self.live_rows) if self.rows is None else self.rows

    @property
    def writes(self) -> int:
        return self.inserted + self.updated + self.deleted


@dataclass(frozen=True, slots=True)
class IndexStatistics:
    oid: int
    bytes: int | None = None
    pages: int = 0
    rows: float | None = None
    scans: int = 0
    last_scan: datetime | None = None
    """PostgreSQL 16 and later."""
    rows_read: int = 0
    rows_fetched: int = 0


@dataclass(frozen=True, slots=True)
class ElementStatistics:
    """Of what arrays and tsvectors hold."""

    common_elements: tuple[str, ...] = ()
    common_frequencies: tuple[float, ...] = ()
    """Of each element, then the least and the greatest of these, and that of NULL elements."""
    count_histogram: tuple[float, ...] = ()
    """How many different elements rows have; the last number is the average."""


@dataclass(frozen=True, slots=True)
class RangeStatistics:
    """Of ranges and multiranges (PostgreSQL 17 and later show it)."""

    length_histogram: tuple[str, ...] = ()
    empty_fraction: float | None = None
    bounds_histogram: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """What ANALYZE found, as pg_stats shows it. Values are text."""

    table_oid: int
    """Or an index's, for an expression of it."""
    column: str
    null_fraction: float
    average_width: int
    distinct: float
    """Above 0: how many; below 0: minus the share of rows that differ."""
    common_values: tuple[str, ...] = ()
    common_frequencies: tuple[float, ...] = ()
    histogram: tuple[str, ...] = ()
    correlation: float | None = None
    inherited: bool = False
    elements: ElementStatistics | None = None
    ranges: RangeStatistics | None = None
    redacted: bool = False
    """Are the values others of the same type, with the order and the equalities of the rows'?"""

    @property
    def sample(self) -> tuple[str, ...]:
        """All values of rows that the statistics hold; none where they are redacted."""
        return () if self.redacted else self.common_values + self.histogram


@dataclass(frozen=True, slots=True)
class ExtendedStatisticsData:
    """What ANALYZE found for a CREATE STATISTICS object: the server's own bytes, in hexadecimal,
    by kind (`ndistinct`, `dependencies`, `mcv`)."""

    schema: str
    name: str
    inherited: bool
    parts: tuple[tuple[str, str], ...]
    expressions: tuple[ColumnStatistics, ...] = ()
    """Of each expression that was analyzed; as `column` its place in the definition, from 1."""


@dataclass(frozen=True, slots=True)
class DatabaseStatistics:
    name: str
    bytes: int | None = None
    connections: int = 0
    commits: int = 0
    rollbacks: int = 0
    blocks_read: int = 0
    blocks_hit: int = 0
    deadlocks: int = 0
    conflicts: int = 0
    temporary_files: int = 0
    temporary_bytes: int = 0
    checksum_failures: int | None = None
    since: datetime | None = None
    xid_age: int | None = None
    multixact_age: int | None = None


@dataclass(frozen=True, slots=True)
class CheckpointStatistics:
    timed: int = 0
    requested: int = 0
    write_seconds: float = 0.0
    sync_seconds: float = 0.0
    buffers_written: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ArchiverStatistics:
    archived: int = 0
    failed: int = 0
    last_archived_at: datetime | None = None
    last_failed_at: datetime | None = None
    last_failed_file: str | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class Statistics:
    """Counters and column statistics of one database."""

    since: datetime | None
    """When this database's counters were last reset; None: never, or unknown."""
    captured_at: datetime
    tables: tuple[TableStatistics, ...] = ()
    indexes: tuple[IndexStatistics, ...] = ()
    columns: tuple[ColumnStatistics, ...] = ()
    extended: tuple[ExtendedStatisticsData, ...] = ()
    entries: tuple[EntryStatistics, ...] = ()
    """What was counted for indexes that are thought of."""
    databases: tuple[DatabaseStatistics, ...] = ()
    checkpoints: CheckpointStatistics | None = None
    archiver: ArchiverStatistics | None = None
    wal_bytes: int | None = None
    """Written since `wal_since` (PostgreSQL 14 and later)."""
    wal_since: datetime | None = None

    def of(self, relation: Table | MaterializedView) -> TableStatistics | None:
        return self._tables.get(relation.oid)

    def of_index(self, index: Index) -> IndexStatistics | None:
        return self._indexes.get(index.oid)

    def of_column(
        self, table: Table | MaterializedView, column: Column | str
    ) -> ColumnStatistics | None:
        """Of the table alone, not of those that inherit from it (a partitioned table has only
        the inherited ones, and gets those)."""
        name = column if isinstance(column, str) else column.name
        return self._columns.get((table.oid, name))

    def of_entries(
        self, table: Table | MaterializedView, keys: tuple[str, ...], kind: EntryKind
    ) -> EntryStatistics | None:
        return self._entries.get((table.oid, keys, kind))

    def of_database(self, name: str) -> DatabaseStatistics | None:
        return next((d for d in self.databases if d.name == name), None)

    @cached_property
    def window_days(self) -> float | None:
        """How long the counters have been counting; None where that is not known."""
        if self.since is None:
            return None
        return (self.captured_at - self.since).total_seconds() / 86400

    @cached_property
    def _tables(self) -> dict[int, TableStatistics]:
        return {table.oid: table for table in self.tables}

    @cached_property
    def _indexes(self) -> dict[int, IndexStatistics]:
        return {index.oid: index for index in self.indexes}

    @cached_property
    def _entries(self) -> dict[tuple[int, tuple[str, ...], EntryKind], EntryStatistics]:
        return {(one.table_oid, one.keys, one.kind): one for one in self.entries}

    @cached_property
    def _columns(self) -> dict[tuple[int, str], ColumnStatistics]:
        found: dict[tuple[int, str], ColumnStatistics] = {}
        for column in self.columns:
            key = (column.table_oid, column.column)
            if not column.inherited or key not in found:
                found[key] = column
        return found
