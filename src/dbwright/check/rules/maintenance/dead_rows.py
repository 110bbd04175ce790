"""Dead rows pile up: autovacuum does not keep up.

## What it finds

A table with at least twice as many dead rows as should have called autovacuum (its own storage
parameters, else the server's), and a noticeable share of all its rows. A table that a vacuum works
on at this moment is left out.

## Why it matters

Scans read dead rows along with living ones, indexes keep pointing to them, and the file grows
for good.

## How to fix

Vacuum it now. Then find out why autovacuum did not: it is switched off, too slow
(`autovacuum_vacuum_cost_limit`, `autovacuum_max_workers`), always cancelled by DDL or LOCK TABLE,
or an old snapshot holds it back (maintenance/old-snapshot-blocks-vacuum).

## When to ignore

Right after a mass DELETE or UPDATE: autovacuum is on its way. A job that vacuums within a second
after its own changes is counted in the wrong order: the next vacuum puts it right.

## Sources

- PostgreSQL manual, Recovering Disk Space; The Autovacuum Daemon.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.maintenance._storage import day, is_off, stored, vacuum, vacuum_trigger
from dbwright.model.activity import Activity
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.statistics import Statistics

TABLE = """
CREATE TABLE jobs (id bigint PRIMARY KEY, done boolean) WITH (autovacuum_enabled = off);
INSERT INTO jobs SELECT n, false FROM generate_series(1, 5000) n;
SELECT pg_stat_force_next_flush();
ANALYZE jobs;
"""

BAD = Example(
    TABLE + "UPDATE jobs SET done = true; SELECT pg_stat_force_next_flush();",
    oldest=15,
    options={"min_rows": 1000},
    objects=("public.jobs",),
)

GOOD = Example(
    TABLE + "DELETE FROM jobs WHERE id % 10 = 0; SELECT pg_stat_force_next_flush();",
    oldest=15,
    options={"min_rows": 100},
)


@rule(severity=Severity.WARNING, needs=("statistics.tables",), bad=BAD, good=GOOD)
def dead_rows(
    catalog: Catalog,
    statistics: Statistics,
    activity: Activity | None,
    *,
    times: Annotated[float, "so many times what calls autovacuum"] = 2.0,
    min_rows: Annotated[int, "fewer dead rows are left alone"] = 10_000,
    min_share: Annotated[float, "of all rows, dead ones counted"] = 0.05,
) -> Iterator[Fault]:
    if catalog.server.in_recovery:  # a standby counts nothing of it
        return
    busy = {vacuum.table for vacuum in activity.vacuums} if activity else set()
    for table in stored(catalog):
        counted = statistics.of(table)
        if counted is None or counted.dead_rows < min_rows or table.qualified in busy:
            continue
        trigger = vacuum_trigger(catalog, table, counted.rows)
        share = counted.dead_rows / (counted.dead_rows + counted.live_rows)
        if counted.dead_rows < times * trigger or share < min_share:
            continue
        yield Fault(
            object=table.ref,
            message=f"{table.qualified} holds {counted.dead_rows:,} dead rows ({share:.0%}); "
            f"{trigger:,.0f} call autovacuum",
            evidence={
                "dead_rows": counted.dead_rows,
                "live_rows": counted.live_rows,
                "dead_fraction": round(share, 4),
                "autovacuum_at_rows": round(trigger),
                "autovacuum_enabled": not is_off(table.options),
                "last_vacuum": day(counted.last_vacuum),
                "size_bytes": counted.heap_bytes,
            },
            fix=vacuum(
                table,
                "ANALYZE",
                counted.total_bytes,
                risk="removes nothing that an older transaction can still see",
            ),
        )
