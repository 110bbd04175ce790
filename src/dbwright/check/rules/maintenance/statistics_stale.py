"""The planner's statistics of a table are out of date.

## What it finds

A table in which at least twice as many rows changed since the last ANALYZE as should have called
autovacuum to analyze it, and a large share of all its rows.

## Why it matters

The planner chooses indexes and joins by rows that are no longer there; one query in a hundred
becomes a thousand times slower.

## How to fix

Analyze it: a sample is read, nothing is blocked. After bulk loads, let the job that loads do so.

## When to ignore

Right after a bulk load: autovacuum is on its way.

## Sources

- PostgreSQL manual, Updating Planner Statistics; Run ANALYZE Afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.maintenance._storage import (
    analyze,
    analyze_trigger,
    day,
    is_analyzed,
    is_off,
    stored,
)
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.statistics import Statistics

TABLE = """
CREATE TABLE orders (id bigint PRIMARY KEY, state text) WITH (autovacuum_enabled = off);
INSERT INTO orders SELECT n, 'new' FROM generate_series(1, 3000) n;
"""

BAD = Example(
    TABLE
    + """
ANALYZE orders;
UPDATE orders SET state = 'sent' WHERE id % 2 = 0;
SELECT pg_stat_force_next_flush();
""",
    oldest=15,
    options={"min_rows": 1000, "min_minutes": 0},
    objects=("public.orders",),
)

GOOD = Example(
    TABLE
    + """
UPDATE orders SET state = 'sent' WHERE id % 2 = 0;
SELECT pg_stat_force_next_flush();
ANALYZE orders;
""",
    oldest=15,
    options={"min_rows": 1000, "min_minutes": 0},
)


@rule(
    severity=Severity.WARNING,
    needs=("statistics.tables", "statistics.columns"),
    bad=BAD,
    good=GOOD,
)
def statistics_stale(
    catalog: Catalog,
    statistics: Statistics,
    *,
    times: Annotated[float, "so many times what calls autovacuum"] = 2.0,
    min_rows: Annotated[int, "fewer changed rows are left alone"] = 10_000,
    min_share: Annotated[float, "of all rows"] = 0.2,
    min_minutes: Annotated[float, "autovacuum may come again so long after the last time"] = 10.0,
) -> Iterator[Fault]:
    if catalog.server.in_recovery:  # a standby counts nothing of it
        return
    for table in stored(catalog):
        counted = statistics.of(table)
        if counted is None or counted.modified_since_analyze < min_rows:
            continue
        if counted.last_analyze is None and not is_analyzed(statistics, table):
            continue  # never analyzed at all: another rule's
        if counted.last_analyze is not None:
            since = (statistics.captured_at - counted.last_analyze).total_seconds()
            if since < min_minutes * 60:
                continue
        changed, rows = counted.modified_since_analyze, counted.best_rows
        trigger = analyze_trigger(catalog, table, counted.rows)
        if changed < times * trigger or changed < min_share * rows:
            continue
        yield Fault(
            object=table.ref,
            message=f"{changed:,} rows of {table.qualified} changed since it was last analyzed; "
            f"{trigger:,.0f} call autovacuum",
            evidence={
                "modified_since_analyze": changed,
                "rows": round(rows),
                "autovacuum_at_rows": round(trigger),
                "autovacuum_enabled": not is_off(table.options),
                "last_analyze": day(counted.last_analyze),
            },
            fix=analyze(table),
        )
