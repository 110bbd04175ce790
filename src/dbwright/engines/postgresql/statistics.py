"""Reading the server's counters and the planner's statistics into `Statistics`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime

from dbwright.engines.postgresql.column_statistics import column_statistics
from dbwright.engines.postgresql.extended_statistics import read_extended_statistics
from dbwright.engines.postgresql.session import Row, Session
from dbwright.model.catalog import Catalog
from dbwright.model.names import qualify
from dbwright.model.statistics import (
    ArchiverStatistics,
    CheckpointStatistics,
    ColumnStatistics,
    DatabaseStatistics,
    ElementStatistics,
    IndexStatistics,
    RangeStatistics,
    Statistics,
    TableStatistics,
)
from dbwright.progress import Progress, silent

__all__ = ["read_statistics", "with_last_values"]


def read_statistics(
    session: Session, captured_at: datetime, *, values: int | None, progress: Progress = silent
) -> Statistics:
    """Counters of tables, indexes, databases and the server; `values` limits how many of a
    column's common values and histogram bounds are kept (None: all).

    What can't be read lands in `session.skipped`. Raises ConnectionLost.
    """
    progress("reading statistics")
    index_rows = session.try_fetch("index_statistics", "statistics.indexes")
    table_rows = session.try_fetch("table_statistics", "statistics.tables")
    # Only a twin needs them.
    extended = read_extended_statistics(session) if values is None else ()
    column_rows = session.try_fetch("column_statistics", "statistics.columns", values=values)
    _note_unreadable(session)
    databases = _databases(session)
    current = session.connection.info.dbname
    wal = session.try_fetch("wal_statistics", "statistics.wal") if session.major >= 14 else []
    return Statistics(
        since=next((d.since for d in databases if d.name == current), None),
        captured_at=captured_at,
        tables=_tables(table_rows, index_rows),
        indexes=tuple(_index(row) for row in index_rows),
        columns=_with_ranges(session, tuple(_column(row) for row in column_rows), values),
        extended=extended,
        databases=databases,
        checkpoints=next(
            (
                CheckpointStatistics(
                    row.timed,
                    row.requested,
                    row.write_seconds,
                    row.sync_seconds,
                    row.buffers_written,
                    row.since,
                )
                for row in session.try_fetch("checkpoint_statistics", "statistics.checkpoints")
            ),
            None,
        ),
        archiver=next(
            (
                ArchiverStatistics(
                    row.archived,
                    row.failed,
                    row.last_archived_at,
                    row.last_failed_at,
                    row.last_failed_file,
                    row.since,
                )
                for row in session.try_fetch("archiver_statistics", "statistics.archiver")
            ),
            None,
        ),
        wal_bytes=next((row.bytes for row in wal), None),
        wal_since=next((row.since for row in wal), None),
    )


def with_last_values(session: Session, catalog: Catalog) -> Catalog:
    """The catalog with what its sequences have given out. Raises ConnectionLost."""
    rows = session.try_fetch("sequence_values", "catalog.sequences.last_value")
    hidden = [qualify(row.schema, row.name) for row in rows if not row.readable]
    if hidden:
        session.skip(
            "catalog.sequences.last_value.restricted",
            "the last value of some sequences may not be read",
            f"GRANT pg_read_all_data TO {qualify(session.connection.info.user)}"
            if session.major >= 14
            else f"GRANT SELECT ON SEQUENCE … TO {qualify(session.connection.info.user)}",
            hidden,
        )
    values = {row.oid: row.last_value for row in rows if row.last_value is not None}
    return replace(
        catalog,
        sequences=tuple(
            replace(sequence, last_value=values[sequence.oid])
            if sequence.oid in values
            else sequence
            for sequence in catalog.sequences
        ),
    )


def _note_unreadable(session: Session) -> None:
    rows = session.try_fetch("unreadable_tables", "statistics.columns")
    if rows:
        session.skip(
            "statistics.columns.restricted",
            "pg_stats hides the columns of tables that the user may not read",
            f"GRANT pg_read_all_data TO {qualify(session.connection.info.user)}"
            if session.major >= 14
            else f"GRANT SELECT ON … TO {qualify(session.connection.info.user)}",
            [qualify(row.schema, row.name) for row in rows],
        )


def _tables(rows: list[Row], indexes: list[Row]) -> tuple[TableStatistics, ...]:
    by_table: dict[int, list[Row]] = defaultdict(list)
    for index in indexes:
        by_table[index.relation].append(index)
    return tuple(_table(row, by_table.get(row.oid, [])) for row in rows)


def _table(row: Row, indexes: list[Row]) -> TableStatistics:
    index_bytes = sum(index.bytes or 0 for index in indexes)
    fetched = sum(index.blocks_fetched for index in indexes)
    hit = sum(index.blocks_hit for index in indexes)
    return TableStatistics(
        oid=row.oid,
        rows=None if row.rows < 0 else row.rows,
        pages=row.pages,
        all_visible_pages=row.all_visible_pages,
        heap_bytes=row.heap_bytes,
        toast_bytes=row.toast_bytes,
        index_bytes=index_bytes,
        total_bytes=None
        if row.heap_bytes is None
        else row.heap_bytes + (row.toast_bytes or 0) + index_bytes,
        sequential_scans=row.sequential_scans,
        sequential_rows=row.sequential_rows,
        index_scans=sum(index.scans for index in indexes),
        inserted=row.inserted,
        updated=row.updated,
        hot_updated=row.hot_updated,
        deleted=row.deleted,
        live_rows=row.live_rows,
        dead_rows=row.dead_rows,
        modified_since_analyze=row.modified_since_analyze,
        inserted_since_vacuum=row.inserted_since_vacuum,
        last_vacuum=row.last_vacuum,
        last_analyze=row.last_analyze,
        heap_blocks_read=row.blocks_fetched - row.blocks_hit,
        heap_blocks_hit=row.blocks_hit,
        index_blocks_read=fetched - hit,
        index_blocks_hit=hit,
        xid_age=row.xid_age,
        multixact_age=row.multixact_age,
    )


def _index(row: Row) -> IndexStatistics:
    return IndexStatistics(
        oid=row.oid,
        bytes=row.bytes,
        pages=row.pages,
        rows=None if row.rows < 0 else row.rows,
        scans=row.scans,
        last_scan=row.last_scan,
        rows_read=row.rows_read,
        rows_fetched=row.rows_fetched,
    )


def _column(row: Row) -> ColumnStatistics:
    found = column_statistics(row, row.relation, row.name)
    return replace(found, elements=_elements(row), ranges=_ranges(row))


def _elements(row: Row) -> ElementStatistics | None:
    if row.common_elements is None and row.element_counts is None:
        return None
    return ElementStatistics(
        tuple(row.common_elements or ()),
        tuple(row.element_frequencies or ()),
        tuple(row.element_counts or ()),
    )


def _ranges(row: Row) -> RangeStatistics | None:
    if row.range_lengths is None and row.range_bounds is None:
        return None
    return RangeStatistics(
        tuple(row.range_lengths or ()), row.range_empty_fraction, tuple(row.range_bounds or ())
    )


def _with_ranges(
    session: Session, columns: tuple[ColumnStatistics, ...], values: int | None
) -> tuple[ColumnStatistics, ...]:
    """Before version 17 only superusers can see what ranges are like; others do without."""
    superuser = session.connection.info.parameter_status("is_superuser") == "on"
    if values is not None or session.major >= 17 or not superuser:
        return columns
    found = {
        (row.relation, row.name, row.inherited): RangeStatistics(
            tuple(row.lengths or ()), row.empty_fraction, tuple(row.bounds or ())
        )
        for row in session.try_fetch("range_statistics", "statistics.ranges")
    }
    if not found:
        return columns
    return tuple(
        replace(column, ranges=found.get((column.table_oid, column.column, column.inherited)))
        for column in columns
    )


def _databases(session: Session) -> tuple[DatabaseStatistics, ...]:
    rows = session.try_fetch("database_statistics", "statistics.databases")
    sizes = {
        row.name: row.bytes
        for row in session.try_fetch("database_sizes", "statistics.databases.size")
    }
    return tuple(
        DatabaseStatistics(
            name=row.name,
            bytes=sizes.get(row.name),
            connections=row.connections,
            commits=row.commits,
            rollbacks=row.rollbacks,
            blocks_read=row.blocks_read,
            blocks_hit=row.blocks_hit,
            deadlocks=row.deadlocks,
            conflicts=row.conflicts,
            temporary_files=row.temporary_files,
            temporary_bytes=row.temporary_bytes,
            checksum_failures=row.checksum_failures,
            since=row.since,
            xid_age=row.xid_age,
            multixact_age=row.multixact_age,
        )
        for row in rows
    )
