"""A statement locks another table than the one that it is about.

## What it finds

Locks that block, on tables that were there before, taken by a statement about another table:
foreign keys lock the table that they point to, also when they are dropped (by DROP CONSTRAINT,
DROP COLUMN or DROP TABLE: ACCESS EXCLUSIVE), as do heirs and types. Told once a file for each
table.

## Why it matters

Nobody expects the table to stand still, and it may be the busiest one.

## How to fix

Keep `lock_timeout` short and try again, which `dbwright migrate up` does; do nothing long in the
same transaction. Drop a foreign key alone, before its table.

## When to ignore

The other table is hardly used.

## Sources

- PostgreSQL manual, ALTER TABLE; CREATE TABLE.
- The lock table of dbwright: measured on PostgreSQL 12 to 18.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.held import lock_words, own_locks, waiters
from dbwright.migrate.lint.statement import brief, dropped_from, found_table, is_row_change, target
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement

BEFORE = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users);
"""
BAD = (
    MigrationExample(
        "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey;",
        BEFORE,
        objects=("public.users",),
        severity="warning",
    ),
    MigrationExample(
        "CREATE TABLE notes (id bigint, user_id bigint REFERENCES users);",
        BEFORE,
        objects=("public.users",),
        severity="notice",
    ),
    MigrationExample("DROP TABLE orders;", BEFORE, objects=("public.users",)),
    MigrationExample(
        "DROP TABLE part;",
        "CREATE TABLE whole (id int) PARTITION BY LIST (id);"
        "CREATE TABLE part PARTITION OF whole FOR VALUES IN (1);",
        objects=("public.whole",),
        severity="warning",
    ),
)
GOOD = (
    MigrationExample("ALTER TABLE orders ADD COLUMN note text;", BEFORE),
    MigrationExample(f"{BEFORE} DROP TABLE orders;"),
    MigrationExample("DROP INDEX by_user;", f"{BEFORE} CREATE INDEX by_user ON orders (user_id);"),
)

ANYTHING = frozenset("DoStmt SelectStmt CallStmt TruncateStmt LockStmt VacuumStmt".split())
"""What names no table, or all of those that it locks."""


@hazard(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def locks_another_table(file: JudgedMigration) -> Iterator[HazardFault]:
    told: set[str] = set()
    for step in file.steps:
        if step.kind in ANYTHING or is_row_change(step) or "partbound" in step.node:
            continue
        about = _about(step, file)
        gone = {one.name for one in step.effects.dropped}
        for lock in own_locks(step, file):
            name = lock.object.name
            if name in about or name in told or name in gone or _is_part(file, name, about):
                continue
            told.add(name)
            yield HazardFault(
                lock.object,
                f"`{brief(step.text)}` takes {lock_words(lock.mode)} on {name}: "
                f"{waiters(lock.mode)} until the transaction ends",
                {"lock": lock.mode.value, "about": sorted(about)},
                advice="With a short lock_timeout, and tries again; nothing long beside it.",
                severity=Severity.WARNING if lock.mode.blocks_reads else None,
                step=step,
            )


def _about(step: JudgedStatement, file: JudgedMigration) -> frozenset[str]:
    if step.kind == "DropStmt":
        return dropped_from(step, file)
    found = target(step, file)
    return frozenset() if found is None else frozenset((found,))


def _is_part(file: JudgedMigration, name: str, about: Iterable[str]) -> bool:
    """Is it a partition or an heir of such a table? Then the lock is what everybody expects."""
    other = found_table(file, name)
    above = set() if other is None else set(_above(file, other.inherits))
    return not about or not above.isdisjoint(about)


def _above(file: JudgedMigration, parents: Iterable[str]) -> Iterator[str]:
    """The parents and theirs."""
    for name in parents:
        yield name
        table = found_table(file, name)
        if table is not None:
            yield from _above(file, table.inherits)
