"""Something is renamed that the running application knows by its old name.

## What it finds

RENAME of tables, columns, views, types, enum values, functions, schemas and sequences that were
there before, and SET SCHEMA of tables. Silent where after the file something else has the old
name, such as a view.

## Why it matters

The version of the application that runs while the migration does knows the old name, the next one
only the new one: there is no moment at which both work.

## How to fix

A table: rename it and put a view of the old name over it, in one transaction. A column: a second
one, kept up to date by a trigger, until nobody uses the first. `dbwright migrate plan FILE` writes
both.

## When to ignore

The application is down meanwhile, or does not use it yet.

## Sources

- ankane/strong_migrations, Renaming a column.
- xataio/pgroll: two versions of a schema at a time.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import column_ref, found_column, list_name, named, qualified
from dbwright.model.finding import ObjectRef, Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement
from dbwright.model.names import quote

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY, email text);"
BAD = (
    MigrationExample(
        "ALTER TABLE users RENAME COLUMN email TO mail;", BEFORE, objects=("public.users.email",)
    ),
    MigrationExample("ALTER TABLE users RENAME TO people;", BEFORE, objects=("public.users",)),
    MigrationExample(
        "CREATE SCHEMA old; ALTER TABLE users SET SCHEMA old;", BEFORE, objects=("public.users",)
    ),
)
GOOD = (
    MigrationExample(
        "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people;", BEFORE
    ),
    MigrationExample("ALTER INDEX users_pkey RENAME TO users_key;", BEFORE),
    MigrationExample(f"{BEFORE} ALTER TABLE users RENAME TO people;"),
)
RELATIONS = {"OBJECT_TABLE": "table", "OBJECT_VIEW": "view", "OBJECT_MATVIEW": "materialized view"}
OTHERS = {
    "OBJECT_TYPE": "type",
    "OBJECT_DOMAIN": "domain",
    "OBJECT_FUNCTION": "function",
    "OBJECT_SEQUENCE": "sequence",
    "OBJECT_SCHEMA": "schema",
}


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD, planned=True)
def renames_what_clients_use(step: JudgedStatement, file: JudgedMigration) -> Iterator[HazardFault]:
    if step.effects.refusal is not None:
        return
    found = _renamed(step, file)
    if found is None:
        return
    ref, new = found
    what = f"{ref} is renamed to {new}"
    if step.kind == "AlterEnumStmt":
        what = f"the value {step.node['oldVal']} of {ref} is renamed to {new}"
    elif step.kind == "AlterObjectSchemaStmt":
        what = f"{ref} is moved to the schema {new}"
    severe = ref.kind in ("column", *RELATIONS.values()) or _has_relations(file, ref)
    yield HazardFault(
        ref,
        f"{what}: the application that runs now knows only the old name",
        {"new_name": new},
        advice="Keep the old name working until nobody uses it.",
        severity=None if severe else Severity.WARNING,
    )


def _has_relations(file: JudgedMigration, ref: ObjectRef) -> bool:
    """Is it a schema with tables or views?"""
    found = file.before.relations() if ref.kind == "schema" else ()
    return any(quote(one.schema) == ref.name for one in found)


def _renamed(step: JudgedStatement, file: JudgedMigration) -> tuple[ObjectRef, str] | None:
    node = step.node
    if step.kind == "AlterEnumStmt" and node.get("oldVal"):
        name = named(step, file, list_name(node["typeName"]))
        return (ObjectRef("type", name), node["newVal"]) if _was(file, name) else None
    if step.kind == "AlterObjectSchemaStmt" and node.get("objectType") in RELATIONS:
        return _relation(step, file, RELATIONS[node["objectType"]], quote(node["newschema"]))
    if step.kind != "RenameStmt":
        return None
    kind = node.get("renameType", "")
    new = quote(node.get("newname", ""))
    if kind == "OBJECT_COLUMN" and node.get("relationType") in RELATIONS:
        return _column(step, file, new)
    if kind in RELATIONS:
        return _relation(step, file, RELATIONS[kind], new)
    return _other(step, file, OTHERS[kind], new) if kind in OTHERS else None


def _column(step: JudgedStatement, file: JudgedMigration, new: str) -> tuple[ObjectRef, str] | None:
    table = qualified(step, file, step.node["relation"])
    old = step.node["subname"]
    again = found_column(file.after, table, old) is not None
    known = found_column(file.before, step.renamed.get(table, table), old)
    if (
        file.is_new(table, step)
        or again
        or (known is None and step.node["relationType"] != "OBJECT_VIEW")
    ):
        return None
    return column_ref(table, old), new


def _relation(
    step: JudgedStatement, file: JudgedMigration, kind: str, new: str
) -> tuple[ObjectRef, str] | None:
    name = named_before(step, file)
    names = {one.qualified for one in file.after.relations()}
    there = {one.qualified for one in file.before.relations()}
    if file.is_new(name, step) or name in names or name not in there:
        return None
    return ObjectRef(kind, name), new


def _other(
    step: JudgedStatement, file: JudgedMigration, kind: str, new: str
) -> tuple[ObjectRef, str] | None:
    node = step.node
    if kind == "schema":
        name = quote(node.get("subname", ""))
        return (ObjectRef(kind, name), new) if _was(file, name, schemas=True) else None
    parts = node.get("object", {}).get("List", {}).get("items")
    if kind == "function":
        parts = node.get("object", {}).get("ObjectWithArgs", {}).get("objname")
    if kind == "sequence":
        parts = None
        name = named_before(step, file)
    if parts is not None:
        name = named(step, file, list_name(parts))
    elif kind != "sequence":
        return None
    return (ObjectRef(kind, name), new) if _was(file, name) else None


def _was(file: JudgedMigration, name: str, *, schemas: bool = False) -> bool:
    """Was there such an object before the file?"""
    before = file.before
    if schemas:
        return any(quote(one.name) == name for one in before.schemas)
    return (
        any(one.qualified == name for one in before.types)
        or before.function(name) is not None
        or before.sequence(name) is not None
    )


def named_before(step: JudgedStatement, file: JudgedMigration) -> str:
    """The relation's whole name before it."""
    return qualified(step, file, step.node["relation"])
