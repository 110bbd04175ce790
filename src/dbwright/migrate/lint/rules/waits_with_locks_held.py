"""Long work is done while a lock of an earlier statement is held.

## What it finds

Within one transaction, a statement that reads, changes, rewrites or indexes all rows of a table
after another statement took a lock that blocks. Silent where the work is on small tables or on
those that the run makes.

## Why it matters

A lock is held to the end of its transaction: whoever waits for the quick ALTER TABLE also waits for
the long UPDATE behind it.

## How to fix

Put the long work into a migration of its own, before or after. Fill columns in batches.

## When to ignore

The application is down for maintenance.

## Sources

- PostgreSQL manual, Explicit Locking, Table-Level Locks.
- ankane/strong_migrations, Backfilling data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.held import Held, lock_words, others_wait, waiters, with_locks_held
from dbwright.migrate.lint.size import (
    CriticalSeconds,
    Duration,
    Limits,
    SmallBytes,
    SmallRows,
    Work,
    duration,
)
from dbwright.migrate.lint.statement import brief, is_row_change, table_ref
from dbwright.model.finding import LockMode, Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY, email text); CREATE TABLE notes (body text);"
LARGE = {"public.users": 80 * 10**9, "public.notes": 80 * 10**9}
BAD = (
    MigrationExample(
        "ALTER TABLE users ADD COLUMN name text; UPDATE users SET name = email;",
        BEFORE,
        LARGE,
        objects=("public.users",),
        severity="critical",
    ),
    MigrationExample(
        "ALTER TABLE users ADD COLUMN name text; CREATE INDEX notes_body ON notes (body);",
        BEFORE,
        objects=("public.users",),
    ),
)
GOOD = (
    MigrationExample("ALTER TABLE users ADD COLUMN name text;", BEFORE, LARGE),
    MigrationExample(
        "-- no-transaction\nALTER TABLE users ADD COLUMN name text; UPDATE users SET name = email;",
        BEFORE,
        LARGE,
    ),
    MigrationExample(
        "ALTER TABLE users ADD COLUMN name text; UPDATE users SET name = email WHERE id = 5;",
        BEFORE,
        LARGE,
    ),
)

ORDER = list(LockMode)


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD)
def waits_with_locks_held(
    file: JudgedMigration,
    run: JudgedRun,
    *,
    small_bytes: SmallBytes = 10_000_000,
    small_rows: SmallRows = 10_000,
    critical_seconds: CriticalSeconds = 60.0,
) -> Iterator[HazardFault]:
    limits = Limits(small_bytes, small_rows, critical_seconds)
    told: set[str] = set()
    for step, held in with_locks_held(file):
        blocking = {name: one for name, one in held.items() if others_wait(one.mode, one.object)}
        if not blocking:
            continue
        found = _longest(step, file, run, limits)
        if found is None:
            continue
        worked, long = found
        others = _others(blocking, worked, step)
        new = {name: lock for name, lock in others.items() if name not in told}
        if not new:
            continue
        told |= new.keys()
        name, lock = max(new.items(), key=lambda one: ORDER.index(one[1].mode))
        more = f" (and {len(new) - 1} more)" if len(new) > 1 else ""
        yield HazardFault(
            table_ref(file, name),
            f"`{brief(step.text)}` works on all rows of {worked} while {lock_words(lock.mode)} on "
            f"{name}{more} is held since line {lock.step.statement.line}: {waiters(lock.mode)} "
            f"{long.words}",
            {
                "lock": lock.mode.value,
                "locked": sorted(new),
                "locked_in_line": lock.step.statement.line,
                "works_on": worked,
                **long.evidence,
            },
            advice="Put it into a migration of its own.",
            severity=long.severity,
            step=step,
        )


def _longest(
    step: JudgedStatement, file: JudgedMigration, run: JudgedRun, limits: Limits
) -> tuple[str, Duration] | None:
    """The table that the statement works on for the longest time."""
    effects = step.effects
    changed = Work.CHANGE if step.kind in ("UpdateStmt", "DeleteStmt") else Work.SCAN
    works = [(one.name, Work.REWRITE) for one in effects.rewritten]
    works += [(one.table.name, Work.BUILD) for one in effects.built]
    works += [(one.name, changed) for one in effects.scanned]
    known = [(n, long) for n, work in works if (long := duration(run, file, step, n, work, limits))]
    return max(known, key=lambda one: one[1].seconds or 0.0, default=None)


def _others(blocking: Mapping[str, Held], worked: str, step: JudgedStatement) -> Mapping[str, Held]:
    """Those whose lock the statement does not need itself: what is slow under its own lock, other
    rules tell."""
    if is_row_change(step):
        return blocking
    return {name: lock for name, lock in blocking.items() if name != worked}
