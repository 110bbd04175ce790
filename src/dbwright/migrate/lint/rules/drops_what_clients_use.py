"""A view, a function or a type is dropped that clients may use.

## What it finds

DROP of views, materialized views, functions, types, schemas and sequences that were there before
the file and are not there after it; and whatever goes with CASCADE, at severity error where
columns, tables or triggers do. DROP DATABASE is critical.

## Why it matters

Queries of the running application that name it fail; what CASCADE takes along is written nowhere
in the migration.

## How to fix

First deploy an application that does not use it. Say what else is to go instead of CASCADE.

## When to ignore

Nothing uses it any more.

## Sources

- PostgreSQL manual, Dependency Tracking.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import commands
from dbwright.model.catalog import Catalog
from dbwright.model.finding import ObjectRef, Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement
from dbwright.model.names import enclosing, quote
from dbwright.sql.lexer import significant

BEFORE = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE VIEW people AS SELECT id FROM users;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE notes (id bigint, mood mood);
"""
BAD = (
    MigrationExample("DROP VIEW people;", BEFORE, objects=("public.people",), severity="warning"),
    MigrationExample(
        "DROP FUNCTION touch() CASCADE;",
        f"{BEFORE} CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RETURN NEW; END'; CREATE TRIGGER touched BEFORE UPDATE ON users "
        "FOR EACH ROW EXECUTE FUNCTION touch();",
        objects=("public.users.touched",),
    ),
    MigrationExample("DROP DATABASE shop;", objects=("shop",), severity="critical"),
    MigrationExample(
        "DROP TYPE mood CASCADE;", BEFORE, objects=("public.mood", "public.notes.mood")
    ),
)
GOOD = (
    MigrationExample(
        "DROP VIEW people; CREATE VIEW people AS SELECT id, id + 1 AS next FROM users;", BEFORE
    ),
    MigrationExample(f"{BEFORE} DROP VIEW people;"),
    MigrationExample("ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE;", BEFORE),
)


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def drops_what_clients_use(file: JudgedMigration) -> Iterator[HazardFault]:
    after = {(ref.kind, ref.name) for ref in _refs(file.after)}
    gone = [ref for ref in _refs(file.before) if (ref.kind, ref.name) not in after]
    for step in file.steps:
        if step.kind == "DropdbStmt":
            yield HazardFault(
                ObjectRef("database", quote(step.node["dbname"])),
                f"database {quote(step.node['dbname'])} is dropped with all that is in it",
                advice="Leave it out of migrations.",
                severity=Severity.CRITICAL,
                step=step,
            )
        if step.kind != "DropStmt" or step.effects.refusal is not None:
            continue
        kind = KINDS.get(step.node.get("removeType", ""))
        cascades = step.node.get("behavior") == "DROP_CASCADE"
        if cascades:
            yield from _columns(file, step)
            yield from _triggers(file, step)
        if kind is None:
            continue
        names = {ref.name for ref in step.effects.dropped}
        for ref in [ref for ref in gone if ref.kind in kind]:
            if ref.name in names or _mentions(step, ref):
                gone.remove(ref)
                yield HazardFault(
                    ref,
                    f"{ref} is dropped: a query that names it fails",
                    advice="First deploy an application that does not use it.",
                    severity=Severity.NOTICE if ref.kind in SELDOM else None,
                    step=step,
                )


KINDS = {
    "OBJECT_VIEW": ("view",),
    "OBJECT_MATVIEW": ("materialized view",),
    "OBJECT_FUNCTION": ("function",),
    "OBJECT_PROCEDURE": ("procedure",),
    "OBJECT_ROUTINE": ("function", "procedure"),
    "OBJECT_TYPE": ("type",),
    "OBJECT_DOMAIN": ("domain",),
    "OBJECT_SEQUENCE": ("sequence",),
    "OBJECT_SCHEMA": ("schema",),
}

OF_FUNCTIONS = ("OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE")
SELDOM = ("function", "procedure", "sequence")
"""What mostly other objects of the database use, and those would stand in the way."""


def _refs(catalog: Catalog) -> list[ObjectRef]:
    triggers = {trigger.function for table in catalog.tables for trigger in table.triggers}
    functions = [
        one.ref
        for one in catalog.functions
        if one.returns != "trigger" and one.qualified not in triggers
    ]
    return [
        *(view.ref for view in catalog.views),
        *(view.ref for view in catalog.materialized_views),
        *functions,
        *(type_.ref for type_ in catalog.types),
        *(sequence.ref for sequence in catalog.sequences),
        *(schema.ref for schema in catalog.schemas),
    ]


def _mentions(step: JudgedStatement, ref: ObjectRef) -> bool:
    """Is its bare name among the statement's words?"""
    bare = ref.name.partition("(")[0]
    words = {token.text.strip('"') for token in significant(step.text)}
    inner = next(iter(enclosing(bare)), "")
    return bare[len(inner) + 1 if inner else 0 :].strip('"') in words


def _triggers(file: JudgedMigration, step: JudgedStatement) -> Iterator[HazardFault]:
    """Triggers that go with their function, of tables that stay."""
    if step.node.get("removeType") not in OF_FUNCTIONS:
        return
    after = {one.oid: {trigger.name for trigger in one.triggers} for one in file.after.tables}
    for table in file.before.tables:
        for trigger in table.triggers:
            if trigger.name in after.get(table.oid, {trigger.name}) or trigger.inherited:
                continue
            yield HazardFault(
                table.trigger_ref(trigger.name),
                f"CASCADE drops the trigger {quote(trigger.name)} of {table.qualified}: what it "
                "did, nobody does",
                advice="Say what is to go with it, instead of CASCADE.",
                severity=Severity.ERROR,
                step=step,
            )


def _columns(file: JudgedMigration, step: JudgedStatement) -> Iterator[HazardFault]:
    """Columns that nobody named."""
    said = {
        (command.table, command.name)
        for one in file.steps
        for command in commands(one, file, "AT_DropColumn")
    }
    renamed = any(one.kind == "RenameStmt" for one in file.steps)
    for table in () if renamed else file.after.tables:
        had = file.before.find_table(table.qualified)
        if had is not None and had.oid != table.oid:
            continue  # another table took its name
        left = {column.name for column in table.columns}
        for column in () if had is None else had.columns:
            if column.name not in left and (table.qualified, column.name) not in said:
                yield HazardFault(
                    table.column_ref(column),
                    f"CASCADE drops {column.name} of {table.qualified} with its values",
                    advice="Say what is to go with it, instead of CASCADE.",
                    severity=Severity.ERROR,
                    step=step,
                )
