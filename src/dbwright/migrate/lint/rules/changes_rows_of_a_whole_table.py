"""All rows of a table are changed in one statement.

## What it finds

UPDATE, DELETE and MERGE that reach all rows of a table (no WHERE, or one that no index serves), on
tables that were there before and are not small; INSERT … SELECT that copies them is told as a
notice.

## Why it matters

Each changed row stays locked until the end, so writers of it wait; each index is written for each
row; the dead rows bloat the table, and vacuum can remove nothing meanwhile.

## How to fix

In batches from key to key, each its own transaction: `dbwright migrate plan FILE` writes such a
file (`-- batches: table`).

## When to ignore

The table is hardly used.

## Sources

- PostgreSQL manual, Routine Vacuuming.
- ankane/strong_migrations, Backfilling data.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.size import (
    CriticalSeconds,
    Duration,
    Limits,
    SmallBytes,
    SmallRows,
    Work,
    duration,
)
from dbwright.migrate.lint.statement import brief, named, table_ref, target
from dbwright.model.finding import Confidence, LockMode, Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY, name text, email text);"
LARGE = {"public.users": 80 * 10**9}
BAD = (
    MigrationExample("UPDATE users SET name = '';", BEFORE, LARGE, objects=("public.users",)),
    MigrationExample("DELETE FROM users;", BEFORE, severity="warning"),
    MigrationExample("UPDATE users SET name = '' WHERE name IS NULL;", BEFORE, LARGE),
    MigrationExample(
        "CREATE TABLE other (id bigint PRIMARY KEY);"
        "WITH gone AS (DELETE FROM users RETURNING id) INSERT INTO other SELECT id FROM gone;",
        BEFORE,
        LARGE,
        objects=("public.users",),
    ),
    MigrationExample(
        "CREATE TABLE copies (id bigint); INSERT INTO copies SELECT id FROM users;",
        BEFORE,
        LARGE,
        severity="notice",
    ),
)
GOOD = (
    MigrationExample("UPDATE users SET name = '' WHERE id = 5;", BEFORE, LARGE),
    MigrationExample("DELETE FROM users;", BEFORE, {"public.users": 81920}),
    MigrationExample("INSERT INTO users VALUES (1, 'a', 'b');", BEFORE, LARGE),
    MigrationExample(f"{BEFORE} UPDATE users SET name = '';"),
    MigrationExample("-- batches: users\n-- UP\nUPDATE users SET name = '';", BEFORE, LARGE),
)
CHANGES = ("UpdateStmt", "DeleteStmt", "MergeStmt")


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD, planned=True)
def changes_rows_of_a_whole_table(
    step: JudgedStatement,
    file: JudgedMigration,
    run: JudgedRun,
    *,
    small_bytes: SmallBytes = 10_000_000,
    small_rows: SmallRows = 10_000,
    critical_seconds: CriticalSeconds = 60.0,
) -> Iterator[HazardFault]:
    limits = Limits(small_bytes, small_rows, critical_seconds)
    if step.kind not in (*CHANGES, "InsertStmt") or step.effects.refusal is not None:
        return
    scanned = {one.name for one in step.effects.scanned}
    changed = {
        lock.object.name for lock in step.effects.locks if lock.mode is LockMode.ROW_EXCLUSIVE
    }
    about, some = target(step, file), bool(step.node.get("whereClause"))
    inserts = step.kind == "InsertStmt"
    if inserts:
        yield from _copies(step, file, run, limits, scanned - changed - {about})
    # Without a condition it needs no look at how the rows are found.
    whole = {about} if about is not None and not some and not inserts else set()
    for name in sorted((scanned & changed) | whole):
        long = duration(run, file, name, Work.CHANGE, limits)
        if long is None or (inserts and name == about) or _in_batches(step, file, name):
            continue
        yield _change(step, file, name, long, some=some or name != about)


def _in_batches(step: JudgedStatement, file: JudgedMigration, name: str) -> bool:
    """Does the runner cut the statement, along the key of this table?"""
    options = file.options.batches
    if options is None:
        return False
    return named(step, file, [part for part in options.table if part is not None]) == name


def _change(
    step: JudgedStatement, file: JudgedMigration, name: str, long: Duration, *, some: bool
) -> HazardFault:
    size = f" ({long.size_words})" if long.size_words else ""
    all_rows = f"changes all rows of {name}{size}"
    does = f"reads all of {name}{size} to change what fits," if some else all_rows
    return HazardFault(
        table_ref(file, name),
        f"`{brief(step.text)}` {does} in one transaction: writers of these rows wait {long.words}",
        dict(long.evidence),
        advice="In batches from key to key: dbwright migrate plan FILE",
        severity=long.severity,
        confidence=Confidence.MEDIUM if some else None,
        detail=brief(step.text),
    )


def _copies(
    step: JudgedStatement, file: JudgedMigration, run: JudgedRun, limits: Limits, read: set[str]
) -> Iterator[HazardFault]:
    for name in sorted(read):
        long = duration(run, file, name, Work.CHANGE, limits)
        if long is not None and not _in_batches(step, file, name):
            yield HazardFault(
                table_ref(file, name),
                f"`{brief(step.text)}` copies all rows of {name} in one transaction: no old row "
                f"can be vacuumed for {long.words}",
                dict(long.evidence),
                advice="In batches from key to key.",
                severity=Severity.NOTICE,
                detail=brief(step.text),
            )
