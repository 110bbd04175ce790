"""A sequence runs further than the column that it feeds.

## What it finds

A sequence whose MAXVALUE is greater than what the columns that it feeds can hold: a `bigint`
sequence (the default of CREATE SEQUENCE) behind an `integer` column.

## Why it matters

Everything that watches the sequence believes that there is room for ever, while the column is full
at 2,147,483,647: then each insert fails with "integer out of range".

Serial columns that pg_upgrade brought from versions before 10 all look like this.

## How to fix

Give the sequence the type of the column, so that both end at the same place, and both are seen to
come near it. Or widen the column.

## When to ignore

The values are reduced before they are stored.

## Sources

- PostgreSQL manual, CREATE SEQUENCE and ALTER SEQUENCE: AS data_type.
- PostgreSQL 10 release notes: sequences have a data type.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.types._sequences import (
    MAXIMUM,
    Fed,
    alter_sequence,
    fed_columns,
)
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Fix, Severity
from dbwright.model.names import quote

BAD = Example(
    """
CREATE SEQUENCE order_numbers;
CREATE TABLE orders (id integer DEFAULT nextval('order_numbers') PRIMARY KEY);
""",
    objects=("public.order_numbers",),
)

GOOD = """
CREATE TABLE orders (id serial PRIMARY KEY);
CREATE TABLE lines (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE SEQUENCE numbers;
CREATE TABLE bills (id bigint DEFAULT nextval('numbers') PRIMARY KEY);
CREATE TABLE notes (id integer DEFAULT nextval('numbers') PRIMARY KEY);
"""


@rule(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def sequence_wider_than_column(catalog: Catalog) -> Iterator[Fault]:
    widest: dict[int, Fed] = {}
    for fed in fed_columns(catalog):
        known = widest.get(fed.sequence.oid)
        if known is None or known.limit < fed.limit:
            widest[fed.sequence.oid] = fed
    for fed in widest.values():
        sequence = fed.sequence
        if sequence.maximum <= fed.limit:
            continue
        column = f"{fed.table.qualified}.{quote(fed.column.name)}"
        yield Fault(
            object=sequence.ref,
            message=f"{sequence.qualified} runs to {sequence.maximum:,}, but {column} "
            f"({fed.column.base_type}) ends at {fed.limit:,}",
            evidence={
                "column": column,
                "sequence_maximum": sequence.maximum,
                "column_maximum": fed.limit,
                "last_value": sequence.last_value,
            },
            fix=_fix(fed),
        )


def _fix(fed: Fed) -> Fix | None:
    sequence, type_ = fed.sequence, fed.column.base_type
    if sequence.last_value is not None and sequence.last_value > fed.limit:
        return None  # it is past the column's end already: only a wider column helps
    if sequence.maximum == MAXIMUM.get(sequence.type) and sequence.minimum >= -fed.limit - 1:
        return alter_sequence(sequence, f"AS {type_}", f"AS {sequence.type}")
    return alter_sequence(sequence, f"MAXVALUE {fed.limit}", f"MAXVALUE {sequence.maximum}")
