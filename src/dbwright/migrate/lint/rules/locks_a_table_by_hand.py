"""LOCK TABLE blocks a table that is in use.

## What it finds

LOCK TABLE in a mode that blocks writes or reads, on a table that was there before.

## Why it matters

Without a mode it is ACCESS EXCLUSIVE: all reads and writes wait until the transaction ends.

## How to fix

Leave it out where the statement behind it takes the lock it needs; else say the weakest mode that
does.

## When to ignore

The lock is what the migration is for, and the transaction is short.

## Sources

- PostgreSQL manual, LOCK; Explicit Locking.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.held import lock_words, own_locks, waiters
from dbwright.migrate.lint.statement import brief
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY);"
BAD = MigrationExample("LOCK TABLE users;", BEFORE, objects=("public.users",))
GOOD = (
    MigrationExample("LOCK TABLE users IN ROW EXCLUSIVE MODE;", BEFORE),
    MigrationExample(f"{BEFORE} LOCK TABLE users;"),
)


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def locks_a_table_by_hand(step: JudgedStatement, file: JudgedMigration) -> Iterator[HazardFault]:
    if step.kind != "LockStmt":
        return
    for lock in own_locks(step, file):
        yield HazardFault(
            lock.object,
            f"`{brief(step.text)}` takes {lock_words(lock.mode)} on {lock.object.name}: "
            f"{waiters(lock.mode)} until the transaction ends",
            {"lock": lock.mode.value},
            advice="Leave it to the statement that needs it, or say the weakest mode that does.",
        )
