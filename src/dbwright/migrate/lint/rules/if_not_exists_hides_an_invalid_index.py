"""IF NOT EXISTS takes an index for built that is not.

## What it finds

CREATE INDEX CONCURRENTLY IF NOT EXISTS; at severity error where the index is there and INVALID.

## Why it matters

A concurrent build that failed leaves its index behind, INVALID. Run again, this statement finds
the name, does nothing and says that all is well; the index serves no query, and each write pays
for it.

## How to fix

Leave IF NOT EXISTS out, and DROP INDEX CONCURRENTLY what a failed build left before the next try.

## When to ignore

The runner itself looks for INVALID indexes, as `dbwright migrate up` does.

## Sources

- PostgreSQL manual, CREATE INDEX, Building Indexes Concurrently.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import schema_of, target
from dbwright.model.finding import Fix, ObjectRef, Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement
from dbwright.model.names import qualify

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY, email text);"
BAD = MigrationExample(
    "-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS users_email ON users (email);",
    BEFORE,
    objects=("public.users_email",),
)
GOOD = (
    MigrationExample(
        "-- no-transaction\nCREATE INDEX CONCURRENTLY users_email ON users (email);", BEFORE
    ),
    MigrationExample("CREATE INDEX IF NOT EXISTS users_email ON users (email);", BEFORE),
)


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def if_not_exists_hides_an_invalid_index(
    step: JudgedStatement, file: JudgedMigration
) -> Iterator[HazardFault]:
    node = step.node
    if step.kind != "IndexStmt" or not node.get("concurrent") or not node.get("if_not_exists"):
        return
    about = target(step, file)
    table = None if about is None else file.before.find_table(about)
    known = () if table is None else table.indexes
    there = next((index for index in known if index.name == node.get("idxname")), None)
    if about is None or (there is not None and there.valid):
        return
    name = qualify(schema_of(file, about), node.get("idxname", ""))
    if there is not None:
        yield HazardFault(
            there.ref,
            f"{there.qualified} is there and INVALID: this does nothing",
            fix=Fix(f"DROP INDEX CONCURRENTLY {there.qualified};", "", transactional=False),
            severity=Severity.ERROR,
        )
        return
    yield HazardFault(
        ObjectRef("index", name),
        f"after a build that failed, IF NOT EXISTS leaves {name} INVALID and says nothing",
        advice="Leave IF NOT EXISTS out; drop what a failed build left before the next try.",
    )
