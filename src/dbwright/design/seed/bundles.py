"""Columns whose values have to fit together, and pools of rows of them that do.

Columns belong together that one check names, moments of one row (created before paid), and the
names and the address of one person.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from dbwright.design.seed.copy_text import field, fragment
from dbwright.design.seed.hints import hints
from dbwright.design.seed.persons import PERSON, person_row
from dbwright.design.seed.recipe import Recipe, Unfillable
from dbwright.design.seed.sources import (
    constants_of,
    null_share,
    passing_values,
    source_of,
)
from dbwright.design.seed.values.meaning import meaning_of
from dbwright.design.seed.values.times import is_moment, moment_text, moments, rank_of
from dbwright.design.seed.values.values import is_text
from dbwright.model.catalog import Check, Column, Table
from dbwright.sql.constants import constants_of_expressions
from dbwright.sql.equalities import equalities

__all__ = ["Bundle", "bundles", "pool_of"]

MOST = 12_000
"""Rows of a pool."""
ENOUGH = 0.05
"""The share of a pool's candidates that is enough to go on with them."""
ROUNDS = 4
Draw = Callable[[random.Random], list[str | None]]


@dataclass(frozen=True, slots=True)
class Bundle:
    columns: tuple[Column, ...]
    checks: tuple[tuple[str, str], ...]
    """Names and expressions of those that name more than one column."""
    alone: frozenset[str] = frozenset()
    """Columns that get the row's number, so that each value is there once."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def bundles(
    recipe: Recipe,
    table: Table,
    columns: Sequence[Column],
    checks: Sequence[Check],
    bounds: str,
    alone: Collection[str] = (),
) -> list[Bundle]:
    """All of the columns, each in one bundle. `checks`: those of several of these columns;
    `bounds`: of partitions, over the columns of the table's partition key; `alone`: columns of
    which each value is there once."""
    names = [column.name for column in columns]
    group = {name: {name} for name in names}

    def join(some: Iterable[str]) -> None:
        together = set().union(*(group[name] for name in some))
        for name in together:
            group[name] = together

    linked = [(check.name, check.expression or "", check.columns) for check in checks]
    key = table.partition_key
    if bounds and key is not None:
        linked.append(("its partitions", bounds, tuple(filter(None, key.columns))))
    for _, _, of in linked:
        join(of)
    like = {name for table_, name in recipe.like if table_ == table.qualified}
    free = [column for column in columns if column.name not in like]
    for together in (
        [column.name for column in free if is_moment(column.base_type) and not column.is_array],
        [c.name for c in free if is_text(c.base_type) and meaning_of(table, c.name) in PERSON],
    ):
        if len(together) > 1:
            join(together)
    found: list[Bundle] = []
    seen: set[str] = set()
    by_name = {column.name: column for column in columns}
    for name in names:
        if name not in seen:
            seen |= group[name]
            own = tuple(by_name[one] for one in names if one in group[name])
            of_own = tuple((n, e) for n, e, of in linked if set(of) <= group[name])
            found.append(Bundle(own, of_own, frozenset(alone) & group[name]))
    return found


def pool_of(recipe: Recipe, table: Table, bundle: Bundle, rows: int) -> list[str]:
    """Fragments. Raises Unfillable."""
    rng = recipe.chance(table, *bundle.names, "pool")
    if len(bundle.columns) == 1 and not bundle.checks:
        return _single(recipe, table, bundle.columns[0], rows, rng)
    size = max(50, min(MOST, 2 * rows))
    if all(is_moment(column.base_type) for column in bundle.columns) and not any(
        recipe.statistics(table, name) for name in bundle.names
    ):
        ordered = _filtered(recipe, table, bundle, _moments(recipe, table, bundle), size, rng)
        if len(ordered) >= max(3, ENOUGH * size):
            return ordered
    found = _filtered(recipe, table, bundle, _usual(recipe, table, bundle, rows), size, rng)
    if bundle.checks and len(found) < max(3, ENOUGH * size):
        found += _filtered(recipe, table, bundle, _near(recipe, table, bundle, rows), size, rng)
    if not found:
        names = ", ".join(name for name, _ in bundle.checks)
        columns = ", ".join(bundle.names)
        raise Unfillable(f"no values of {columns} were found that {names} lets pass", names)
    return found


def _single(
    recipe: Recipe, table: Table, column: Column, rows: int, rng: random.Random
) -> list[str]:
    share = null_share(recipe, table, column)
    if share >= 1:
        return [field(None)]
    try:
        source = [field(one) for one in source_of(recipe, table, column, rows)]
    except Unfillable:
        domain = recipe.values.domain(column)
        if column.not_null or (domain is not None and domain.not_null):
            raise
        return [field(None)]  # that passes every check
    return _with_nulls(source, share, rng)


def _with_nulls(source: list[str], share: float, rng: random.Random) -> list[str]:
    """In their order, and NULLs here and there."""
    if not share:
        return source
    nulls = max(1, round(len(source) * share / (1 - share)))
    every = len(source) / nulls
    found: list[str] = []
    put = 0
    for place, one in enumerate(source):
        found.append(one)
        while put < nulls and place + 1 >= (put + 0.5) * every:
            found.append(field(None))
            put += 1
    return found


def _filtered(
    recipe: Recipe, table: Table, bundle: Bundle, draw: Draw, size: int, rng: random.Random
) -> list[str]:
    found: list[str] = []
    checks = [expression for _, expression in bundle.checks]
    equations = [pair for check in checks for pair in equalities(check, bundle.names)]
    for _ in range(ROUNDS):
        lines = [fragment(draw(rng)) for _ in range(size)]
        if equations:
            solved = recipe.judge.solved(table, bundle.names, lines, equations)
            lines = solved or lines
        found += recipe.judge.passing(table, bundle.names, lines, checks) if checks else lines
        if len(found) >= size / 2:
            break
    return found


def _usual(recipe: Recipe, table: Table, bundle: Bundle, rows: int) -> Draw:
    """Each column for itself, but for persons."""
    meanings = [meaning_of(table, column.name) for column in bundle.columns]
    sources = [source_of(recipe, table, column, rows) for column in bundle.columns]
    shares = [null_share(recipe, table, column) for column in bundle.columns]
    person = not bundle.checks and all(meaning in PERSON for meaning in meanings)
    digits = len(str(rows)) + 1  # some may be there already

    def draw(rng: random.Random) -> list[str | None]:
        if person:
            return person_row(recipe, bundle.columns, bundle.alone, meanings, shares, rng, digits)
        return [
            None if share and rng.random() < share else rng.choice(source)
            for source, share in zip(sources, shares, strict=True)
        ]

    return draw


def _moments(recipe: Recipe, table: Table, bundle: Bundle) -> Draw:
    ranks = [rank_of(name) for name in bundle.names]
    shares = [null_share(recipe, table, column) for column in bundle.columns]

    def draw(rng: random.Random) -> list[str | None]:
        return [
            None if share and rng.random() < share else moment_text(column.base_type, moment)
            for column, moment, share in zip(
                bundle.columns, moments(rng, ranks), shares, strict=True
            )
        ]

    return draw


def _near(recipe: Recipe, table: Table, bundle: Bundle, rows: int) -> Draw:
    """Half of the values near constants of the checks, equal ones of different columns often, and
    as many NULLs as values."""
    rng = recipe.chance(table, *bundle.names, "near")
    constants = constants_of_expressions(expression for _, expression in bundle.checks)
    sources: list[list[str]] = []
    for column in bundle.columns:
        near = hints(column, constants, rng) if not column.is_array else []
        own = [check for check in table.checks if check.columns == (column.name,)]
        near += constants_of(recipe, table, column, own)
        sources.append(passing_values(recipe, table, column, near, own))
    usual = [source_of(recipe, table, column, rows) for column in bundle.columns]
    nullable = [null_share(recipe, table, column) > 0 for column in bundle.columns]

    def draw(rng: random.Random) -> list[str | None]:
        row: list[str | None] = []
        for near, common, may in zip(sources, usual, nullable, strict=True):
            if may and rng.random() < 0.5:
                row.append(None)
            else:
                row.append(rng.choice(near if near and rng.random() < 0.5 else common))
        return row

    return draw
