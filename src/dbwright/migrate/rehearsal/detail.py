"""Which rows differ: both sides are read in the order of their keys, and met like two lists.

Only keys and hashes come here, some thousand at a time; a value is asked for of one row alone.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import psycopg

from dbwright.migrate.rehearsal.casts import NUMBERS, TEXTS, TIMES
from dbwright.migrate.rehearsal.changes import Example
from dbwright.migrate.rehearsal.pairs import TablePair
from dbwright.migrate.rehearsal.sums import hashed, rows_of
from dbwright.model.catalog import Column
from dbwright.model.names import literal, quote

__all__ = ["Compared", "Difference", "RowDifferences", "Side", "row_differences"]

FETCHED = 5000
MOST = 2_000_000
"""Rows that are met; more would take too long for one example and a number."""
DAY = timedelta(days=1)
LONGEST = 60
"""Characters of a value or a key that are shown."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two databases, as their rows are read."""

    connection: psycopg.Connection[Any]
    parts: tuple[str, ...]
    key: tuple[str, ...]
    """Expressions of the pair's key, which are the same on both sides."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One value that must be the same on both sides."""

    before: str
    """An expression over the first side's rows."""
    after: str
    type: Column
    """The type of both."""


@dataclass(slots=True)
class Difference:
    """How many rows, and the first of them."""

    rows: int = 0
    example: Example | None = None
    cut_short: bool = False
    """Was a text made shorter, in the example?"""
    rounded: bool = False
    """Is a number less than one away, or a time less than a day, in the example?"""


@dataclass(slots=True)
class RowDifferences:
    lost: Difference = field(default_factory=Difference)
    added: Difference = field(default_factory=Difference)
    changed: list[Difference] = field(default_factory=list)
    """For each that was compared."""
    whole: bool = True
    """Were all rows met?"""


Row = tuple[Any, ...]


def row_differences(
    pair: TablePair, old: Side, new: Side, values: Sequence[Compared], *, show: bool
) -> RowDifferences:
    """Of a pair that has a key. `show`: tell values rather than how long they are.

    Raises psycopg.Error.
    """
    width = len(pair.key)
    found = RowDifferences(changed=[Difference() for _ in values])
    first = _rows(old, [(v.before, v.type) for v in values])
    second = _rows(new, [(v.after, v.type) for v in values])
    for count, (one, other) in enumerate(_met(first, second, width)):
        if count >= MOST:
            found.whole = False
            break
        if one is None or other is None:
            known = one or other
            assert known is not None
            _note(found.lost if other is None else found.added, _key(pair, known[:width]))
            continue
        for number, (left, right) in enumerate(zip(one[width:], other[width:], strict=True)):
            if left != right:
                different = found.changed[number]
                _note(different, _key(pair, one[:width]))
                if different.rows == 1:
                    _look(different, pair, old, new, values[number], one[:width], show)
    first.close()
    second.close()
    return found


def _rows(side: Side, values: Sequence[tuple[str, Column]]) -> Generator[Row, None, None]:
    """Keys as text, then hashes, in the order of the keys."""
    if not side.parts:
        return
    keys = [f"({text})::text AS k{n}" for n, text in enumerate(side.key)]
    hashes = [f"{hashed(text, column)} AS h{n}" for n, (text, column) in enumerate(values)]
    order = ", ".join(f'k{n} COLLATE "C"' for n in range(len(side.key)))
    query = f"SELECT * FROM ({rows_of(side.parts, [*keys, *hashes])}) AS r ORDER BY {order}"
    with side.connection.transaction(), side.connection.cursor(name="dbwright_rows") as cursor:
        cursor.itersize = FETCHED
        cursor.execute(query.encode())
        yield from cursor


def _met(
    first: Iterator[Row], second: Iterator[Row], width: int
) -> Iterator[tuple[Row | None, Row | None]]:
    """Rows of one key side by side; None where the other side has none of it."""
    one, other = next(first, None), next(second, None)
    while one is not None or other is not None:
        left = None if one is None else _order(one, width)
        right = None if other is None else _order(other, width)
        if right is None or (left is not None and left < right):
            yield one, None
            one = next(first, None)
        elif left is None or right < left:
            yield None, other
            other = next(second, None)
        else:
            yield one, other
            one, other = next(first, None), next(second, None)


def _order(row: Row, width: int) -> tuple[bytes, ...]:
    """As the server sorts texts byte by byte."""
    return tuple(str(value).encode() for value in row[:width])


def _note(difference: Difference, key: str) -> None:
    difference.rows += 1
    if difference.example is None:
        difference.example = Example(key)


def _key(pair: TablePair, values: Row) -> str:
    named = zip(pair.key, values, strict=True)
    return ", ".join(f"{quote(one.before.name)} = {_short(str(value))}" for one, value in named)


def _look(
    difference: Difference,
    pair: TablePair,
    old: Side,
    new: Side,
    value: Compared,
    key: Row,
    show: bool,
) -> None:
    """What can be told of one row's value without showing it."""
    left, right = _value(old, value.before, key), _value(new, value.after, key)
    difference.cut_short = (
        left is not None and right is not None and left != right and left.startswith(right)
    )
    difference.rounded = left is not None and right is not None and _is_near(left, right, value)
    example = difference.example
    assert example is not None
    difference.example = Example(
        example.key, _told(left, value.type, show), _told(right, value.type, show)
    )


def _is_near(left: str, right: str, compared: Compared) -> bool:
    """Is what is lost of it the last digits, or the time of the day?"""
    if compared.type.is_array:
        return False
    try:
        if compared.type.base_type in TIMES:
            return abs(datetime.fromisoformat(left) - datetime.fromisoformat(right)) < DAY
        return compared.type.base_type in NUMBERS and abs(Decimal(left) - Decimal(right)) < 1
    except (InvalidOperation, ValueError):  # NaN, money, infinity, a time without a day
        return False


def _value(side: Side, text: str, key: Row) -> str | None:
    same = " AND ".join(
        f"({expression})::text = {literal(str(value))}"
        for expression, value in zip(side.key, key, strict=True)
    )
    parts = " UNION ALL ".join(
        f"SELECT ({text})::text AS v FROM ONLY {part} WHERE {same}" for part in side.parts
    )
    row = side.connection.execute(f"SELECT v FROM ({parts}) AS r LIMIT 1".encode()).fetchone()
    return None if row is None else row[0]


def _told(value: str | None, type_: Column, show: bool) -> str:
    if value is None:
        return "NULL"
    if show:
        return _short(value)
    if type_.base_type not in TEXTS:
        return "a value"  # how long a number is says as much as it does
    return f"{len(value)} character{'' if len(value) == 1 else 's'}"


def _short(text: str) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= LONGEST else f"{folded[:LONGEST]}…"
