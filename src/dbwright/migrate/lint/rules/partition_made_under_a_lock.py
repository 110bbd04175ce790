"""A partition is made in a way that locks the whole partitioned table.

## What it finds

CREATE TABLE … PARTITION OF a table that was there before.

## Why it matters

It takes ACCESS EXCLUSIVE on the partitioned table: all reads and writes of all partitions wait for
it, and it waits for all of them.

## How to fix

CREATE TABLE … (LIKE parent INCLUDING ALL) with a CHECK of its bounds, then ALTER TABLE parent
ATTACH PARTITION, which lets others read and write.

## When to ignore

With a short lock_timeout and tries again, where the table has quiet moments.

## Sources

- PostgreSQL manual, Table Partitioning, Partition Maintenance.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.held import lock_words, waiters
from dbwright.migrate.lint.statement import brief, qualified, table_ref
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement

BEFORE = "CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);"
PART = (
    "CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
)
BAD = MigrationExample(PART, BEFORE, objects=("public.events",))
GOOD = (
    MigrationExample(f"{BEFORE}{PART}"),
    MigrationExample(
        "CREATE TABLE events_2026 (LIKE events INCLUDING ALL, "
        "CHECK (at >= '2026-01-01' AND at < '2027-01-01'));"
        "ALTER TABLE events ATTACH PARTITION events_2026 "
        "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
        BEFORE,
    ),
)


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD, planned=True)
def partition_made_under_a_lock(
    step: JudgedStatement, file: JudgedMigration
) -> Iterator[HazardFault]:
    if step.kind != "CreateStmt" or "partbound" not in step.node:
        return
    for wrapped in step.node.get("inhRelations", ()):
        parent = qualified(step, file, wrapped["RangeVar"])
        mode = step.effects.lock_on(parent)
        if mode is None or not mode.blocks_reads or file.is_new(parent, step):
            continue
        yield HazardFault(
            table_ref(file, parent),
            f"`{brief(step.text)}` takes {lock_words(mode)} on {parent}: {waiters(mode)}",
            {"lock": mode.value},
            advice="Make the table apart, with a CHECK of its bounds, and ATTACH it.",
            detail=step.node["relation"]["relname"],
        )
