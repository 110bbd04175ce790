"""A sequence starts again from the beginning, and it feeds a key.

## What it finds

A sequence with CYCLE that feeds a column which alone is a primary key or unique.

## Why it matters

After the last value it gives out the first one again: from then on inserts fail with "duplicate key
value", or worse, meet the gaps of deleted rows and reuse numbers that other systems still know.

## How to fix

Take CYCLE away, and choose a type that is wide enough. An end that is reported beats numbers that
come twice.

## When to ignore

Rows are deleted long before their number comes again, and nobody keeps the numbers elsewhere.

## Sources

- PostgreSQL manual, CREATE SEQUENCE: CYCLE.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.types._sequences import Fed, alter_sequence, fed_columns, used_fraction
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.names import quote

BAD = Example(
    """
CREATE SEQUENCE ticket_numbers MAXVALUE 9999 CYCLE;
CREATE TABLE tickets (id bigint DEFAULT nextval('ticket_numbers') PRIMARY KEY);
""",
    objects=("public.ticket_numbers",),
)

GOOD = """
CREATE SEQUENCE ticket_numbers;
CREATE TABLE tickets (id bigint DEFAULT nextval('ticket_numbers') PRIMARY KEY);
CREATE SEQUENCE counters MAXVALUE 8 CYCLE;
CREATE TABLE calls (id bigint PRIMARY KEY, counter integer DEFAULT nextval('counters'));
"""


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def cycling_sequence(catalog: Catalog) -> Iterator[Fault]:
    told: set[int] = set()
    for fed in fed_columns(catalog):
        sequence = fed.sequence
        if not sequence.cycle or sequence.oid in told or not _is_key(fed):
            continue
        told.add(sequence.oid)
        used = used_fraction(sequence)
        yield Fault(
            object=sequence.ref,
            message=f"{sequence.qualified} starts again after {sequence.maximum:,}, and feeds the "
            f"key {fed.table.qualified}.{quote(fed.column.name)}",
            evidence={
                "column": f"{fed.table.qualified}.{quote(fed.column.name)}",
                "maximum": sequence.maximum,
                "last_value": sequence.last_value,
                "used_fraction": None if used is None else round(used, 4),
            },
            fix=alter_sequence(
                sequence,
                "NO CYCLE",
                "CYCLE",
                risk="nextval fails at the end instead of giving out numbers twice",
            ),
        )


def _is_key(fed: Fed) -> bool:
    name = fed.column.name
    return any(key.columns == (name,) for key in fed.table.keys) or any(
        index.unique and index.columns == (name,) for index in fed.table.indexes
    )
