"""Sequences, the columns that they feed, and how far each has come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.check.rules.types._columns import is_own
from dbwright.check.rules.types._once import once
from dbwright.model.catalog import Catalog, Column, Sequence, Table
from dbwright.model.finding import Fix, LockMode

__all__ = [
    "MAXIMUM",
    "NEAR",
    "WIDER",
    "Fed",
    "alter_sequence",
    "fed_columns",
    "sequence_in",
    "used_fraction",
]

MAXIMUM = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
"""The greatest value of each type."""

NEAR = 0.7
"""From this fraction of its range on, a sequence or a key is near its limit."""

WIDER = {"smallint": "integer", "integer": "bigint"}

PLAIN, ESCAPED, END = "nextval('", "nextval(E'", "'::regclass)"


@dataclass(frozen=True, slots=True)
class Fed:
    """A column whose values come from a sequence: serial, identity or a default."""

    table: Table
    column: Column
    sequence: Sequence

    @property
    def limit(self) -> int:
        """The greatest value that the column takes."""
        return MAXIMUM[self.column.base_type]

    @property
    def ends_first(self) -> bool:
        """Does the column reach its end no later than the sequence does?"""
        return self.sequence.increment > 0 and self.limit <= self.sequence.maximum


@once
def fed_columns(catalog: Catalog) -> tuple[Fed, ...]:
    """Every integer column that a sequence feeds, partitions left out."""
    return tuple(_fed_columns(catalog))


def _fed_columns(catalog: Catalog) -> Iterator[Fed]:
    for type_ in MAXIMUM:
        for table, column in catalog.columns_by_type.get(type_, ()):
            if column.identity is None and column.default is None:
                continue
            if column.is_array or not is_own(table, column):
                continue
            if column.identity is not None:
                sequence = catalog.sequence_of(table, column)
            else:
                sequence = sequence_in(catalog, column.default or "")
            if sequence is not None:
                yield Fed(table, column, sequence)


def sequence_in(catalog: Catalog, default: str) -> Sequence | None:
    """The sequence of the default `nextval('shop.orders_id_seq'::regclass)`; None for another."""
    # pg_get_expr() writes it in this one way; a name with a backslash comes as E'…'.
    escaped = default.startswith(ESCAPED)
    name = default.removeprefix(ESCAPED if escaped else PLAIN).removesuffix(END)
    if len(default) - len(name) != len(ESCAPED if escaped else PLAIN) + len(END):
        return None
    name = name.replace("''", "'")
    return catalog.sequence(name.replace("\\\\", "\\") if escaped else name)


def used_fraction(sequence: Sequence) -> float | None:
    """How much of its own range it has given out, 0 to 1; None where that is not known."""
    span = sequence.maximum - sequence.minimum
    if sequence.last_value is None or span <= 0:
        return None
    done = (
        sequence.last_value - sequence.minimum
        if sequence.increment > 0
        else sequence.maximum - sequence.last_value
    )
    return done / span


def alter_sequence(sequence: Sequence, up: str, down: str, *, risk: str = "") -> Fix:
    """`up` and `down` are the parts after ALTER SEQUENCE and the sequence's name."""
    return Fix(
        up=f"ALTER SEQUENCE {sequence.qualified} {up};",
        down=f"ALTER SEQUENCE {sequence.qualified} {down};",
        lock=LockMode.SHARE_ROW_EXCLUSIVE,
        risk=risk or "calls of nextval wait for a moment",
    )
