"""One transaction locks several tables that are in use.

## What it finds

Three or more tables that were there before (`min_tables`) under ACCESS EXCLUSIVE in one
transaction, by several statements.

## Why it matters

The first table stays locked while the transaction waits for the next one, so each wait adds up;
and two sessions that lock them in different orders wait for each other until one is thrown out.

## How to fix

A migration for each table; or each statement a transaction of its own (`-- no-transaction`).

## When to ignore

The tables must change in the same moment, and are locked in the order in which the application
writes them.

## Sources

- PostgreSQL manual, Explicit Locking, Deadlocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.held import own_locks
from dbwright.migrate.lint.statement import file_ref
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement

BEFORE = "CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c (id int);"
THREE = "".join(f"ALTER TABLE {name} ADD COLUMN note text;" for name in "abc")
BAD = MigrationExample(THREE, BEFORE)
GOOD = (
    MigrationExample(f"-- no-transaction\n{THREE}", BEFORE),
    MigrationExample("ALTER TABLE a ADD COLUMN note text;", BEFORE),
    MigrationExample(f"{BEFORE}{THREE}"),
)


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def locks_several_tables(
    file: JudgedMigration,
    *,
    min_tables: Annotated[int, "tables under ACCESS EXCLUSIVE in one transaction"] = 3,
) -> Iterator[HazardFault]:
    locked: dict[int, dict[str, JudgedStatement]] = {}
    for step in file.steps:
        if step.effects.transactional:
            tables = locked.setdefault(step.transaction, {})
            for lock in own_locks(step, file, writes=False):
                tables.setdefault(lock.object.name, step)
    for number, tables in locked.items():
        steps = {id(step) for step in tables.values()}
        if len(tables) < min_tables or len(steps) < 2:
            continue
        names = list(tables)
        yield HazardFault(
            file_ref(file),
            f"one transaction holds ACCESS EXCLUSIVE on {len(names)} tables: {', '.join(names)}",
            {"tables": names, "table_count": len(names)},
            advice="A migration for each table, or `-- no-transaction` at the file's head.",
            step=tables[names[min_tables - 1]],
            detail=str(number),
        )
