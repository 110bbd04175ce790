"""A table that was there before is emptied.

## What it finds

TRUNCATE of tables that were there before the file, unless they are known to be empty; at severity
error where CASCADE empties tables that the statement does not name.

## Why it matters

The rows are gone for good, and the table is under ACCESS EXCLUSIVE until the transaction ends.

## How to fix

Name all tables instead of CASCADE, and keep a backup. To remove many rows while others work,
DELETE them in batches.

## When to ignore

The rows are wanted no more.

## Sources

- PostgreSQL manual, TRUNCATE.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.size import rows_of
from dbwright.migrate.lint.statement import brief, qualified
from dbwright.model.finding import LockMode, Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

BEFORE = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint, user_id bigint REFERENCES users);
"""
BAD = (
    MigrationExample("TRUNCATE orders;", BEFORE, objects=("public.orders",), severity="warning"),
    MigrationExample("TRUNCATE users CASCADE;", BEFORE, objects=("public.orders", "public.users")),
)
GOOD = (
    MigrationExample(f"{BEFORE} TRUNCATE orders;"),
    MigrationExample("TRUNCATE orders;", BEFORE, {"public.orders": 0}),
)


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def empties_a_table(
    step: JudgedStatement, file: JudgedMigration, run: JudgedRun
) -> Iterator[HazardFault]:
    relations = [one["RangeVar"] for one in step.node.get("relations", ())]
    said = {qualified(step, file, one) for one in relations}
    for table in step.effects.emptied:
        rows = rows_of(run, step, table.name)
        if file.is_new(table.name, step) or rows == 0:
            continue
        count = "" if rows is None else f" ({rows:,.0f} rows)"
        unnamed = step.kind == "TruncateStmt" and table.name not in said
        if unnamed and _is_partition(file, table.name, said):
            continue
        how = ", which CASCADE reaches and nobody named" if unnamed else ""
        yield HazardFault(
            table,
            f"`{brief(step.text)}` empties {table.name}{count}{how}",
            {"rows": None if rows is None else int(rows), "lock": LockMode.ACCESS_EXCLUSIVE.value},
            advice="Keep a backup; name all tables instead of CASCADE.",
            severity=Severity.ERROR if unnamed else None,
        )


def _is_partition(file: JudgedMigration, name: str, of: set[str]) -> bool:
    found = file.before.find_table(name)
    return found is not None and bool(of.intersection(found.inherits))
