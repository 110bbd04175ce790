"""A name is a reserved word of SQL.

## What it finds

Tables, views, materialized views and table columns whose name is a reserved word of PostgreSQL:
`user`, `order`, `end`, `left` … A warning where the word without quotes is no error but another
value, as `user` is. Partitions and inherited columns are left out.

## Why it matters

Without double quotes the statement fails, or worse, runs: `SELECT user FROM accounts` gives the
name of the current role in each row, and `SELECT * FROM user` gives it as a table.

## How to fix

Choose another word (`account`, `ordered_at`, `ends_at`). On a living table rename it together with
the code that uses the name: queries with the old name fail from then on.

## When to ignore

All access goes through a library that quotes every name.

## Sources

- PostgreSQL manual, Appendix C SQL Key Words; Identifiers and Key Words.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.tables._words import is_reserved, is_silent, own_columns, relations
from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import ObjectRef, Severity
from dbwright.model.names import quote

BAD = Example(
    """
CREATE TABLE "user" (id bigint PRIMARY KEY, name text);
CREATE TABLE booking (id bigint PRIMARY KEY, "end" date, "left" integer);
""",
    objects=('public."user"', 'public.booking."end"', 'public.booking."left"'),
    fix_mends=False,
)

GOOD = """
CREATE TABLE account (id bigint PRIMARY KEY, name text, position integer, time time);
CREATE TABLE booking (id bigint PRIMARY KEY, ends_on date, places_left integer);
"""


@rule(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def reserved_word_name(catalog: Catalog) -> Iterator[Fault]:
    for relation in relations(catalog):
        if is_reserved(relation.name):
            yield _fault(relation.ref, relation.name, f"the name of {relation.qualified}")
        if not isinstance(relation, Table):
            continue
        for column in own_columns(relation):
            if is_reserved(column.name):
                yield _fault(
                    relation.column_ref(column),
                    column.name,
                    f"the column {quote(column.name)} of {relation.qualified}",
                )


def _fault(ref: ObjectRef, word: str, what: str) -> Fault:
    silent = is_silent(word)
    outcome = "is another value without quotes" if silent else "is an error without quotes"
    return Fault(
        object=ref,
        message=f"{what} is a reserved word: it {outcome}",
        evidence={"word": word, "error_without_quotes": not silent},
        severity=Severity.WARNING if silent else None,
        advice="Rename it in one step with the code that uses it, or make sure that every query "
        "quotes it.",
    )
