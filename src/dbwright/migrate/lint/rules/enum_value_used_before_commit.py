"""A new value of an enum is used in the transaction that added it.

## What it finds

Statements that the server refuses because they use a value that ALTER TYPE … ADD VALUE added in
the same transaction.

## Why it matters

The server refuses it (SQLSTATE 55P04), and the migration fails.

## How to fix

Put ALTER TYPE … ADD VALUE into a migration of its own, before this one.

## When to ignore

Never.

## Sources

- PostgreSQL manual, ALTER TYPE.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import brief, file_ref
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement

BEFORE = "CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TABLE notes (mood mood);"
ADD, USE = "ALTER TYPE mood ADD VALUE 'fine';", "INSERT INTO notes VALUES ('fine');"
BAD = MigrationExample(f"{ADD}{USE}", BEFORE)
GOOD = (
    MigrationExample(f"-- no-transaction\n{ADD}{USE}", BEFORE),
    MigrationExample(ADD, BEFORE),
)
UNSAFE_USE = "55P04"


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD)
def enum_value_used_before_commit(
    step: JudgedStatement, file: JudgedMigration
) -> Iterator[HazardFault]:
    refusal = step.effects.refusal
    if refusal is None or refusal.sqlstate != UNSAFE_USE:
        return
    yield HazardFault(
        file_ref(file),
        f"`{brief(step.text)}` is refused: {refusal.message}",
        {"sqlstate": refusal.sqlstate},
        advice="Put ALTER TYPE … ADD VALUE into a migration of its own, before this one.",
        detail=brief(step.text),
    )
