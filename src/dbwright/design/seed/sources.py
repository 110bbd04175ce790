"""Values of one column, those that its type and its own checks let pass."""

from __future__ import annotations

import random
from collections.abc import Sequence

from dbwright.design.seed.copy_text import field
from dbwright.design.seed.hints import hints, variants
from dbwright.design.seed.like import shaped
from dbwright.design.seed.recipe import Recipe, Unfillable
from dbwright.design.seed.values.numbers import is_number
from dbwright.design.seed.values.texts import NUMBER, fitted
from dbwright.design.seed.values.times import is_moment, rank_of
from dbwright.design.seed.values.values import is_text
from dbwright.model.catalog import Check, Column, Table
from dbwright.sql.constants import constants_of_expressions

__all__ = ["constants_of", "null_share", "own_checks", "passing_values", "source_of"]

TEXTS = 3000
OTHERS = 12000
"""Values that are made of a column; of texts fewer, for they take longer."""
LONGEST = 10_000
"""Characters of a text that a constant may ask for."""
EACH = 40
"""Texts of about each such length."""
FEW = 0.02
"""Where a smaller share of the usual values passes, those near the constants are tried."""
LATE = {8: 0.85, 7: 0.4, 5: 0.4, 4: 0.3, 3: 0.2}
"""The usual share of NULL of moments that are late in a row's life, by rank."""


def source_of(recipe: Recipe, table: Table, column: Column, rows: int) -> list[str]:
    """Values that are not NULL, often ones often; in the order of their values where statistics say
    how they are spread. Raises Unfillable where none passes."""
    checks = own_checks(table, column)
    found = recipe.statistics(table, column.name)
    if found is not None:
        made = shaped(recipe, table, column, found, rows, checks)
        if made is not None:
            passing = passing_values(recipe, table, column, made, checks)
            if passing:
                return passing
    many = TEXTS if is_text(column.base_type) or column.is_array else OTHERS
    rng = recipe.chance(table, column.name, "values")
    usual = []
    for _ in range(max(min(many, 4 * rows), 50)):
        one = recipe.values.one(table, column, rng)
        if one is not None:
            usual.append(one)
    passing = passing_values(recipe, table, column, usual, checks)
    constants = constants_of(recipe, table, column, checks)
    if constants and not column.is_array:
        near = hints(column, constants, rng)
        listed = passing_values(recipe, table, column, constants, checks)
        if listed and is_text(column.base_type) and set(passing) <= set(listed):
            return _falling(listed)
        if len(passing) < max(FEW * len(usual), 3):
            long = _of_lengths(recipe, column, constants, rng)
            passing = passing_values(recipe, table, column, long, checks) or passing
        if len(passing) < max(FEW * len(usual), 3):
            passing = passing_values(recipe, table, column, near, checks) or passing
    if not passing and is_text(column.base_type):
        passing = passing_values(recipe, table, column, variants(usual[:500]), checks)
    if not passing:
        named = ", ".join(check.name for check in _all_checks(recipe, table, column))
        reason = f"no value of {column.type} was found for {column.name}"
        raise Unfillable(f"{reason} that {named} lets pass" if named else reason, named)
    return passing


def _of_lengths(
    recipe: Recipe, column: Column, constants: Sequence[str], rng: random.Random
) -> list[str]:
    """Texts to read that are about as long as a constant says."""
    if not is_text(column.base_type):
        return []
    lengths = [int(one) for one in constants if one.isdecimal() and 0 < int(one) <= LONGEST]
    words = recipe.values.words
    return [
        fitted(words.text(rng, round(length * share)), column.length)
        for length in lengths
        for share in (0.7, 0.9, 1.05, 1.2, 1.5)
        for _ in range(EACH)
    ]


def passing_values(
    recipe: Recipe, table: Table, column: Column, values: Sequence[str], checks: Sequence[Check]
) -> list[str]:
    """Those that the type, its domain and the checks let pass."""
    if not values:
        return []
    found = list(values)
    if not _is_plain(recipe, column):
        found = recipe.judge.valid(column, [one.replace(NUMBER, "1") for one in values])
        passing = set(found)
        found = [one for one in values if one.replace(NUMBER, "1") in passing]
    if checks and found:
        sent = list(dict.fromkeys(one.replace(NUMBER, "1") for one in found))
        expressions = [check.expression for check in checks if check.expression is not None]
        lines = [field(one) for one in sent]
        let = set(recipe.judge.passing(table, (column.name,), lines, expressions))
        found = [one for one in found if field(one.replace(NUMBER, "1")) in let]
    return found


def own_checks(table: Table, column: Column) -> list[Check]:
    """Checks of this column alone."""
    return [
        check
        for check in table.checks
        if check.expression is not None and check.enforced and check.columns == (column.name,)
    ]


def constants_of(
    recipe: Recipe, table: Table, column: Column, checks: Sequence[Check]
) -> list[str]:
    """What the checks and the column's domain name."""
    every = [*checks, *_all_checks(recipe, table, column)]
    return constants_of_expressions(check.expression for check in every if check.expression)


def null_share(recipe: Recipe, table: Table, column: Column) -> float:
    """0 for a column that may not be NULL."""
    domain = recipe.values.domain(column)
    if column.not_null or (domain is not None and domain.not_null):
        return 0.0
    late = LATE.get(rank_of(column.name)) if is_moment(column.base_type) else None
    return recipe.null_share(table, column.name, late)


def _all_checks(recipe: Recipe, table: Table, column: Column) -> list[Check]:
    domain = recipe.values.domain(column)
    return [*own_checks(table, column), *(domain.checks if domain is not None else ())]


def _is_plain(recipe: Recipe, column: Column) -> bool:
    """Is every value that is made for the type surely one of it?"""
    if column.domain is not None or column.is_array:
        return False
    base = column.base_type
    return is_text(base) or is_number(base) or is_moment(base) or base in ("boolean", "uuid")


def _falling(values: Sequence[str]) -> list[str]:
    """The first ones more often: 5, 4, 3, 2, 1 …"""
    most = len(values)
    return [one for place, one in enumerate(values) for _ in range(most - place + 1)]


def chosen(source: Sequence[str], share: float, rng: random.Random) -> str | None:
    """One of them, or NULL."""
    return None if share and rng.random() < share else rng.choice(source)
