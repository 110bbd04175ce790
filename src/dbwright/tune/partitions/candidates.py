"""Large tables whose rows come in order of a column that queries give ranges of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbwright.model.catalog import Column, Table
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import TableStatistics
from dbwright.sql.scope.predicate import Predicate, PredicateKind
from dbwright.sql.scope.statement import StatementKind
from dbwright.tune.partitions.axis import DAY, axis_of, number_of
from dbwright.tune.partitions.timeline import Timeline, timeline
from dbwright.tune.workload.weighted import Weighted

__all__ = ["Candidate", "Limits", "candidates", "large_tables"]

ORDERED = 0.9
"""Correlation of the column's order with that of the rows in the table."""
AHEAD = 366 * DAY
"""Times further in the future than that are no times of arrival."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What makes a table large, and insert-mostly."""

    rows: float
    bytes: float
    updated_share: float
    """Of all rows that were written: at most so many were updates."""


@dataclass(frozen=True)
class Candidate:
    """A table that might be partitioned by one of its columns."""

    table: Table
    column: Column
    line: Timeline
    rows: float
    bytes: float
    """The heap, its TOAST and indexes."""
    correlation: float
    queries: tuple[Weighted, ...]
    """All that read or change the table."""
    ranged: tuple[Weighted, ...]
    """Those of them that give a range of the column."""
    retention: tuple[Weighted, ...]
    """DELETEs of what is older than something."""


def candidates(
    snapshot: Snapshot, queries: Sequence[Weighted], limits: Limits
) -> Iterator[Candidate]:
    """One for each table that is large, not partitioned, insert-mostly, and in the order of a
    column that must be in a range for a query of the workload; of several columns the one that
    is asked for most."""
    for table, counted in large_tables(snapshot, limits):
        own = tuple(query for query in queries if _reads(query, table))
        found = [_by(snapshot, table, counted, column, own) for column in table.columns]
        wanted = [candidate for candidate in found if candidate is not None]
        if wanted and _is_inserted(counted, limits):
            yield max(wanted, key=lambda one: sum(query.weight for query in one.ranged))


def large_tables(snapshot: Snapshot, limits: Limits) -> Iterator[tuple[Table, TableStatistics]]:
    """Those that are large, hold rows of their own, and have neither partitions nor heirs."""
    for table in snapshot.catalog.tables:
        counted = None if snapshot.statistics is None else snapshot.statistics.of(table)
        if counted is not None and _is_large(counted, limits) and _is_plain(snapshot, table):
            yield table, counted


def _is_large(counted: TableStatistics, limits: Limits) -> bool:
    return counted.best_rows >= limits.rows or _bytes(counted) >= limits.bytes


def _bytes(counted: TableStatistics) -> float:
    return float(counted.total_bytes or counted.heap_bytes or 0)


def _is_plain(snapshot: Snapshot, table: Table) -> bool:
    related = table.is_partition or table.inherits or snapshot.catalog.children(table)
    return table.stores_rows and not related and table.persistence == "permanent"


def _is_inserted(counted: TableStatistics, limits: Limits) -> bool:
    """Where nothing was counted, nothing speaks against it."""
    written = counted.inserted + counted.updated
    return written == 0 or counted.updated <= limits.updated_share * written


def _reads(query: Weighted, table: Table) -> bool:
    return any(use.qualified == table.qualified for use in query.scoped.relations if use.stored)


def _by(
    snapshot: Snapshot,
    table: Table,
    counted: TableStatistics,
    column: Column,
    queries: tuple[Weighted, ...],
) -> Candidate | None:
    axis = axis_of(column)
    statistics = snapshot.statistics
    if axis is None or statistics is None or column.generated is not None:
        return None
    known = statistics.of_column(table, column)
    if known is None or known.correlation is None or known.correlation < ORDERED:
        return None
    ranged = tuple(query for query in queries if _ranges(query, table, column))
    # No partition has a place for NULL.
    line = timeline(known, axis) if ranged and not known.null_fraction else None
    if line is None:
        return None
    if axis.is_time and line.high > number_of(statistics.captured_at) + AHEAD:
        return None
    return Candidate(
        table,
        column,
        line,
        counted.best_rows,
        _bytes(counted),
        known.correlation,
        queries,
        ranged,
        tuple(query for query in ranged if _is_retention(query, table, column)),
    )


def _ranges(query: Weighted, table: Table, column: Column) -> list[Predicate]:
    """Conditions that must hold for each row of the table that counts."""
    return [
        predicate
        for scope in query.scoped.scopes
        for predicate in scope.predicates
        if predicate.relation.qualified == table.qualified
        and predicate.column == column.name
        and predicate.kind is PredicateKind.RANGE
        and not predicate.path
        and not predicate.negated
        and predicate.compared.before_scan
    ]


def _is_retention(query: Weighted, table: Table, column: Column) -> bool:
    """A DELETE whose only bound of the column is an upper one."""
    if query.scoped.kind is not StatementKind.DELETE:
        return False
    bounds = [predicate for predicate in _ranges(query, table, column) if predicate.relation.target]
    return bool(bounds) and all(predicate.operator in ("<", "<=") for predicate in bounds)
