"""A constraint is added as NOT VALID and validated in one transaction.

## What it finds

VALIDATE CONSTRAINT in the transaction that added the constraint, on a table that is not small and
that the run did not make.

## Why it matters

VALIDATE by itself lets others write; but the lock of ADD CONSTRAINT is held to the end of the
transaction, so they wait for the whole check as if NOT VALID had not been said.

## How to fix

Put VALIDATE CONSTRAINT into a migration of its own.

## When to ignore

Never: it costs nothing to part them.

## Sources

- PostgreSQL manual, ALTER TABLE, Notes.
- ankane/strong_migrations, Adding a foreign key.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.held import lock_words, waiters, with_locks_held
from dbwright.migrate.lint.size import (
    CriticalSeconds,
    Limits,
    SmallBytes,
    SmallRows,
    Work,
    duration,
)
from dbwright.migrate.lint.statement import commands, table_ref
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedRun
from dbwright.model.names import quote

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY, email text);"
LARGE = {"public.users": 80 * 10**9}
TWO = (
    "ALTER TABLE users ADD CONSTRAINT short CHECK (email < 'z') NOT VALID;"
    "ALTER TABLE users VALIDATE CONSTRAINT short;"
)
BAD = MigrationExample(TWO, BEFORE, LARGE, objects=("public.users",), severity="critical")
GOOD = (
    MigrationExample(f"-- no-transaction\n{TWO}", BEFORE, LARGE),
    MigrationExample(TWO, BEFORE, {"public.users": 81920}),
)


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD)
def constraint_validated_in_the_same_transaction(
    file: JudgedMigration,
    run: JudgedRun,
    *,
    small_bytes: SmallBytes = 10_000_000,
    small_rows: SmallRows = 10_000,
    critical_seconds: CriticalSeconds = 60.0,
) -> Iterator[HazardFault]:
    limits = Limits(small_bytes, small_rows, critical_seconds)
    for step, held in with_locks_held(file):
        for command in commands(step, file, "AT_ValidateConstraint"):
            lock = held.get(command.table)
            long = duration(run, file, step, command.table, Work.SCAN, limits)
            if lock is None or not lock.mode.blocks_writes or long is None:
                continue
            if not step.effects.scanned and not step.effects.validated:
                continue  # the server has a proof
            yield HazardFault(
                table_ref(file, command.table),
                f"{quote(command.name)} of {command.table} is validated while "
                f"{lock_words(lock.mode)} is held since line {lock.step.statement.line}: "
                f"{waiters(lock.mode)} {long.words}",
                {
                    "lock": lock.mode.value,
                    "locked_in_line": lock.step.statement.line,
                    **long.evidence,
                },
                advice="Put VALIDATE CONSTRAINT into a migration of its own.",
                severity=long.severity,
                step=step,
                detail=command.name,
            )
