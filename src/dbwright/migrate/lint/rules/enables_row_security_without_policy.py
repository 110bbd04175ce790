"""Row level security is switched on, and nobody may see a row.

## What it finds

ENABLE ROW LEVEL SECURITY on a table that was there before, without a policy on it after the file.

## Why it matters

Whoever is not its owner sees no row and can write none from that moment on, without an error.

## How to fix

CREATE POLICY in the same transaction.

## When to ignore

Only its owner is to use it.

## Sources

- PostgreSQL manual, Row Security Policies.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import commands
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY);"
ENABLE = "ALTER TABLE users ENABLE ROW LEVEL SECURITY;"
BAD = MigrationExample(ENABLE, BEFORE, objects=("public.users",))
GOOD = (
    MigrationExample(f"CREATE POLICY all_rows ON users USING (true); {ENABLE}", BEFORE),
    MigrationExample(f"{BEFORE}{ENABLE}"),
)


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD)
def enables_row_security_without_policy(
    step: JudgedStatement, file: JudgedMigration
) -> Iterator[HazardFault]:
    for command in commands(step, file, "AT_EnableRowSecurity"):
        before = file.before.find_table(command.table)
        after = file.after.find_table(command.table)
        new = file.is_new(command.table, step)
        if before is None or after is None or before.row_security or new:
            continue
        if after.row_security and not after.policies:
            yield HazardFault(
                after.ref,
                f"{command.table} is under row level security without a policy: all but its owner "
                "see no row",
                advice="CREATE POLICY in the same transaction.",
            )
