"""A table that is only inserted into is never vacuumed.

## What it finds

A large table with no vacuum since the counters run and not one all-visible page, for which inserts
do not call autovacuum: on PostgreSQL 12 always, later where `autovacuum_vacuum_insert_threshold`
is -1 (for the server or the table).

## Why it matters

Index-only scans look into the table for every row; and the vacuum against transaction id
wraparound, when it comes, has everything to do at once.

## How to fix

From PostgreSQL 13 on let inserts call autovacuum; on 12 vacuum it, and schedule that.

## When to ignore

The table is dropped or truncated before it grows old.

## Sources

- PostgreSQL manual, Updating the Visibility Map; The Autovacuum Daemon;
  release notes of 13: autovacuum_vacuum_insert_threshold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.maintenance._storage import (
    change_options,
    insert_trigger,
    is_off,
    stored,
    vacuum,
    vacuum_trigger,
)
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.statistics import Statistics

TABLE = """
CREATE TABLE readings (id bigint PRIMARY KEY, value int)
    WITH (autovacuum_vacuum_insert_threshold = -1);
INSERT INTO readings SELECT n, 0 FROM generate_series(1, 1200) n;
ANALYZE readings;
"""

BAD = Example(
    TABLE + "SELECT pg_stat_force_next_flush();",
    oldest=15,
    options={"min_rows": 1000},
    objects=("public.readings",),
)

GOOD = Example(
    TABLE + "VACUUM readings; SELECT pg_stat_force_next_flush();",
    oldest=15,
    options={"min_rows": 1000},
)

THRESHOLD = "autovacuum_vacuum_insert_threshold"


@rule(severity=Severity.WARNING, needs=("statistics.tables",), bad=BAD, good=GOOD)
def table_never_vacuumed(
    catalog: Catalog,
    statistics: Statistics,
    *,
    min_rows: Annotated[int, "with fewer inserts it does not matter"] = 1_000_000,
) -> Iterator[Fault]:
    if catalog.server.in_recovery:  # a standby counts nothing of it
        return
    for table in stored(catalog):
        counted = statistics.of(table)
        if counted is None or counted.inserted < min_rows or counted.last_vacuum is not None:
            continue
        if counted.all_visible_pages or is_off(table.options):
            continue
        if insert_trigger(catalog, table, counted.rows) is not None:
            continue
        if counted.dead_rows > vacuum_trigger(catalog, table, counted.rows):
            continue  # dead rows call autovacuum here
        own = THRESHOLD in dict(table.options)
        yield Fault(
            object=table.ref,
            message=f"{table.qualified} took {counted.inserted:,} inserts and was never vacuumed",
            evidence={
                "inserted_rows": counted.inserted,
                "dead_rows": counted.dead_rows,
                "pages": counted.pages,
                "all_visible_pages": 0,
                "xid_age": counted.xid_age,
            },
            fix=change_options(table, {THRESHOLD: None}, risk="autovacuum may start at once")
            if own
            else vacuum(table, "ANALYZE", counted.total_bytes),
            advice=""
            if own
            else "Schedule a VACUUM for it."
            if catalog.server.major < 13
            else f"Set {THRESHOLD} of the server back to 1000.",
        )
