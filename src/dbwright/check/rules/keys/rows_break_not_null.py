"""A column of a NOT NULL domain holds NULL.

## What it finds

Rows with NULL in a column whose domain is NOT NULL (or has a base domain that is), where the column
itself is not. PostgreSQL lets that happen: a scalar sub-select without a row, or an outer join,
gives a NULL that already has the domain's type, and is stored unchecked. Reads table rows: runs
only with `--data`, and stops at the first few.

## Why it matters

Whoever reads the column relies on a promise that does not hold; casting such a value, or restoring
a dump of the table, fails.

## How to fix

Put a value in place of each NULL, then declare the column itself NOT NULL: that is always checked.

## When to ignore

Never: the domain promises what the rows don't keep.

## Sources

- PostgreSQL manual, CREATE DOMAIN, Notes: "It is possible for a column that's notionally of a
  domain type to read as null despite the constraint", and how that comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Answers, Fault, Question, rule
from dbwright.model.catalog import Catalog, Column, Table, TableKind, TypeKind
from dbwright.model.finding import Severity
from dbwright.model.names import quote

TABLES = """
CREATE DOMAIN email AS text NOT NULL;
CREATE TABLE users (id bigint PRIMARY KEY, address email);
INSERT INTO users VALUES (1, 'a@example.com');
"""

BAD = Example(
    TABLES + "INSERT INTO users VALUES (2, (SELECT address FROM users WHERE id = 99));",
    objects=("public.users.address",),
    fix_mends=False,
)

GOOD = TABLES

LIMIT = 5


def _promised(catalog: Catalog) -> Iterator[tuple[Table, Column]]:
    """Columns that only their domain keeps from being NULL."""
    domains = {type_.qualified: type_ for type_ in catalog.types if type_.kind is TypeKind.DOMAIN}
    promising = {name for name, domain in domains.items() if domain.not_null}
    grown = True
    while grown:  # a domain over a NOT NULL domain
        more = {name for name, domain in domains.items() if domain.base_type in promising}
        grown = not more <= promising
        promising |= more
    if not promising:
        return
    for table in catalog.tables:
        if table.kind is not TableKind.FOREIGN and table.persistence != "temporary":
            for column in table.columns:
                if column.domain in promising and not column.not_null and not column.inherited:
                    yield table, column


def questions(
    catalog: Catalog,
    *,
    sample_rows: Annotated[int, "how many rows of each table are looked at"] = 1_000_000,
) -> Iterator[Question]:
    for table, column in _promised(catalog):
        if not table.is_partition:
            name = quote(column.name)
            yield Question(
                table.column_ref(column).name,
                f"SELECT 1 FROM (SELECT {name} AS value FROM {table.qualified} "
                f"LIMIT {sample_rows}) rows WHERE value IS NULL LIMIT {LIMIT}",
            )


@rule(severity=Severity.ERROR, bad=BAD, good=GOOD, questions=questions)
def rows_break_not_null(
    catalog: Catalog,
    answers: Answers,
    *,
    sample_rows: Annotated[int, "how many rows of each table are looked at"] = 1_000_000,
) -> Iterator[Fault]:
    for table, column in _promised(catalog):
        ref = table.column_ref(column)
        rows = answers.get(ref.name)
        if not rows:
            continue
        at_least = "at least " if len(rows) == LIMIT else ""
        yield Fault(
            object=ref,
            message=f"{ref.name} is NULL in {at_least}{len(rows)} rows, although its domain "
            f"{column.domain} is NOT NULL",
            evidence={
                "rows_found": len(rows),
                "rows_looked_at_most": sample_rows,
                "domain": column.domain,
            },
            advice="Put a value in place of each NULL, then ALTER COLUMN … SET NOT NULL.",
        )
