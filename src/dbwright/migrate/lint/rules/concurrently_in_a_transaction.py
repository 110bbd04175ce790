"""A statement refuses to run in a transaction, and the file is one.

## What it finds

CREATE INDEX CONCURRENTLY, VACUUM and their like in a file that is run as one transaction, or
between BEGIN and COMMIT.

## Why it matters

The server refuses it, and the migration fails.

## How to fix

Put it into a file of its own that is no transaction: `-- no-transaction` at its head (dbmate:
`transaction:false`; goose: `NO TRANSACTION`; Alembic: `autocommit_block`; Django: `atomic =
False`; Flyway: `executeInTransaction=false`; Rails: `disable_ddl_transaction!`). Prisma runs a
file with one statement so.

## When to ignore

Never.

## Sources

- PostgreSQL manual, CREATE INDEX, Building Indexes Concurrently.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.held import in_transaction
from dbwright.migrate.lint.statement import brief, file_ref, table_ref, target
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY, email text);"
BUILD = "CREATE INDEX CONCURRENTLY users_email ON users (email);"
BAD = (
    MigrationExample(BUILD, BEFORE),
    MigrationExample(f"BEGIN; ALTER TABLE users ADD COLUMN a int; {BUILD} COMMIT;", BEFORE),
    MigrationExample("VACUUM users;", BEFORE),
)
GOOD = MigrationExample(f"-- no-transaction\n{BUILD}", BEFORE)


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD)
def concurrently_in_a_transaction(
    step: JudgedStatement, file: JudgedMigration
) -> Iterator[HazardFault]:
    if step.effects.transactional or step.effects.refusal is not None:
        return
    if not in_transaction(step, file):
        return
    about = target(step, file)
    yield HazardFault(
        file_ref(file) if about is None else table_ref(file, about),
        f"`{brief(step.text)}` can't run in a transaction, and is in one",
        advice="Put it into a file of its own that says -- no-transaction at its head.",
        detail=brief(step.text),
    )
