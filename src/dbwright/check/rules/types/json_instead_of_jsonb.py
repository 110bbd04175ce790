"""A column is of the type json.

## What it finds

Columns of the type `json`. A warning where an index, a check or a generated column reads into the
documents, which must then be parsed again each time; a notice elsewhere.

## Why it matters

A `json` value is text: each operator parses the whole document again, no GIN index can serve it,
and it has no equality, so DISTINCT, GROUP BY and UNION fail with an error.

## How to fix

Change it to `jsonb`. The change writes the table again and blocks reads meanwhile: on a large table
add a new column, copy in batches, and swap the names instead.

## When to ignore

The text must stay exactly as it came (a signed message, an audit trail): `jsonb` forgets white
space, the order of keys and all but the last of keys that are repeated.

## Sources

- PostgreSQL manual, JSON Types: "most applications should prefer to store JSON data as
  jsonb, unless there are quite specialized needs".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.types._columns import (
    TypeChanges,
    by_hand,
    mentions,
    other_type,
    own_columns,
)
from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.finding import Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics
from dbwright.sql.lexer import significant

BAD = Example(
    """
CREATE TABLE events (id bigint PRIMARY KEY, payload json NOT NULL DEFAULT '{}');
CREATE INDEX ON events ((payload ->> 'kind'));
""",
    objects=("public.events.payload",),
)

GOOD = "CREATE TABLE events (id bigint PRIMARY KEY, payload jsonb NOT NULL DEFAULT '{}');"


@rule(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def json_instead_of_jsonb(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    changes = TypeChanges(catalog, statistics)
    for table, column in own_columns(catalog.columns_by_type.get("json", ())):
        type_ = other_type(column, "json", "jsonb")
        obstacle = changes.obstacle(table, column, breaks=_calls_json_function)
        readers = _readers(table, column)
        yield Fault(
            object=table.column_ref(column),
            message=f"{table.qualified}.{quote(column.name)} is of the type {column.type}"
            + (f", and {readers[0]} parses it again for each row" if readers else ""),
            evidence={
                "type": column.type,
                "read_by": readers,
                "rows": changes.rows(table),
                "size_bytes": changes.size_bytes(table),
            },
            severity=Severity.WARNING if readers else None,
            fix=None
            if obstacle
            else changes.fix(
                table,
                column,
                type_,
                risk="the table is written again while nobody can read; white space, the order of "
                "keys and repeated keys are lost for good, and \\u0000 is refused",
            ),
            advice=by_hand(obstacle, type_),
        )


def _calls_json_function(expression: str) -> bool:
    """json_array_length() and the like take no jsonb."""
    return any(
        token.kind == "word" and (token.lower == "json" or token.lower.startswith("json_"))
        for token in significant(expression)
    )


def _readers(table: Table, column: Column) -> list[str]:
    """What reads into the documents at each write or look-up."""
    found = [
        f"the index {index.qualified}"
        for index in table.indexes
        if any(k.expression and mentions(k.expression, column.name) for k in index.keys)
        or (index.predicate and mentions(index.predicate, column.name))
    ]
    found += [
        f"the generated column {quote(other.name)}"
        for other in table.columns
        if other.generated and other.default and mentions(other.default, column.name)
    ]
    return found + [
        f"the check {quote(check.name)}"
        for check in table.checks
        if check.expression and mentions(check.expression, column.name)
    ]
