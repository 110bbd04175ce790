"""A name must be written in double quotes.

## What it finds

Tables, views and materialized views whose own name, or a column's, holds capital letters, blanks,
hyphens or other signs. One finding tells all such names of a table. Tables that well-known
migration tools make under such names are left out, and so are partitions.

## Why it matters

The server folds a name without quotes to lower case, so `SELECT userId` looks for `userid` and
fails: every query, script and report must write each such name in quotes, exactly as it was made.

## How to fix

Choose lower case with underscores (`user_id`) before the first release. Later, rename with ALTER
TABLE together with the code that uses the name: renaming takes a moment, but queries with the old
name fail from then on. For a table, a view of the old name can bridge the change.

## When to ignore

All access goes through a library that quotes every name (Prisma, Sequelize, Entity Framework),
and nobody writes SQL by hand.

## Sources

- PostgreSQL manual, Identifiers and Key Words: "unquoted names are always folded to lower
  case".
- PostgreSQL wiki, Don't Do This: "Don't use upper case table or column names".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.tables._words import Relation, own_columns, relations, spelled_oddly
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.names import quote

BAD = Example(
    """
CREATE TABLE "UserAccounts" (id bigint PRIMARY KEY, "createdAt" timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, "orderDate" date, "total amount" numeric);
CREATE VIEW "open-orders" AS SELECT id FROM orders;
""",
    objects=('public."UserAccounts"', "public.orders", 'public."open-orders"'),
    fix_mends=False,
)

GOOD = """
CREATE TABLE user_accounts (id bigint PRIMARY KEY, created_at timestamptz, "größe" numeric);
CREATE TABLE "user" (id bigint PRIMARY KEY);
CREATE TABLE "__EFMigrationsHistory" ("MigrationId" text PRIMARY KEY);
"""

OTHERS_NAMES = frozenset({"__EFMigrationsHistory", "SequelizeMeta", "SequelizeData"})
"""Tables that migration tools make and name themselves."""

SHOWN = 20


@rule(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def name_needs_quoting(catalog: Catalog) -> Iterator[Fault]:
    for relation in relations(catalog):
        if relation.name in OTHERS_NAMES:
            continue
        itself = spelled_oddly(relation.name)
        columns = [c.name for c in own_columns(relation) if spelled_oddly(c.name)]
        if itself or columns:
            yield Fault(
                object=relation.ref,
                message=_message(relation, itself, columns),
                evidence={
                    "own_name": itself,
                    "column_count": len(columns),
                    "columns": columns[:SHOWN],
                },
                advice="Rename to lower case with underscores, in one step with the code that "
                "uses the names; leave it where a library quotes every name for you.",
            )


def _message(relation: Relation, itself: bool, columns: list[str]) -> str:
    if itself:
        also = f", and so do {len(columns)} of its columns" if columns else ""
        also = f", and so does its column {quote(columns[0])}" if len(columns) == 1 else also
        return f"{relation.qualified} needs double quotes in every query{also}"
    if len(columns) == 1:
        return f"{quote(columns[0])} of {relation.qualified} needs double quotes in every query"
    return f"{len(columns)} columns of {relation.qualified} need double quotes in every query"
