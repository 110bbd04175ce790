"""Rows break a check constraint that is marked valid.

## What it finds

Rows for which a valid CHECK constraint is false today. Its condition was true when they were
written: it asks for the time (`now()`), or calls a function that has changed since or reads other
rows. Reads table rows: runs only with `--data`, and stops at the first few. A check that calls a
function is evaluated only if the function belongs to a superuser or to the role that checks, for
evaluating the check runs it; one with operators or types of users never is.

## Why it matters

A dump of the table can't be restored, and the next UPDATE of such a row fails, whatever it changes.

## How to fix

A condition on other rows or on the time belongs into a trigger. If the condition is right, repair
the rows. Then drop the constraint, add it again NOT VALID, and validate it.

## When to ignore

Never: either the rows or the constraint is wrong.

## Sources

- PostgreSQL manual, Check Constraints, the notes: "PostgreSQL assumes that CHECK constraints'
  conditions are immutable".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Answers, Fault, Question, rule
from dbwright.check.rules.keys._trust import harmless_names, may_evaluate, qualified_names
from dbwright.model.catalog import Catalog, Check, Table, TableKind
from dbwright.model.finding import Severity
from dbwright.model.names import qualify, quote

TABLES = """
CREATE FUNCTION is_price(price numeric) RETURNS boolean IMMUTABLE LANGUAGE sql
    AS 'SELECT price >= 0';
CREATE TABLE products (
    id bigint PRIMARY KEY,
    price numeric CONSTRAINT has_price CHECK (is_price(price)),
    weight numeric CHECK (weight > 0)
);
INSERT INTO products VALUES (1, 0, 1), (2, 10, NULL);
"""

BAD = Example(
    TABLES
    + """
CREATE OR REPLACE FUNCTION is_price(price numeric) RETURNS boolean IMMUTABLE LANGUAGE sql
    AS 'SELECT price > 0';
""",
    objects=("public.products.has_price",),
    fix_mends=False,
)

GOOD = TABLES

LIMIT = 5


def _checked(catalog: Catalog) -> Iterator[tuple[Table, Check]]:
    for table in catalog.tables:
        if table.kind is TableKind.FOREIGN or table.persistence == "temporary":
            continue
        for check in table.checks:
            if check.validated and check.enforced and not check.inherited and check.expression:
                yield table, check


def _key(table: Table, check: Check) -> str:
    return f"{table.qualified}.{quote(check.name)}"


def questions(
    catalog: Catalog,
    *,
    sample_rows: Annotated[int, "how many rows of each table are looked at"] = 1_000_000,
) -> Iterator[Question]:
    harmless = harmless_names(catalog)
    for table, check in _checked(catalog):
        assert check.expression is not None
        if not may_evaluate(check.expression, harmless):
            continue
        # Rows of partitions and children keep to it too, unless it says NO INHERIT.
        only = "ONLY " if check.no_inherit else ""
        yield Question(
            _key(table, check),
            f"SELECT 1 FROM (SELECT * FROM {only}{table.qualified} LIMIT {sample_rows}) "
            f"{quote(table.name)} WHERE NOT ({check.expression}) LIMIT {LIMIT}",
        )


@rule(severity=Severity.ERROR, bad=BAD, good=GOOD, questions=questions)
def rows_break_check(
    catalog: Catalog,
    answers: Answers,
    *,
    sample_rows: Annotated[int, "how many rows of each table are looked at"] = 1_000_000,
) -> Iterator[Fault]:
    for table, check in _checked(catalog):
        rows = answers.get(_key(table, check))
        if not rows:
            continue
        at_least = "at least " if len(rows) == LIMIT else ""
        yield Fault(
            object=table.constraint_ref(check.name),
            message=f"{at_least}{len(rows)} rows of {table.qualified} break {quote(check.name)}, "
            "although it is marked valid",
            evidence={
                "rows_found": len(rows),
                "rows_looked_at_most": sample_rows,
                "expression": check.expression,
                "functions": _user_functions(catalog, check),
            },
            advice=f"SELECT the rows of {table.qualified} where NOT ({check.expression}), repair "
            "them or the condition, then drop the constraint, add it NOT VALID, and VALIDATE it.",
        )


def _user_functions(catalog: Catalog, check: Check) -> list[str]:
    """Those that the check calls: what changed, most likely."""
    names = {qualify(*name) for name in qualified_names(check.expression or "")}
    return sorted(name for name in names if catalog.function(name) is not None)
