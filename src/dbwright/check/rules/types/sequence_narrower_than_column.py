"""A sequence ends before the column that it feeds.

## What it finds

A sequence of a narrower type than every column that it feeds: usually a serial column that was
widened to `bigint`, while its sequence stayed `integer`. A MAXVALUE that somebody set is respected.
Once most of the range is used up, `sequence-near-its-limit` tells.

## Why it matters

The column was widened to get past 2,147,483,647, and the sequence still stops there: inserts fail
with "reached maximum value of sequence".

ALTER COLUMN TYPE takes the sequence of an identity column along, but not that of a serial one.

## How to fix

Give the sequence the column's type. It takes a moment, and touches no table.

## When to ignore

The numbers must stay below the limit because another system stores them in 32 bits.

## Sources

- PostgreSQL manual, ALTER SEQUENCE: "Changing the data type automatically changes the minimum and
  maximum values of the sequence if and only if the previous minimum and maximum values were the
  minimum or maximum value of the old data type".
"""

from __future__ import annotations

from collections.abc import Iterator

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
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.names import quote

BAD = Example(
    """
CREATE TABLE orders (id serial PRIMARY KEY);
ALTER TABLE orders ALTER COLUMN id TYPE bigint;
""",
    objects=("public.orders_id_seq",),
)

GOOD = """
CREATE TABLE orders (id serial PRIMARY KEY);
ALTER TABLE orders ALTER COLUMN id TYPE bigint;
ALTER SEQUENCE orders_id_seq AS bigint;
CREATE TABLE lines (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
ALTER TABLE lines ALTER COLUMN id TYPE bigint;
"""


@rule(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def sequence_narrower_than_column(catalog: Catalog) -> Iterator[Fault]:
    narrowest: dict[int, Fed] = {}
    for fed in fed_columns(catalog):
        known = narrowest.get(fed.sequence.oid)
        if known is None or known.limit > fed.limit:
            narrowest[fed.sequence.oid] = fed
    for fed in narrowest.values():
        sequence, type_ = fed.sequence, fed.column.base_type
        own = MAXIMUM.get(sequence.type)
        if own is None or own >= fed.limit or sequence.maximum != own or sequence.increment < 0:
            continue
        used = used_fraction(sequence)
        if used is not None and used >= NEAR and not sequence.cycle:
            continue  # sequence-near-its-limit tells it, and has the same fix
        yield Fault(
            object=sequence.ref,
            message=f"{sequence.qualified} ({sequence.type}) ends at {sequence.maximum:,}, "
            f"although {fed.table.qualified}.{quote(fed.column.name)} is {type_}",
            evidence={
                "column": f"{fed.table.qualified}.{quote(fed.column.name)}",
                "sequence_type": sequence.type,
                "column_type": type_,
                "last_value": sequence.last_value,
                "used_fraction": None if used is None else round(used, 4),
            },
            fix=alter_sequence(sequence, f"AS {type_}", f"AS {sequence.type}"),
        )
