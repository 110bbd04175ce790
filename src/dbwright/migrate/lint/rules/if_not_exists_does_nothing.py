"""IF NOT EXISTS finds something else under the name, and says nothing.

## What it finds

CREATE TABLE, ADD COLUMN and CREATE INDEX with IF NOT EXISTS, where the name was there before the
file with other columns, another type, or other keys. Silent where it is the same.

## Why it matters

The statement does nothing: the database stays as it was, and the migration counts as applied.

## How to fix

Leave IF NOT EXISTS out, so that the difference is seen; change what is there with ALTER.

## When to ignore

Databases differ on purpose.

## Sources

- PostgreSQL manual, CREATE TABLE; ALTER TABLE; CREATE INDEX.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import column_ref, commands, found_column, qualified, target
from dbwright.model.finding import ObjectRef, Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement
from dbwright.sql.parse import Node

BEFORE = """
CREATE TABLE users (id bigint PRIMARY KEY, email text, age integer);
CREATE INDEX by_email ON users (email);
"""
BAD = (
    MigrationExample(
        "CREATE TABLE IF NOT EXISTS users (id bigint, name text);",
        BEFORE,
        objects=("public.users",),
    ),
    MigrationExample(
        "ALTER TABLE users ADD COLUMN IF NOT EXISTS age text;",
        BEFORE,
        objects=("public.users.age",),
    ),
    MigrationExample(
        "CREATE INDEX IF NOT EXISTS by_email ON users (age);", BEFORE, objects=("public.by_email",)
    ),
)
GOOD = (
    MigrationExample(
        "CREATE TABLE IF NOT EXISTS users (id bigint PRIMARY KEY, email text, age integer);", BEFORE
    ),
    MigrationExample("ALTER TABLE users ADD COLUMN IF NOT EXISTS age int;", BEFORE),
    MigrationExample("CREATE INDEX IF NOT EXISTS by_email ON users (email);", BEFORE),
    MigrationExample("CREATE TABLE IF NOT EXISTS notes (id bigint);", BEFORE),
)
SAME = {
    "int2": "smallint",
    "int4": "integer",
    "int": "integer",
    "int8": "bigint",
    "bool": "boolean",
    "varchar": "character varying",
    "bpchar": "character",
    "float4": "real",
    "float8": "double precision",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
    "timetz": "time with time zone",
    "varbit": "bit varying",
    "serial": "integer",
    "serial4": "integer",
    "bigserial": "bigint",
    "serial8": "bigint",
    "smallserial": "smallint",
    "serial2": "smallint",
}
"""What the grammar calls a type, and the catalog."""


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def if_not_exists_does_nothing(
    step: JudgedStatement, file: JudgedMigration
) -> Iterator[HazardFault]:
    advice = "Leave IF NOT EXISTS out, and change what is there with ALTER."
    for ref, words in _differences(step, file):
        yield HazardFault(ref, f"{ref} is there already, {words}: this does nothing", advice=advice)


def _differences(step: JudgedStatement, file: JudgedMigration) -> Iterator[tuple[ObjectRef, str]]:
    if step.kind == "CreateStmt" and step.node.get("if_not_exists"):
        yield from _of_table(step, file)
    elif step.kind == "IndexStmt" and step.node.get("if_not_exists"):
        yield from _of_index(step, file)
    for command in commands(step, file, "AT_AddColumn"):
        column = command.definition("ColumnDef")
        if column is None or not command.node.get("missing_ok"):
            continue
        known = found_column(file.before, command.table, column["colname"])
        wanted = _type(column)
        if known is not None and wanted and wanted != _bare(known.base_type):
            yield column_ref(command.table, known.name), f"as {known.type} and not {wanted}"


def _of_table(step: JudgedStatement, file: JudgedMigration) -> Iterator[tuple[ObjectRef, str]]:
    known = file.before.find_table(qualified(step, file, step.node["relation"]))
    elements = step.node.get("tableElts", ())
    wanted = {one["ColumnDef"]["colname"] for one in elements if "ColumnDef" in one}
    simple = all("ColumnDef" in one or "Constraint" in one for one in elements)
    if known is None or not simple or "inhRelations" in step.node:
        return
    missing = wanted - {column.name for column in known.columns}
    more = {column.name for column in known.columns} - wanted
    if missing:
        yield known.ref, f"without {', '.join(sorted(missing))}"
    elif more:
        yield known.ref, f"with {', '.join(sorted(more))} besides"


def _of_index(step: JudgedStatement, file: JudgedMigration) -> Iterator[tuple[ObjectRef, str]]:
    about = target(step, file)
    table = None if about is None else file.before.find_table(about)
    name = step.node.get("idxname")
    for index in () if table is None else table.indexes:
        if index.name != name:
            continue
        wanted = [one["IndexElem"].get("name") for one in step.node.get("indexParams", ())]
        if wanted != list(index.columns):
            yield (
                index.ref,
                f"with the keys ({', '.join(column or '…' for column in index.columns)})",
            )


def _type(column: Node) -> str:
    """The type's name as the catalog has it, without modifiers; empty where it says none."""
    names = column.get("typeName", {}).get("names", ())
    word = names[-1]["String"].get("sval", "") if names else ""
    return SAME.get(word, word)


def _bare(base_type: str) -> str:
    return base_type.rpartition(".")[2].strip('"')
