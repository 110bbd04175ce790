"""Autovacuum waits for too many dead rows in a very large table.

## What it finds

A table in which autovacuum starts only after tens of millions of rows are dead, because its
threshold is a share of the table (`autovacuum_vacuum_scale_factor`, a fifth by default), and whose
rows do get updated or deleted. Partitions are reported together, at their partitioned table.

## Why it matters

Until then the table and its indexes carry the dead rows along; and when vacuum comes at last, it
runs for hours.

## How to fix

Give the table a smaller scale factor, so that vacuum comes more often and has less to do.

## When to ignore

Updates and deletes come in one batch, and the batch vacuums the table itself.

## Sources

- PostgreSQL manual, The Autovacuum Daemon; release notes of 18:
  autovacuum_vacuum_max_threshold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.maintenance._storage import (
    Stored,
    change_options,
    grouped,
    is_off,
    stored,
    vacuum_trigger,
)
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.statistics import Statistics

TABLE = """
CREATE TABLE readings (id bigint PRIMARY KEY, value int);
INSERT INTO readings SELECT n, 0 FROM generate_series(1, 20000) n;
ANALYZE readings;
UPDATE readings SET value = 1 WHERE id % 10 = 0;
SELECT pg_stat_force_next_flush();
"""

OPTIONS = {"max_dead_rows": 2000}

BAD = Example(TABLE, oldest=15, options=OPTIONS, objects=("public.readings",))

GOOD = (
    Example(
        TABLE + "ALTER TABLE readings SET (autovacuum_vacuum_scale_factor = 0.01);",
        oldest=15,
        options=OPTIONS,
    ),
    Example(
        """
CREATE TABLE only_inserted (id bigint PRIMARY KEY);
INSERT INTO only_inserted SELECT n FROM generate_series(1, 20000) n;
ANALYZE only_inserted;
SELECT pg_stat_force_next_flush();
""",
        oldest=15,
        options=OPTIONS,
    ),
)

CHURN = 0.1
"""Fewer dead rows than this share of the threshold were ever made: it does not matter yet."""


@rule(severity=Severity.WARNING, needs=("statistics.tables",), bad=BAD, good=GOOD)
def autovacuum_too_lazy(
    catalog: Catalog,
    statistics: Statistics,
    *,
    max_dead_rows: Annotated[int, "autovacuum should come before so many"] = 10_000_000,
) -> Iterator[Fault]:
    if catalog.server.in_recovery:  # a standby counts nothing of it
        return
    lazy = {
        table.oid: trigger
        for table in stored(catalog)
        if (trigger := _lazy(catalog, statistics, table, max_dead_rows)) is not None
    }
    for top, members in grouped(catalog, (t for t in stored(catalog) if t.oid in lazy)):
        worst = max(members, key=lambda member: lazy[member.oid])
        counted = statistics.of(worst)
        if counted is None or counted.rows is None:
            continue
        fixes = [_fix(statistics, member, max_dead_rows) for member in members]
        part = f", a partition of {top.qualified}," if worst.oid != top.oid else ""
        yield Fault(
            object=top.ref,
            message=f"autovacuum leaves {worst.qualified}{part} alone until "
            f"{lazy[worst.oid]:,.0f} of its {counted.rows:,.0f} rows are dead",
            evidence={
                "autovacuum_at_rows": round(lazy[worst.oid]),
                "rows": round(counted.rows),
                "dead_rows": counted.dead_rows,
                "updated_rows": counted.updated,
                "deleted_rows": counted.deleted,
                "tables": [member.qualified for member in members],
            },
            fix=Fix(
                up="\n".join(fix.up for fix in fixes),
                down="\n".join(fix.down for fix in fixes),
                lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
                risk="autovacuum may start on the table at once",
            ),
        )


def _lazy(
    catalog: Catalog, statistics: Statistics, table: Stored, max_dead_rows: int
) -> float | None:
    counted = statistics.of(table)
    if counted is None or counted.rows is None or is_off(table.options):
        return None
    churn = counted.updated + counted.deleted
    if churn < CHURN * max_dead_rows:
        return None
    trigger = vacuum_trigger(catalog, table, counted.rows)
    return trigger if trigger >= max_dead_rows and churn >= CHURN * trigger else None


def _fix(statistics: Statistics, table: Stored, max_dead_rows: int) -> Fix:
    """A scale that starts vacuum at a fifth of what is too much, and the usual threshold."""
    counted = statistics.of(table)
    rows = (counted.rows if counted else None) or 1.0
    scale = min(0.05, max_dead_rows / 5 / rows)
    wanted: dict[str, str | None] = {"autovacuum_vacuum_scale_factor": f"{scale:.2g}"}
    if "autovacuum_vacuum_threshold" in dict(table.options):
        wanted["autovacuum_vacuum_threshold"] = None
    return change_options(table, wanted)
