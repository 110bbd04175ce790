"""A column's type stops pg_upgrade.

## What it finds

Columns of tables and materialized views of the types `regproc`, `regprocedure`, `regoper`,
`regoperator`, `regconfig`, `regdictionary`, `regnamespace` and `regcollation`, also in an array or
under a domain. `regclass`, `regrole` and `regtype` are fine.

## Why it matters

`pg_upgrade` refuses the whole cluster because of one such column: the value is the number of a
catalog entry, and the new cluster gives it another one.

## How to fix

Store the name as text, and cast it where it is used (`name::regproc`).

## When to ignore

Major upgrades are made by dump and restore or by logical replication, which carry the names. A
`regconfig` column that an index needs for its text search configuration is reported as a notice.

## Sources

- PostgreSQL manual, pg_upgrade, Notes: "does not support upgrading of databases containing table
  columns using these reg* OID-referencing system data types".
- PostgreSQL manual, Object Identifier Types.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.types._columns import TypeChanges, by_hand, other_type, own_columns
from dbwright.model.catalog import Catalog
from dbwright.model.finding import ObjectRef, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

BAD = Example(
    "CREATE TABLE jobs (id bigint PRIMARY KEY, handler regproc NOT NULL);",
    objects=("public.jobs.handler",),
)

GOOD = "CREATE TABLE jobs (id bigint PRIMARY KEY, handler text NOT NULL, target regclass);"

TYPES = (
    "regproc",
    "regprocedure",
    "regoper",
    "regoperator",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regcollation",
)


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def reg_type_column(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    changes = TypeChanges(catalog, statistics)
    for base in TYPES:
        for table, column in own_columns(catalog.columns_by_type.get(base, ())):
            obstacle = changes.obstacle(table, column)
            type_ = other_type(column, base, "text")
            yield Fault(
                object=table.column_ref(column),
                message=f"{table.qualified}.{quote(column.name)} is of the type {column.type}, "
                "which pg_upgrade refuses",
                evidence={"type": column.type, "rows": changes.rows(table)},
                severity=Severity.NOTICE if obstacle and base == "regconfig" else None,
                fix=None if obstacle else changes.fix(table, column, type_),
                advice=by_hand(obstacle, type_),
            )
    yield from _in_materialized_views(catalog)


def _in_materialized_views(catalog: Catalog) -> Iterator[Fault]:
    for view in catalog.materialized_views:
        for column in view.columns:
            if column.base_type in TYPES:
                name = f"{view.qualified}.{quote(column.name)}"
                yield Fault(
                    object=ObjectRef("column", name),
                    message=f"{name} is of the type {column.type}, which pg_upgrade refuses",
                    evidence={"type": column.type},
                    advice=f"Cast the column to text in the query of {view.qualified}.",
                )
