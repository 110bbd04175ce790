"""All rows of a table are changed in one statement.

## What it finds

UPDATE, DELETE and MERGE that reach all rows of a table (no WHERE, or one that no index serves), on
tables that were there before and are not small, also within WITH, a function or a DO block;
INSERT … SELECT and CREATE TABLE … AS that copy them are told as a notice.

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

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.held import Held, with_locks_held
from dbwright.migrate.lint.size import (
    CriticalSeconds,
    Duration,
    Limits,
    SmallBytes,
    SmallRows,
    Work,
    duration,
)
from dbwright.migrate.lint.statement import brief, grouped, named, table_ref, target
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
        "DO $$ BEGIN UPDATE users SET name = ''; END $$;",
        BEFORE,
        LARGE,
        objects=("public.users",),
        severity="critical",
    ),
    MigrationExample(
        "WITH done AS (UPDATE users SET name = '' RETURNING id) SELECT count(*) FROM done;",
        BEFORE,
        LARGE,
        objects=("public.users",),
    ),
    MigrationExample(
        "ALTER TABLE users ADD age int; DO $$ BEGIN UPDATE users SET age = 1; END $$;",
        BEFORE,
        LARGE,
        objects=("public.users",),
    ),
    MigrationExample(
        "CREATE FUNCTION fill() RETURNS void LANGUAGE sql AS 'UPDATE users SET name = $q$$q$';"
        "SELECT fill();",
        BEFORE,
        LARGE,
        objects=("public.users",),
    ),
    MigrationExample(
        "ALTER TABLE users ADD age int; UPDATE users SET age = 1 WHERE name IS NULL;",
        BEFORE,
        LARGE,
        objects=("public.users",),
    ),
    MigrationExample(
        "CREATE TABLE copies AS SELECT id FROM users;", BEFORE, LARGE, severity="notice"
    ),
    MigrationExample("SELECT id INTO copies FROM users;", BEFORE, LARGE, severity="notice"),
    MigrationExample(
        "UPDATE parts SET name = '';",
        "CREATE TABLE parts (id int, name text) PARTITION BY LIST (id);"
        "CREATE TABLE part PARTITION OF parts FOR VALUES IN (1);",
        {"public.part": 80 * 10**9},
        objects=("public.parts",),
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
    MigrationExample("SELECT count(*) FROM users;", BEFORE, LARGE),
    MigrationExample("ALTER TABLE users ADD age int; SELECT count(*) FROM users;", BEFORE, LARGE),
    MigrationExample(
        "-- no-transaction\nDO $$ BEGIN LOOP UPDATE users SET name = '' WHERE id IN "
        "(SELECT id FROM users WHERE name IS NULL LIMIT 1000); EXIT WHEN NOT FOUND; COMMIT; "
        "END LOOP; END $$;",
        BEFORE,
        LARGE,
    ),
    MigrationExample("CREATE TABLE copies AS SELECT id FROM users WITH NO DATA;", BEFORE, LARGE),
    MigrationExample("CREATE TEMP TABLE users (id int); UPDATE users SET id = 1;", BEFORE, LARGE),
    MigrationExample(f"{BEFORE} UPDATE users SET name = '';"),
    MigrationExample("-- batches: users\n-- UP\nUPDATE users SET name = '';", BEFORE, LARGE),
)
CHANGES = ("UpdateStmt", "DeleteStmt", "MergeStmt")
ROW_EXCLUSIVE = LockMode.ROW_EXCLUSIVE
COPIES = ("InsertStmt", "CreateTableAsStmt")
CALLS = ("SelectStmt", "DoStmt", "CallStmt", "ExplainStmt")
"""What may change rows by WITH, a function, a block."""
KINDS = (*CHANGES, *COPIES, *CALLS)


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD, planned=True)
def changes_rows_of_a_whole_table(
    file: JudgedMigration,
    run: JudgedRun,
    *,
    small_bytes: SmallBytes = 10_000_000,
    small_rows: SmallRows = 10_000,
    critical_seconds: CriticalSeconds = 60.0,
) -> Iterator[HazardFault]:
    limits = Limits(small_bytes, small_rows, critical_seconds)
    for step, held in with_locks_held(file):
        if step.kind in KINDS and step.effects.refusal is None:
            for fault in _of_statement(step, held, file, run, limits):
                yield replace(fault, step=step)


def _of_statement(
    step: JudgedStatement,
    held: Mapping[str, Held],
    file: JudgedMigration,
    run: JudgedRun,
    limits: Limits,
) -> Iterator[HazardFault]:
    if step.kind in CALLS and not file.whole and "commit" in step.text.lower():
        return  # a block that goes over the rows in batches
    scanned = {one.name for one in step.effects.scanned}
    about = target(step, file) if step.kind in (*CHANGES, "InsertStmt") else None
    changed = _changed(step, held, file) | {about}
    some = bool(step.node.get("whereClause"))
    inserts = step.kind not in CHANGES
    if step.kind in COPIES or "intoClause" in step.node:
        yield from _copies(step, file, run, limits, scanned - changed)
    # Without a condition it needs no look at how the rows are found.
    whole = {about} if about is not None and not some and not inserts else set()
    for name in grouped(step, file, sorted((scanned & changed) | whole)):
        long = duration(run, file, step, name, Work.CHANGE, limits)
        if long is None or (inserts and name == about) or _in_batches(step, file, name):
            continue
        yield _change(step, file, name, long, some=some or name != about)


def _changed(
    step: JudgedStatement, held: Mapping[str, Held], file: JudgedMigration
) -> set[str | None]:
    """The tables whose rows it changes, as far as its locks tell. One that the transaction has
    locked before takes no other lock for that: then its words, and those of the functions that the
    file makes, tell whether it changes rows at all."""
    taken = {lock.object.name for lock in step.effects.locks if lock.mode is ROW_EXCLUSIVE}
    texts = [step.text, *(one.text for one in file.steps if one.kind == "CreateFunctionStmt")]
    said = " ".join(texts).lower()
    if not any(word in said for word in ("update", "delete", "merge")):
        return {*taken}
    weak = (LockMode.ACCESS_SHARE, LockMode.ROW_SHARE)
    return {*taken, *(name for name, lock in held.items() if lock.mode not in weak)}


def _in_batches(step: JudgedStatement, file: JudgedMigration, name: str) -> bool:
    """Does the runner cut the statement, along the key of this table?"""
    options = file.options.batches
    if options is None:
        return False
    return named(step, file, [part for part in options.table if part is not None]) == name


def _change(
    step: JudgedStatement, file: JudgedMigration, name: str, long: Duration, *, some: bool
) -> HazardFault:
    table = f"{name}{long.size_behind}"
    all_rows = f"changes all rows of {table}"
    does = f"reads all of {table} to change what fits," if some else all_rows
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
        long = duration(run, file, step, name, Work.CHANGE, limits)
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
