"""An index is INVALID when all files have run.

## What it finds

Indexes that the files made and that are not valid after the last of them: made with ON ONLY on a
partitioned table, and not attached for each partition.

## Why it matters

It serves no query, and no partition that is made later gets its own valid one by it.

## How to fix

Build the index on each partition CONCURRENTLY, and ALTER INDEX … ATTACH PARTITION each.

## When to ignore

The partitions follow in a later deployment.

## Sources

- PostgreSQL manual, Table Partitioning, Partition Maintenance.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.model.catalog import Catalog, Index
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

BEFORE = """
CREATE TABLE events (id bigint, at date) PARTITION BY RANGE (at);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
"""
ONLY = "CREATE INDEX by_day ON ONLY events (at);"
BAD = MigrationExample(ONLY, BEFORE, objects=("public.by_day",))
GOOD = MigrationExample(
    f"{ONLY} CREATE INDEX by_day_2026 ON events_2026 (at);"
    "ALTER INDEX by_day ATTACH PARTITION by_day_2026;",
    BEFORE,
)


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def index_left_invalid(run: JudgedRun) -> Iterator[HazardFault]:
    if not run.migrations:
        return
    known = {index.qualified for index in _indexes(run.migrations[0].before)}
    for index in _indexes(run.migrations[-1].after):
        if index.valid or index.qualified in known:
            continue
        file, step = _made(run, index)
        yield HazardFault(
            index.ref,
            f"{index.qualified} is INVALID when all files have run",
            advice="Build it on each partition, and ALTER INDEX … ATTACH PARTITION each.",
            step=step,
            file=file,
        )


def _indexes(catalog: Catalog) -> Iterator[Index]:
    for table in catalog.tables:
        yield from table.indexes


def _made(run: JudgedRun, index: Index) -> tuple[JudgedMigration, JudgedStatement | None]:
    for file in run.migrations:
        for step in file.steps:
            if any(one.name == index.qualified for one in step.effects.created):
                return file, step
    return run.migrations[-1], None
