"""Parts of columns in which each value is there once."""

from __future__ import annotations

from datetime import timedelta

from dbwright.design.seed.copy_text import field
from dbwright.design.seed.hints import hints
from dbwright.design.seed.parts import Counted, Distinct, Part, Uuids
from dbwright.design.seed.recipe import Recipe, Unfillable
from dbwright.design.seed.sources import (
    constants_of,
    null_share,
    own_checks,
    passing_values,
    source_of,
)
from dbwright.design.seed.uniqueness import unique_sets
from dbwright.design.seed.values.meaning import meaning_of
from dbwright.design.seed.values.numbers import LIMITS, is_number, scale_of
from dbwright.design.seed.values.texts import NUMBER, fitted, numbered
from dbwright.design.seed.values.times import NEWEST, is_moment, moment_text
from dbwright.design.seed.values.values import is_text
from dbwright.model.catalog import Column, Table

__all__ = ["alone"]

MANY = 20_000
"""Different values that are looked for of a type that has no numbers in it."""
MOST_MOMENTS = 200_000


def alone(
    recipe: Recipe,
    table: Table,
    column: Column,
    rows: int,
    offset: int,
    start: int | None,
    constraint: str,
) -> Part:
    """`offset`: rows that are there already; `start`: the next free number. Raises Unfillable."""
    base, rng = column.base_type, recipe.chance(table, column.name)
    nulls = null_share(recipe, table, column)
    if any(unique.nulls_not_distinct for unique in unique_sets(table)):
        nulls = 0.0
    if base == "uuid" and not column.is_array and not nulls:
        return Uuids(column.name, rng)
    if is_number(base) and not column.is_array:
        first = start if start is not None else _first(recipe, table, column)
        most = LIMITS.get(base, 10**15)
        digits, scale = scale_of(column)
        if base == "numeric" and digits is not None:
            most = 10 ** (digits - scale) - 1
        checks = own_checks(table, column)
        if scale > 0 and digits is not None and most < rows:
            parts = rng.sample(range(10**digits), min(10**digits, MANY))
            made = [f"{part / 10**scale:.{scale}f}" for part in parts]
            found = passing_values(recipe, table, column, made, checks)
            return Distinct(column.name, found, (), rng, nulls=nulls)
        samples = [str(first), str(min(first + rows, most))]
        if len(passing_values(recipe, table, column, samples, checks)) == 2:
            return Counted(column.name, first, most, rng, nulls)
    if is_text(base) and not column.is_array:
        return _texts(recipe, table, column, rows, offset, nulls)
    if is_moment(base) and not column.is_array:
        step = timedelta(days=1) if base == "date" else timedelta(minutes=7)
        moments = [NEWEST - step * n for n in range(offset, offset + min(rows, MOST_MOMENTS))]
        texts = [moment_text(base, moment) for moment in moments]
        found = passing_values(recipe, table, column, texts, own_checks(table, column))
        if len(found) == len(texts):
            return Distinct(column.name, found, (), rng, nulls=nulls)
    different = _different(recipe, table, column, rows)
    if not different:
        raise Unfillable(f"no values of {column.name} were found", constraint)
    return Distinct(column.name, different, (), rng, nulls=nulls)


def _first(recipe: Recipe, table: Table, column: Column) -> int:
    sequence = recipe.catalog.sequence_of(table, column)
    return 1 if sequence is None else sequence.start


def _different(recipe: Recipe, table: Table, column: Column, rows: int) -> list[str]:
    rng = recipe.chance(table, column.name, "different")
    own = recipe.values.own_type(column)
    if own is not None and own.labels and not column.is_array:
        made = list(own.labels)
    else:
        made = source_of(recipe, table, column, rows)
        for _ in range(min(2 * rows, MANY)):
            one = recipe.values.one(table, column, rng)
            if one is not None:
                made.append(one)
    checks = own_checks(table, column)
    return list(
        dict.fromkeys(field(one) for one in passing_values(recipe, table, column, made, checks))
    )


def _texts(
    recipe: Recipe, table: Table, column: Column, rows: int, offset: int, nulls: float
) -> Part:
    """Words as they are, and more of them with numbers."""
    rng = recipe.chance(table, column.name)
    meaning = meaning_of(table, column.name)
    digits = len(str(offset + rows))
    source = list(dict.fromkeys(source_of(recipe, table, column, rows)))
    plain = {one.casefold(): one for one in source if not any(map(str.isdigit, one))}
    further = _numbered_values(recipe, table, column, source[:500], digits)
    # Addresses, and what looks made up without a number, have one from the first on.
    fresh = list(plain.values()) if meaning not in ("email", "username", "code") else []
    if not further:
        every = _patterned(recipe, table, column, rows, source)
        return Distinct(column.name, [field(one) for one in every], (), rng, nulls=nulls)
    values = [] if offset else [field(one) for one in fresh]
    return Distinct(
        column.name, values, [field(one) for one in further], rng, offset=1 + offset, nulls=nulls
    )


def _numbered_values(
    recipe: Recipe, table: Table, column: Column, source: list[str], digits: int
) -> list[str]:
    """With a place for the number, and such that the first and the last one pass."""
    meaning = meaning_of(table, column.name)
    templates = [fitted(numbered(one, meaning), column.length, digits) for one in source]
    templates = [one for one in dict.fromkeys([*templates, NUMBER]) if NUMBER in one]
    if column.length is not None and column.length < digits:
        return []
    checks = own_checks(table, column)
    found = set(templates)
    for number in ("1", "9" * digits):
        tried = {one.replace(NUMBER, number): one for one in templates}
        passing = passing_values(recipe, table, column, list(tried), checks)
        found &= {tried[one] for one in passing}
    kept = [one for one in templates if one in found]
    return [one for one in kept if one != NUMBER] or kept


def _patterned(
    recipe: Recipe, table: Table, column: Column, rows: int, source: list[str]
) -> list[str]:
    """Different ones that the checks let pass, where numbers don't fit in."""
    checks = own_checks(table, column)
    constants = constants_of(recipe, table, column, checks)
    found = {one.casefold(): one for one in source}
    for round_ in range(40):
        if len(found) >= rows:
            break
        rng = recipe.chance(table, column.name, "pattern", str(round_))
        made = hints(column, constants, rng) if constants else []
        width = column.length or 8
        letters = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
        made += ["".join(rng.choices(letters, k=width)) for _ in range(min(rows, 2000))]
        for one in passing_values(recipe, table, column, made, checks):
            found.setdefault(one.casefold(), one)
    return list(found.values())
