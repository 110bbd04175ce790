"""Values as statistics tell of them, and none of those that the statistics hold.

Texts are made anew: as many different ones, and the most common as often. Of numbers and moments
the shape of the histogram stays; each value lies between two of its bounds and is none of them,
unless there are hardly more values than bounds (a quantity from 1 to 9). Labels of an enum,
booleans and what a check names belong to the schema: they stay, as often as they are there.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from dbwright.design.seed.recipe import Recipe
from dbwright.design.seed.values.meaning import meaning_of
from dbwright.design.seed.values.numbers import FLOATS, is_number, scale_of
from dbwright.design.seed.values.texts import NUMBER, fitted, numbered
from dbwright.design.seed.values.times import is_moment, moment_text
from dbwright.design.seed.values.values import is_text
from dbwright.model.catalog import Check, Column, Table, TypeKind
from dbwright.model.statistics import ColumnStatistics
from dbwright.sql.constants import constants_of_expressions

__all__ = ["distinct_of", "shaped"]

SIZE = 50_000
"""Values that a pool holds at most."""
DENSE = 3
"""Steps between the least and the greatest for each value that is known: with fewer, values that
the statistics hold can't be left out."""


def distinct_of(found: ColumnStatistics, there: float, here: int) -> int:
    """How many different values that many rows have here, where `there` rows have so many."""
    if found.distinct < 0:
        return max(1, round(-found.distinct * here))
    share = min(1.0, found.distinct / max(there, 1.0))
    return max(1, min(round(found.distinct), here) if share < 0.1 else round(share * here))


def shaped(
    recipe: Recipe,
    table: Table,
    column: Column,
    found: ColumnStatistics,
    rows: int,
    checks: Sequence[Check],
) -> list[str] | None:
    """A pool of values; None where the statistics tell nothing of this type."""
    # Of rows that are not NULL: those are put between these later.
    share = 1.0 - found.null_fraction
    if share <= 0:
        return None
    size = max(100, min(SIZE, round(rows * share)))
    found = replace(
        found,
        common_frequencies=tuple(one / share for one in found.common_frequencies),
    )
    if column.is_array:
        return None
    own = recipe.values.own_type(column)
    named: Sequence[str] = ()
    if own is not None and own.kind is TypeKind.ENUM:
        named = own.labels
    elif column.base_type == "boolean":
        named = ("t", "f")
    elif checks and is_text(column.base_type):
        named = constants_of_expressions(c.expression for c in checks if c.expression)
    if named:
        return _named(found, named, size)
    if is_number(column.base_type) or is_moment(column.base_type):
        return _spread(recipe, table, column, found, size)
    distinct = distinct_of(found, recipe.like_rows.get(table.qualified, rows), rows)
    if is_text(column.base_type):
        values = _texts(recipe, table, column, found, min(distinct, size))
    else:
        values = _others(recipe, table, column, min(distinct, size))
    return _weighted(values, found.common_frequencies, distinct, size) if values else None


def _named(found: ColumnStatistics, named: Sequence[str], size: int) -> list[str] | None:
    """Values that the schema names, as often as they are there."""
    common = dict(zip(found.common_values, found.common_frequencies, strict=False))
    pool: list[str] = []
    for value in named:
        pool += [value] * round(size * common.get(value, 0.0))
    return pool or None


def _texts(
    recipe: Recipe, table: Table, column: Column, found: ColumnStatistics, distinct: int
) -> list[str]:
    rng = recipe.chance(table, column.name, "like")
    meaning = meaning_of(table, column.name)
    forbidden = set(found.sample)
    values: dict[str, None] = {}
    for number in range(1, 20 * distinct + 1):
        if len(values) >= distinct:
            break
        one = recipe.values.one(table, column, rng, found.average_width)
        if one is None:
            return []
        if one in values or one in forbidden:
            digits = str(number)
            one = fitted(numbered(one, meaning), column.length, len(digits)).replace(NUMBER, digits)
        if one not in forbidden:
            values[one] = None
    return list(values)


def _others(recipe: Recipe, table: Table, column: Column, distinct: int) -> list[str]:
    rng = recipe.chance(table, column.name, "like")
    made = (recipe.values.one(table, column, rng) for _ in range(2 * distinct))
    return list(dict.fromkeys(one for one in made if one is not None))[:distinct]


def _weighted(
    values: Sequence[str], frequencies: Sequence[float], distinct: int, size: int
) -> list[str]:
    """The first as often as the most common values are, the rest evenly."""
    pool: list[str] = []
    known = min(len(frequencies), len(values))
    total = sum(frequencies) or 1.0
    rest = values[known:]
    for value, frequency in zip(values[:known], frequencies[:known], strict=True):
        share = frequency if rest else frequency / total
        pool += [value] * max(1, round(size * share))
    left = max(size - len(pool), 0)
    if rest:
        times, more = divmod(left, len(rest))
        pool += [one for place, one in enumerate(rest) for _ in range(times + (place < more))]
    return pool


def _spread(
    recipe: Recipe, table: Table, column: Column, found: ColumnStatistics, size: int
) -> list[str] | None:
    """Numbers and moments, in their order."""
    known = [number for text in found.sample if (number := _number(column, text)) is not None]
    if not known:
        return None
    rng = recipe.chance(table, column.name, "like")
    bounds = [number for text in found.histogram if (number := _number(column, text)) is not None]
    common = [_number(column, text) for text in found.common_values]
    step = _step(column)
    low, high = min(known), max(known)
    dense = (high - low) / step <= DENSE * len(set(known))
    taken = frozenset() if dense else frozenset(round(number / step) for number in known)
    pool: list[float] = []
    different = distinct_of(found, recipe.like_rows.get(table.qualified, size), size)
    for number, frequency in zip(common, found.common_frequencies, strict=False):
        if number is not None:
            near = _free(number, step, low, high, taken)
            pool += [near] * max(1, round(size * frequency))
    left = max(size - len(pool), 0)
    if len(bounds) > 1 and left:
        some = max(1, min(left, different - len(common)))
        made = [_between(bounds, rng, step, taken, dense) for _ in range(some)]
        pool += [made[place % some] for place in range(left)]
    return [_text(column, number) for number in sorted(pool)]


def _between(
    bounds: Sequence[float], rng: random.Random, step: float, taken: frozenset[int], dense: bool
) -> float:
    """In one of the histogram's parts, each of which has as many rows."""
    place = rng.randrange(len(bounds) - 1)
    low, high = bounds[place], bounds[place + 1]
    value = round((low + (high - low) * rng.random()) / step) * step
    return value if dense else _free(value, step, bounds[0], bounds[-1], taken)


def _free(number: float, step: float, low: float, high: float, taken: frozenset[int]) -> float:
    """The nearest that none of the statistics' values is."""
    place = round(number / step)
    for away in range(len(taken) + 1):
        for candidate in (place + away, place - away):
            if candidate not in taken and low <= candidate * step <= high:
                return candidate * step
    return number


def _step(column: Column) -> float:
    base = column.base_type
    if base == "date":
        return 86400.0
    if is_moment(base):
        return 1.0
    if base in FLOATS:
        return 0.001
    if base == "numeric":
        digits, scale = scale_of(column)
        return float(10.0**-scale) if digits is not None else 0.01
    return 0.01 if base == "money" else 1.0


def _number(column: Column, text: str) -> float | None:
    try:
        if is_moment(column.base_type):
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        number = float(text.replace("$", "").replace(",", ""))
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e300 else None


def _text(column: Column, number: float) -> str:
    if is_moment(column.base_type):
        moment = datetime.fromtimestamp(number, UTC).replace(tzinfo=None)
        return moment_text(column.base_type, moment)
    if column.base_type in ("smallint", "integer", "bigint", "oid"):
        return str(round(number))
    places = len(f"{_step(column):.10f}".rstrip("0").partition(".")[2])
    return f"{number:.{places}f}"
