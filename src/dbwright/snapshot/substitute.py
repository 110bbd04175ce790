"""Other values in the place of a column's own, for a planner that must not notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from dbwright.model.catalog import Column
from dbwright.model.statistics import ColumnStatistics

__all__ = ["NUMBERS", "TIMES", "substituted"]

NUMBERS = {"smallint", "integer", "bigint", "numeric", "real", "double precision", "oid"}
TIMES = {"date", "timestamp without time zone", "timestamp with time zone"}
TEXTS = {"text", "character varying", "character", "name"}
FIRST_DAY = date(2000, 1, 1)
DIGITS = 5
"""Of a text's substitute, where the column has room for so many."""


def substituted(statistics: ColumnStatistics, column: Column | None) -> ColumnStatistics:
    """With other values of the same type, in the same order and with the same equalities.

    A value's substitute says its rank among those that the statistics hold and nothing else: it
    can't be guessed at and compared. Without values where the type has no such substitutes (json,
    arrays, uuid …), where they don't fit into the column's length, or where no column is given.
    """
    statistics = replace(statistics, elements=None, ranges=None)
    write = _writer(column, len(set(_values(statistics)))) if column is not None else None
    if column is None or write is None:
        return replace(statistics, common_values=(), common_frequencies=(), histogram=())
    ranks = _ranks(statistics, _order(column))
    return replace(
        statistics,
        common_values=tuple(write(ranks[value]) for value in statistics.common_values),
        histogram=tuple(write(ranks[value]) for value in statistics.histogram),
        redacted=True,
    )


def _values(statistics: ColumnStatistics) -> tuple[str, ...]:
    return statistics.common_values + statistics.histogram


def _writer(column: Column, count: int) -> Callable[[int], str] | None:
    """How ranks from 1 to `count` are written as values of the type."""
    if column.is_array:
        return None
    if column.base_type in NUMBERS:
        return _number_writer(column.type, count)
    if column.base_type in TIMES:
        return lambda rank: str(FIRST_DAY + timedelta(days=rank))
    if column.base_type in TEXTS:
        digits = min(DIGITS, column.length or DIGITS)
        # All of one length: then every collation puts them in the order of their numbers.
        return (lambda rank: f"{rank:0{digits}d}") if count < 10**digits else None
    return None


def _number_writer(type_: str, count: int) -> Callable[[int], str] | None:
    """For numeric(p, s) the rank counts the last decimals: then p digits have room for it."""
    precision, _, scale = type_.partition("(")[2].removesuffix(")").partition(",")
    if not precision.isdecimal():
        return str
    if count >= 10 ** int(precision):
        return None
    return lambda rank: f"{Decimal(rank).scaleb(-int(scale or 0)):f}"


def _ranks(statistics: ColumnStatistics, order: Callable[[str], Any]) -> Mapping[str, int]:
    values = sorted(set(_values(statistics)), key=lambda value: (order(value), value))
    # The histogram is in the server's own order (a collation's, for texts), which is right
    # whatever ours is: among the places that its values have, they take that order.
    bounds = list(dict.fromkeys(statistics.histogram))
    place_of = {value: place for place, value in enumerate(values)}
    for place, bound in zip(sorted(place_of[bound] for bound in bounds), bounds, strict=True):
        values[place] = bound
    return {value: rank for rank, value in enumerate(values, start=1)}


def _order(column: Column) -> Callable[[str], Any]:
    if column.base_type in NUMBERS:
        return _number
    return _moment if column.base_type in TIMES else str


def _number(text: str) -> tuple[bool, Decimal]:
    """NaN is the greatest number for PostgreSQL."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return True, Decimal(0)
    return (True, Decimal(0)) if number.is_nan() else (False, number)


def _moment(text: str) -> tuple[float, str]:
    """Of an ISO date or timestamp, also before our era and after the year 9999."""
    if text in ("-infinity", "infinity"):
        return float(text), ""
    year, _, rest = text.partition("-")
    return (-int(year) if rest.endswith(" BC") else int(year)), rest
