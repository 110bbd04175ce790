"""A table has no primary key.

## What it finds

A table without a PRIMARY KEY. Not foreign tables, temporary tables, or single partitions (the
partitioned table is told). A table whose rows can be told apart otherwise (a unique index over
columns that can't be NULL, an exclusion constraint), that was only inserted into for a week or
longer, that is unlogged, or whose name says that it is a log, a stage or a copy, is a notice.

## Why it matters

Nothing keeps the same row from being stored twice, and one of two equal rows can't be updated or
deleted alone. Logical replication refuses UPDATE and DELETE, and many tools expect a key.

## How to fix

Make the column that already identifies the rows the key: the index is built CONCURRENTLY, and the
key takes it over. Where there is none, add an identity column; that writes the whole table again.

## When to ignore

Logs that are only ever appended to, and stages that are emptied after each load.

## Sources

- PostgreSQL manual, Primary Keys: "Relational database theory dictates that every table must
  have a primary key."
- PostgreSQL manual, Publication: replica identity.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.fixes import scan_seconds
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.keys._constraint import stands_alone
from dbwright.check.rules.keys._entity import entity_names, keeps_the_past, words
from dbwright.model.catalog import Catalog, Column, Index, Table, TableKind
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics, TableStatistics
from dbwright.sql.ddl import index_definition
from dbwright.sql.index_build import free_name

BAD = Example(
    """
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY, placed_on date NOT NULL);
CREATE TABLE readings (sensor text, value numeric);
CREATE TABLE countries (code text NOT NULL, name text NOT NULL);
CREATE UNIQUE INDEX countries_code ON countries (code);
""",
    objects=("public.orders", "public.readings", "public.countries"),
)

GOOD = """
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, placed_on date);
CREATE TABLE readings (sensor text, day date, value numeric, PRIMARY KEY (sensor, day))
    PARTITION BY RANGE (day);
CREATE TABLE readings_2025 PARTITION OF readings FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TEMPORARY TABLE scratch (line text);
CREATE TABLE contacts (note text, CHECK (false) NO INHERIT);
CREATE TABLE phones (number text PRIMARY KEY) INHERITS (contacts);
"""

NO_KEY = "Find the columns that identify a row, make them NOT NULL, and declare the key."


@rule(severity=Severity.WARNING, needs=("catalog.constraints",), bad=BAD, good=GOOD)
def no_primary_key(
    catalog: Catalog,
    statistics: Statistics | None,
    *,
    append_only_days: Annotated[
        float, "a table that was only inserted into for so many days is only a notice"
    ] = 7.0,
) -> Iterator[Fault]:
    long_enough = statistics is not None and (statistics.window_days or 0) >= append_only_days
    for table in catalog.tables:
        if table.primary_key is not None or not _needs_key(table):
            continue
        counted = statistics.of(table) if statistics else None
        other = _other_key(table)
        append_only = long_enough and counted is not None and _only_inserted(counted)
        rows = counted.best_rows if counted else None
        yield Fault(
            object=table.ref,
            message=f"{table.qualified} has no primary key"
            + (f", only {other}" if other else "")
            + (f"; it holds {rows:,.0f} rows" if rows else ""),
            evidence={
                "columns": len(table.columns),
                "rows": rows,
                "size_bytes": counted.heap_bytes if counted else None,
                **({"other_key": other} if other else {}),
                "only_inserted": append_only,
            },
            severity=Severity.NOTICE if other or append_only or _is_passing(table) else None,
            advice=_advice(table, other),
            fix=_fix(catalog, table, counted.heap_bytes if counted else None, other),
        )


def _needs_key(table: Table) -> bool:
    return (
        not table.is_partition
        and table.kind is not TableKind.FOREIGN
        and table.persistence != "temporary"
        and bool(table.columns)
        and not _holds_no_rows(table)
    )


def _holds_no_rows(table: Table) -> bool:
    """A parent that is there to be inherited from: CHECK (false) NO INHERIT."""
    return any(check.no_inherit and check.expression == "false" for check in table.checks)


def _is_passing(table: Table) -> bool:
    """A stage, a log, a copy: by its name, or because it would not outlive a crash."""
    return table.persistence == "unlogged" or keeps_the_past(table)


def _only_inserted(counted: TableStatistics) -> bool:
    return counted.inserted > 0 and not counted.updated and not counted.deleted


def _other_key(table: Table) -> str:
    """What else tells rows apart, in words; empty if nothing does."""
    for index in table.indexes:
        if index.unique and index.valid and not index.partial:
            expressions = None in index.columns
            if expressions or index.nulls_not_distinct or _all_not_null(table, index):
                kind = "constraint" if index.constraint else "index"
                return f"the unique {kind} {quote(index.constraint or index.name)}"
    for exclusion in table.exclusions:
        return f"the exclusion constraint {quote(exclusion.name)}"
    return ""


def _all_not_null(table: Table, index: Index) -> bool:
    return all(name is not None and table.column(name).not_null for name in index.columns)


def _advice(table: Table, other: str) -> str:
    if table.kind is TableKind.PARTITIONED:
        return "Declare a key that contains the partition columns: it spans all partitions."
    if any(_may_become_key(table, index) for index in table.indexes):
        return ""  # the fix says it all
    if other:
        return f"Make the columns of {other} the primary key, and drop it if it is then twice."
    return NO_KEY


def _fix(catalog: Catalog, table: Table, size_bytes: int | None, other: str) -> Fix | None:
    if table.kind is TableKind.PARTITIONED:
        return None
    index = next((i for i in table.indexes if _may_become_key(table, i)), None)
    if index is not None:
        return _from_index(table, index)
    if other:
        return None
    column = next((c for c in table.columns if _looks_like_key(table, c)), None)
    if column is not None:
        return _from_column(catalog, table, column, size_bytes)
    if table.of_type is None and stands_alone(catalog, table):
        return _new_column(table, size_bytes)
    return None


def _may_become_key(table: Table, index: Index) -> bool:
    """ADD PRIMARY KEY USING INDEX takes plain columns in their default order only."""
    return (
        index.unique
        and index.valid
        and index.method == "btree"
        and not index.partial
        and not index.nulls_not_distinct
        and index.constraint is None
        and all(
            key.column is not None
            and key.default_operator_class
            and not key.descending
            and not key.nulls_first
            and key.collation is None
            for key in index.keys
        )
        and _all_not_null(table, index)
    )


def _from_index(table: Table, index: Index) -> Fix:
    name = quote(index.name)
    up = f"ALTER TABLE {table.qualified} ADD CONSTRAINT {name} PRIMARY KEY USING INDEX {name};"
    return Fix(
        up=up,
        down=f"ALTER TABLE {table.qualified} DROP CONSTRAINT {name};\n"
        f"{index_definition(index, table.qualified)};",
        lock=LockMode.ACCESS_EXCLUSIVE,
        risk="the way back builds the index again while writes wait",
    )


def _looks_like_key(table: Table, column: Column) -> bool:
    if column.base_type not in ("integer", "bigint", "uuid") or column.is_array:
        return False
    generated = column.identity is not None or (column.default or "").startswith("nextval(")
    own = {("id",), *(words(f"{name}_id") for name in entity_names(table.name))}
    return generated or (column.not_null and words(column.name) in own)


def _from_column(catalog: Catalog, table: Table, column: Column, size_bytes: int | None) -> Fix:
    name = quote(free_name(catalog, table.schema, f"{table.name}_pkey"))
    create = f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table.qualified}"
    alter = f"ALTER TABLE {table.qualified}"
    back = "" if column.not_null else f", ALTER COLUMN {quote(column.name)} DROP NOT NULL"
    return Fix(
        up=f"{create} ({quote(column.name)});\n"
        f"{alter} ADD CONSTRAINT {name} PRIMARY KEY USING INDEX {name};",
        down=f"{alter} DROP CONSTRAINT {name}{back};",
        lock=LockMode.ACCESS_EXCLUSIVE,
        scans=not column.not_null,
        transactional=False,
        seconds=scan_seconds(size_bytes),
        risk=f"fails where {quote(column.name)} holds a value twice or NULL; "
        "drop the index then, and repair the rows",
    )


def _new_column(table: Table, size_bytes: int | None) -> Fix:
    taken = {column.name for column in table.columns}
    wanted = ("id", "row_id", *(f"row_id_{n}" for n in range(2, len(taken) + 3)))
    name = next(name for name in wanted if name not in taken)
    seconds = scan_seconds(size_bytes)
    return Fix(
        up=f"ALTER TABLE {table.qualified} ADD COLUMN {name} bigint "
        "GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY;",
        down=f"ALTER TABLE {table.qualified} DROP COLUMN {name};",
        lock=LockMode.ACCESS_EXCLUSIVE,
        rewrites=True,
        scans=True,
        seconds=None if seconds is None else seconds * 3,
        risk="writes the whole table again while nobody can read it; "
        "a key made of columns that are there already is better",
    )
