"""A table is dropped that the running application may use.

## What it finds

DROP TABLE of a table that was there before the file.

## Why it matters

The version of the application that runs while the migration does still reads and writes it; the
rows are gone.

## How to fix

In two deployments: first one whose application no longer uses the table; then this migration.
Foreign keys of it are dropped alone before, for each locks the table that it points to.

## When to ignore

This is the second deployment; or it is a partition that nobody reads any more.

## Sources

- ankane/strong_migrations. PostgreSQL manual, DROP TABLE.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.size import rows_of
from dbwright.migrate.lint.statement import brief, list_name, named, table_ref
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement
from dbwright.model.names import quote

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY);"
BAD = (
    MigrationExample("DROP TABLE users;", BEFORE, objects=("public.users",), severity="warning"),
    MigrationExample(
        "DROP TABLE users; CREATE TABLE users (id bigint);", BEFORE, objects=("public.users",)
    ),
    MigrationExample(
        "DROP TABLE users CASCADE;",
        f"{BEFORE} CREATE TABLE orders (user_id bigint REFERENCES users);",
        objects=("public.users",),
        severity="error",
    ),
    MigrationExample(
        "DROP TABLE users CASCADE;",
        f"{BEFORE} CREATE MATERIALIZED VIEW people AS SELECT id FROM users;",
        severity="error",
    ),
    MigrationExample(
        "DROP SCHEMA shop CASCADE;",
        "CREATE SCHEMA shop; CREATE TABLE shop.users (id bigint);",
        objects=("shop.users",),
        severity="error",
    ),
    MigrationExample(
        "DROP TABLE users CASCADE;",
        f"{BEFORE} CREATE VIEW people AS SELECT id FROM users;",
        objects=("public.users",),
        severity="error",
    ),
)
GOOD = (
    MigrationExample(f"{BEFORE} DROP TABLE users;"),
    MigrationExample("DROP TABLE IF EXISTS users;"),
)


KINDS = ("table", "view", "materialized view", "foreign table")


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD, planned=True)
def drops_a_table(
    step: JudgedStatement, file: JudgedMigration, run: JudgedRun
) -> Iterator[HazardFault]:
    if step.kind != "DropStmt" or step.node.get("removeType") != "OBJECT_TABLE":
        yield from _unnamed(step, file)
        return
    said = [
        named(step, file, list_name(one["List"]["items"])) for one in step.node.get("objects", ())
    ]
    others = [
        str(one)
        for one in step.effects.dropped
        if one.kind in KINDS and one.name not in said and not file.is_new(one.name, step)
    ]
    others += _pointing_at(said, file)
    for name in said:
        if file.before.find_table(name) is None or file.is_new(name, step):
            continue
        rows = rows_of(run, step, name)
        also = f", and with it {', '.join(others)}" if others else ""
        count = "" if rows is None else f" ({rows:,.0f} rows)"
        yield HazardFault(
            table_ref(file, name),
            f"{name}{count} is dropped{also}: an application that still knows it fails, and its "
            "rows are gone",
            {"rows": None if rows is None else int(rows), "dropped_with_it": others},
            advice="First deploy an application that does not use it.",
            severity=Severity.ERROR if others else None,
        )


def _pointing_at(tables: Sequence[str], file: JudgedMigration) -> list[str]:
    """The foreign keys to the tables that CASCADE takes from others, which stay."""
    left = {one.oid: {key.name for key in one.foreign_keys} for one in file.after.tables}
    return [
        f"foreign key {quote(key.name)} of {one.qualified}"
        for one in file.before.tables
        for key in one.foreign_keys
        if key.references in tables and one.oid in left and key.name not in left[one.oid]
    ]


def _unnamed(step: JudgedStatement, file: JudgedMigration) -> Iterator[HazardFault]:
    """What goes with a schema, by a function or a block."""
    for ref in step.effects.dropped:
        known = ref.kind == "table" and file.before.find_table(ref.name) is not None
        if known and not file.is_new(ref.name, step):
            yield HazardFault(
                ref,
                f"`{brief(step.text)}` drops {ref.name} with its rows, and does not name it",
                advice="Name what is to go.",
                severity=Severity.ERROR,
            )
