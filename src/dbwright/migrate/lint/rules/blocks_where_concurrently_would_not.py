"""A statement blocks although it has a form that does not.

## What it finds

DROP INDEX and (from PostgreSQL 14 on) DETACH PARTITION without CONCURRENTLY, on tables that were
there before and are not small. Silent where that form is refused: for indexes of partitioned
tables, and where there is a default partition.

## Why it matters

Both take ACCESS EXCLUSIVE: while the statement waits for whoever uses the table, all who come
later wait behind it.

## How to fix

Say CONCURRENTLY, outside of a transaction.

## When to ignore

With a short lock_timeout and tries again.

## Sources

- PostgreSQL manual, DROP INDEX; ALTER TABLE, DETACH PARTITION.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.held import lock_words, own_locks, waiters
from dbwright.migrate.lint.size import Limits, SmallBytes, SmallRows, Work, duration
from dbwright.migrate.lint.statement import brief, commands, found_table, table_ref
from dbwright.model.finding import LockMode, Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

BEFORE = (
    "CREATE TABLE users (id bigint PRIMARY KEY, email text); CREATE INDEX old ON users (email);"
)
PARTS = """
CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
"""
BAD = (
    MigrationExample("DROP INDEX old;", BEFORE, objects=("public.users",)),
    MigrationExample(
        "ALTER TABLE events DETACH PARTITION events_2026;",
        PARTS,
        objects=("public.events",),
        oldest=14,
    ),
)
GOOD = (
    MigrationExample("-- no-transaction\nDROP INDEX CONCURRENTLY old;", BEFORE),
    MigrationExample("DROP INDEX old;", BEFORE, {"public.users": 81920}),
    MigrationExample(
        "ALTER TABLE events DETACH PARTITION events_2026;",
        f"{PARTS} CREATE TABLE events_rest PARTITION OF events DEFAULT;",
    ),
    MigrationExample("ALTER TABLE events DETACH PARTITION events_2026;", PARTS, newest=13),
)
DETACHES_CONCURRENTLY = 14


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD, planned=True)
def blocks_where_concurrently_would_not(
    step: JudgedStatement,
    file: JudgedMigration,
    run: JudgedRun,
    *,
    small_bytes: SmallBytes = 10_000_000,
    small_rows: SmallRows = 10_000,
) -> Iterator[HazardFault]:
    limits = Limits(small_bytes, small_rows, 60.0)
    if not step.effects.transactional:
        return
    for name, mode in _locked(step, file, run):
        if file.is_new(name, step) or duration(run, file, step, name, Work.SCAN, limits) is None:
            continue
        yield HazardFault(
            table_ref(file, name),
            f"`{brief(step.text)}` takes {lock_words(mode)} on {name}: {waiters(mode)}, "
            "and need not with CONCURRENTLY",
            {"lock": mode.value},
            advice="Say CONCURRENTLY, in a file that is no transaction.",
            detail=brief(step.text),
        )


def _locked(
    step: JudgedStatement, file: JudgedMigration, run: JudgedRun
) -> Iterator[tuple[str, LockMode]]:
    """The tables that wait, where the other form would be taken."""
    if step.kind == "DropStmt" and step.node.get("removeType") == "OBJECT_INDEX":
        for lock in own_locks(step, file, writes=False):
            table = found_table(file, lock.object.name)
            if table is not None and table.partition_key is None and not table.is_partition:
                yield lock.object.name, lock.mode
    if run.major >= DETACHES_CONCURRENTLY:
        for command in commands(step, file, "AT_DetachPartition"):
            table = found_table(file, command.table)
            mode = step.effects.lock_on(command.table)
            if table is None or mode is None or not mode.blocks_reads:
                continue
            children = file.before.children(table)
            if not any(child.partition_bound == "DEFAULT" for child in children):
                yield command.table, mode
