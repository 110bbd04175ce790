"""A sequence comes near its last value.

## What it finds

A sequence without CYCLE that has given out most of its range, where its own end comes first: it
feeds no column, or one that could hold more (a `smallint` or `integer` sequence, a MAXVALUE).
Where the column ends first, `key-near-its-limit` tells.

## Why it matters

After the last value each call of nextval fails, and with it each insert.

## How to fix

Give the sequence a wider type, or take its MAXVALUE away. It takes a moment, and touches no table.

## When to ignore

The range is meant to be used up (a batch of numbers that somebody handed out to you).

## Sources

- PostgreSQL manual, CREATE SEQUENCE: MAXVALUE, CYCLE; ALTER SEQUENCE.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.types._sequences import (
    MAXIMUM,
    NEAR,
    Fed,
    alter_sequence,
    fed_columns,
    used_fraction,
)
from dbwright.model.catalog import Catalog, Sequence
from dbwright.model.finding import Fix, Severity
from dbwright.model.names import quote

BAD = Example(
    """
CREATE TABLE orders (id serial PRIMARY KEY);
ALTER TABLE orders ALTER COLUMN id TYPE bigint;
SELECT setval('orders_id_seq', 2000000000);
CREATE SEQUENCE ticket_numbers MAXVALUE 9999;
SELECT setval('ticket_numbers', 9000);
""",
    objects=("public.orders_id_seq", "public.ticket_numbers"),
)

GOOD = """
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
SELECT setval('orders_id_seq', 2000000000);
CREATE SEQUENCE counters MAXVALUE 8 CYCLE;
SELECT setval('counters', 8);
"""


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def sequence_near_its_limit(
    catalog: Catalog,
    *,
    min_fraction: Annotated[float, "so much of its range is given out"] = NEAR,
    error_fraction: Annotated[float, "from here on it is an error"] = 0.9,
) -> Iterator[Fault]:
    fed: dict[int, Fed] = {}
    column_ends_first: set[int] = set()
    for one in fed_columns(catalog):
        fed.setdefault(one.sequence.oid, one)
        if one.ends_first and one.column.base_type != "bigint":
            column_ends_first.add(one.sequence.oid)
    for sequence in catalog.sequences:
        used = used_fraction(sequence)
        if used is None or used < min_fraction or sequence.cycle:
            continue
        if sequence.oid in column_ends_first:
            continue
        column = fed.get(sequence.oid)
        last = sequence.maximum if sequence.increment > 0 else sequence.minimum
        fix = _fix(sequence, column)
        yield Fault(
            object=sequence.ref,
            message=f"{sequence.qualified} has given out {used:.0%} of its range: "
            f"{sequence.last_value:,} of {last:,}",
            evidence={
                "last_value": sequence.last_value,
                "limit": last,
                "used_fraction": round(used, 4),
                "type": sequence.type,
                "column": f"{column.table.qualified}.{quote(column.column.name)}"
                if column
                else None,
            },
            severity=Severity.ERROR if used >= error_fraction else None,
            fix=fix,
            advice="" if fix else "Start a new range, or move to a key of another kind.",
        )


def _fix(sequence: Sequence, fed: Fed | None) -> Fix | None:
    if sequence.increment < 0:
        return None
    own = MAXIMUM.get(sequence.type)
    room = fed.limit if fed else MAXIMUM["bigint"]
    if own is None or sequence.maximum >= room:
        return None
    if sequence.maximum == own:
        type_ = fed.column.base_type if fed else "bigint"
        return alter_sequence(sequence, f"AS {type_}", f"AS {sequence.type}")
    return alter_sequence(
        sequence,
        f"MAXVALUE {min(own, room)}",
        f"MAXVALUE {sequence.maximum}",
        risk="make sure that nothing else needs the numbers to stay below the limit",
    )
