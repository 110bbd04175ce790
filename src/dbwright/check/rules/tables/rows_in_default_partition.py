"""Rows have landed in a DEFAULT partition.

## What it finds

DEFAULT partitions that hold rows, by the statistics, or by looking for a first row with `--data`.
A notice for partitioning by list, where the rest of the values has its place there by design.

## Why it matters

A partition for rows that are already in the DEFAULT one can't be made until they are moved; adding
any partition reads the whole DEFAULT one under a lock that stops its readers; and dropping old
partitions does not drop these rows.

## How to fix

Detach the DEFAULT partition, make the partitions that were missing, move the rows with INSERT …
SELECT and DELETE, and attach it again, in one transaction.

## When to ignore

It is meant as the place for everything else, and no partition will ever be made for its rows.

## Sources

- PostgreSQL manual, CREATE TABLE, PARTITION OF … DEFAULT: "the default partition must be
  scanned"; Partition Maintenance.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Answers, Fault, Question, rule
from dbwright.model.catalog import Catalog, Table, TableKind
from dbwright.model.finding import Confidence, Severity
from dbwright.model.statistics import Statistics, TableStatistics

TABLE = """
CREATE TABLE events (at date) PARTITION BY RANGE (at);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
"""

BAD = Example(
    TABLE + "INSERT INTO events VALUES ('2026-05-05'), ('2027-05-05');",
    objects=("public.events_rest",),
    fix_mends=False,
)

GOOD = Example(TABLE + "INSERT INTO events VALUES ('2026-05-05');")

ENOUGH = 1000
"""Rows are counted so far and no further."""


def _defaults(catalog: Catalog) -> Iterator[tuple[Table, Table]]:
    """Each DEFAULT partition that holds rows itself, and its parent."""
    for table in catalog.tables:
        if table.partition_bound == "DEFAULT" and table.kind is TableKind.TABLE and table.inherits:
            parent = catalog.find_table(table.inherits[0])
            if parent is not None:
                yield table, parent


def questions(catalog: Catalog) -> Iterator[Question]:
    for table, _ in _defaults(catalog):
        yield Question(
            table.qualified,
            f"SELECT count(*) AS rows FROM (SELECT FROM ONLY {table.qualified} "
            f"LIMIT {ENOUGH + 1}) s",
        )


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("statistics.tables",),
    bad=BAD,
    good=GOOD,
    questions=questions,
    data_optional=True,
)
def rows_in_default_partition(
    catalog: Catalog, statistics: Statistics, answers: Answers
) -> Iterator[Fault]:
    for table, parent in _defaults(catalog):
        counted = statistics.of(table)
        answer = answers.get(table.qualified)
        rows = _rows(counted)
        if answer:
            found = int(answer[0].rows)
            rows = found if found <= ENOUGH else max(rows, found)
        if not rows:
            continue
        by_list = parent.partition_key is not None and parent.partition_key.strategy == "list"
        about = "" if answer and rows <= ENOUGH else "about "
        yield Fault(
            object=table.ref,
            message=f"{table.qualified}, the default partition of {parent.qualified}, holds "
            f"{about}{rows:,.0f} rows",
            evidence={
                "partitioned_table": parent.qualified,
                "rows": int(rows),
                "size_bytes": counted.heap_bytes if counted else None,
            },
            severity=Severity.NOTICE if by_list else None,
            confidence=Confidence.HIGH if answer else None,
            advice=f"In one transaction: detach {table.qualified}, make the missing partitions of "
            f"{parent.qualified}, move the rows into them, and attach it again as DEFAULT.",
        )


def _rows(counted: TableStatistics | None) -> float:
    """As far as is known: the estimate is 0 for a table that was never analyzed, up to 13."""
    if counted is None or counted.heap_bytes == 0:
        return 0.0
    return max(counted.best_rows, counted.live_rows)
