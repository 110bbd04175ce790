"""A transaction asks for a stronger lock on a table than it has.

## What it finds

A statement that needs a lock which blocks writes on a table that an earlier statement of the same
transaction wrote to, or locked against writes in a weaker mode.

## Why it matters

Another session that waits for what we hold has itself what we ask for: neither goes on, and
PostgreSQL throws one of them out (deadlock detected).

## How to fix

Begin with the strongest lock: change the schema first. Better: change rows in a migration of their
own.

## When to ignore

Nobody else writes to the table meanwhile.

## Sources

- PostgreSQL manual, Explicit Locking, Deadlocks.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.held import lock_words, own_locks, with_locks_held
from dbwright.model.finding import LockMode, Severity
from dbwright.model.judged import JudgedMigration

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY, name text);"
BAD = MigrationExample(
    "UPDATE users SET name = '' WHERE id = 5; ALTER TABLE users ADD COLUMN age integer;",
    BEFORE,
    objects=("public.users",),
)
GOOD = (
    MigrationExample(
        "ALTER TABLE users ADD COLUMN age integer; UPDATE users SET name = '' WHERE id = 5;", BEFORE
    ),
    MigrationExample("SELECT count(*) FROM users; ALTER TABLE users ADD COLUMN age int;", BEFORE),
)

ORDER = list(LockMode)
HARMLESS = (LockMode.ACCESS_SHARE, LockMode.ROW_SHARE, LockMode.SHARE_UPDATE_EXCLUSIVE)
"""Whoever holds one of these keeps nobody from reading or writing."""


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def asks_for_a_stronger_lock(file: JudgedMigration) -> Iterator[HazardFault]:
    for step, held in with_locks_held(file):
        for lock in own_locks(step, file):
            had = held.get(lock.object.name)
            if had is None or had.mode in HARMLESS or had.mode.blocks_reads:
                continue
            if ORDER.index(lock.mode) <= ORDER.index(had.mode):
                continue
            yield HazardFault(
                lock.object,
                f"the transaction has {lock_words(had.mode)} on {lock.object.name} since line "
                f"{had.step.statement.line}, and asks for {lock_words(lock.mode)}: with who writes "
                "there meanwhile it may deadlock",
                {
                    "held": had.mode.value,
                    "asked": lock.mode.value,
                    "held_since_line": had.step.statement.line,
                },
                advice="Put this statement first, or into a migration of its own.",
                step=step,
            )
