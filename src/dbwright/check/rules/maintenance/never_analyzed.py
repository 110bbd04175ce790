"""A table was never analyzed.

## What it finds

A table or materialized view of some size without any planner statistics, and a partitioned table
without statistics over all its partitions (autovacuum analyzes partitions, never the partitioned
table itself). When many tables lack them, as after pg_upgrade, one finding says so for the whole
database.

## Why it matters

Without statistics the planner guesses: wrong join orders, indexes not used, hash tables of the
wrong size. For a partitioned table it guesses whenever a query reads several partitions.

## How to fix

Analyze it. For a partitioned table repeat that from time to time by a scheduled job: nothing else
does it.

## When to ignore

The table was made this minute, or every query on the partitioned table reads one partition only.

## Sources

- PostgreSQL manual, Updating Planner Statistics; The Autovacuum Daemon (what it says
  of partitioned tables); pg_upgrade, Statistics.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.maintenance._storage import Stored, analyze, is_analyzed, root
from dbwright.model.catalog import Catalog, Table, TableKind
from dbwright.model.finding import Fix, LockMode, ObjectRef, Severity
from dbwright.model.names import quote
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics

TABLES = """
CREATE TABLE orders (id bigint, note text) WITH (autovacuum_enabled = off);
INSERT INTO orders SELECT n, 'note ' || n FROM generate_series(1, 1000) n;
CREATE TABLE events (at date, kind text) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO events SELECT '2025-05-05', 'kind ' || n FROM generate_series(1, 1000) n;
CREATE TABLE empty (id bigint);
"""

BAD = (
    Example(
        TABLES + "ANALYZE events_2025;",
        options={"min_bytes": 8192},
        objects=("public.orders", "public.events"),
    ),
    Example(TABLES, options={"min_bytes": 8192, "one_by_one": 1}),
)

GOOD = Example(TABLES + "ANALYZE orders; ANALYZE events;", options={"min_bytes": 8192})


@rule(
    severity=Severity.WARNING,
    needs=("statistics.tables", "statistics.columns"),
    bad=BAD,
    good=GOOD,
)
def never_analyzed(
    catalog: Catalog,
    statistics: Statistics,
    snapshot: Snapshot,
    *,
    min_bytes: Annotated[int, "smaller tables are left alone"] = 1_000_000,
    one_by_one: Annotated[int, "more tables than that are told together"] = 10,
) -> Iterator[Fault]:
    hidden = {
        name
        for part in snapshot.skipped
        if part.part == "statistics.columns.restricted"
        for name in part.objects
    }
    found: list[tuple[Stored, int]] = []
    for relation in _candidates(catalog, statistics):
        size = _bytes(catalog, statistics, relation)
        if size >= min_bytes and relation.qualified not in hidden and _wanted(relation):
            found.append((relation, size))
    if len(found) > one_by_one:
        yield _together(catalog, found)
        return
    for relation, size in found:
        over = isinstance(relation, Table) and relation.kind is TableKind.PARTITIONED
        yield Fault(
            object=relation.ref,
            message=f"{relation.qualified} was never analyzed"
            + (" as a whole: the planner knows its partitions one by one only" if over else ""),
            evidence={"size_bytes": size},
            fix=None if catalog.server.in_recovery else analyze(relation),
            advice="Analyze it on the primary." if catalog.server.in_recovery else "",
        )


def _candidates(catalog: Catalog, statistics: Statistics) -> Iterator[Stored]:
    """What has no statistics. A partitioned table stands for its partitions as well: analyzing
    it analyzes them."""
    covered: set[str] = set()
    for table in catalog.tables:
        top = table.kind is TableKind.PARTITIONED and not table.is_partition
        if top and not is_analyzed(statistics, table):
            covered.add(table.qualified)
            yield table
    for table in catalog.tables:
        alone = table.stores_rows and root(catalog, table).qualified not in covered
        if alone and not is_analyzed(statistics, table):
            yield table
    for view in catalog.materialized_views:
        if not is_analyzed(statistics, view):
            yield view


def _bytes(catalog: Catalog, statistics: Statistics, relation: Stored) -> int:
    """Of its rows; of a partitioned table, those of all its partitions."""
    if isinstance(relation, Table) and relation.kind is TableKind.PARTITIONED:
        return sum(_bytes(catalog, statistics, child) for child in catalog.children(relation))
    counted = statistics.of(relation)
    return (counted.heap_bytes or 0) if counted else 0


def _wanted(relation: Stored) -> bool:
    """Is there a column that ANALYZE would look at?"""
    return any(column.statistics_target != 0 for column in relation.columns)


def _together(catalog: Catalog, found: list[tuple[Stored, int]]) -> Fault:
    largest = sorted(found, key=lambda one: (-one[1], one[0].qualified))[:10]
    name = quote(catalog.server.database)
    primary = not catalog.server.in_recovery
    return Fault(
        object=ObjectRef("database", name),
        message=f"{len(found)} tables of {name} were never analyzed",
        evidence={
            "tables": len(found),
            "size_bytes": sum(size for _, size in found),
            "largest": [relation.qualified for relation, _ in largest],
        },
        fix=Fix(up="ANALYZE;", down="", lock=LockMode.SHARE_UPDATE_EXCLUSIVE, transactional=False)
        if primary
        else None,
        advice="After pg_upgrade: vacuumdb --all --analyze-in-stages gives every table a first, "
        "rough picture within minutes.",
    )
