"""A foreign key is added whose columns no index begins with.

## What it finds

Foreign keys that the file adds to a table that was there before, where after it no valid index
without a condition begins with the columns. Silent for small tables.

## Why it matters

Whoever deletes a row of the referenced table, or changes its key, reads all of this one, under the
other's locks: measured, deleting 20 rows took 1.9 s without an index and 3 ms with one.

## How to fix

Build the index CONCURRENTLY before the foreign key.

## When to ignore

Rows of the referenced table are never deleted, nor their keys changed.

## Sources

- PostgreSQL manual, Constraints, Foreign Keys.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.size import Limits, SmallBytes, SmallRows, Work, duration
from dbwright.migrate.lint.statement import commands
from dbwright.model.catalog import ForeignKey, Table
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement
from dbwright.model.names import quote

BEFORE = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
"""
KEY = "ALTER TABLE orders ADD CONSTRAINT whose FOREIGN KEY (user_id) REFERENCES users NOT VALID;"
BAD = MigrationExample(KEY, BEFORE, objects=("public.orders.whose",))
GOOD = (
    MigrationExample(f"{KEY} CREATE INDEX orders_user_id ON orders (user_id);", BEFORE),
    MigrationExample(KEY, BEFORE, {"public.orders": 81920}),
    MigrationExample(f"{BEFORE}{KEY}"),
)


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def adds_foreign_key_without_index(
    file: JudgedMigration,
    run: JudgedRun,
    *,
    small_bytes: SmallBytes = 10_000_000,
    small_rows: SmallRows = 10_000,
) -> Iterator[HazardFault]:
    limits = Limits(small_bytes, small_rows, 60.0)
    for table in file.after.tables:
        had = file.before.find_table(table.qualified)
        if had is None or file.is_new(table.qualified):
            continue
        known = {key.name for key in had.foreign_keys}
        for key in table.foreign_keys:
            if key.name in known or key.inherited or _has_index(table, key):
                continue
            step = _step(file, table, key)
            for_size = step or file.steps[-1]
            if duration(run, file, for_size, table.qualified, Work.SCAN, limits) is None:
                continue
            columns = ", ".join(map(quote, key.columns))
            yield HazardFault(
                table.constraint_ref(key.name),
                f"{quote(key.name)} of {table.qualified} ({columns}) points to {key.references}, "
                "and no index begins with its columns",
                {"references": key.references, "columns": list(key.columns)},
                fix=_index(table, key),
                step=step,
            )


def _has_index(table: Table, key: ForeignKey) -> bool:
    wanted = set(key.columns)
    return any(
        index.valid and not index.partial and set(index.columns[: len(wanted)]) == wanted
        for index in table.indexes
    )


def _index(table: Table, key: ForeignKey) -> Fix | None:
    if table.partition_key is not None:
        return None
    columns = ", ".join(map(quote, key.columns))
    name = "_".join((table.name, *key.columns, "idx"))[:63]
    return Fix(
        f"CREATE INDEX CONCURRENTLY {quote(name)} ON {table.qualified} ({columns});",
        f"DROP INDEX CONCURRENTLY {quote(table.schema)}.{quote(name)};",
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        scans=True,
        transactional=False,
    )


def _step(file: JudgedMigration, table: Table, key: ForeignKey) -> JudgedStatement | None:
    """The statement that adds it."""
    for step in file.steps:
        for command in commands(step, file, "AT_AddConstraint", "AT_AddColumn"):
            constraint = command.definition("Constraint") or {}
            named = constraint.get("conname") in (None, key.name)
            if command.table == table.qualified and (
                (constraint.get("contype") == "CONSTR_FOREIGN" and named)
                or (command.definition("ColumnDef") or {}).get("colname") in key.columns
            ):
                return step
    return None
