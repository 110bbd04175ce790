"""Names and addresses of one person, in the columns of one row."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

from dbwright.design.seed.recipe import Recipe
from dbwright.design.seed.sources import own_checks, passing_values
from dbwright.design.seed.values.meaning import meaning_of
from dbwright.design.seed.values.texts import ascii_word, fitted, numbered
from dbwright.design.seed.values.values import is_text
from dbwright.model.catalog import Column, Table

__all__ = ["PERSON", "person_row", "personal"]

PERSON = ("first_name", "last_name", "full_name", "email", "username")
"""Meanings."""
SAMPLES = {
    "email": ("anna.miller1@example.org", "jo.li123456@example.com"),
    "username": ("anna.miller1", "jo.li123456"),
}
"""What checks have to let pass, by meaning."""


def personal(recipe: Recipe, table: Table, columns: Sequence[Column]) -> set[str]:
    """Columns of addresses and user names that are made of the names in the same row."""
    several = {n for check in table.checks if len(check.columns) != 1 for n in check.columns}
    plain = {
        column.name: meaning_of(table, column.name)
        for column in columns
        if is_text(column.base_type)
        and not column.is_array
        and column.name not in several
        and recipe.statistics(table, column.name) is None
        and (column.domain is None or meaning_of(table, column.name) in SAMPLES)
    }
    if not any(meaning in PERSON[:3] for meaning in plain.values()):
        return set()
    return {
        column.name
        for column in columns
        if (samples := SAMPLES.get(plain.get(column.name, "")))
        and len(passing_values(recipe, table, column, samples, own_checks(table, column))) == 2
    }


def person_row(
    recipe: Recipe,
    columns: Sequence[Column],
    alone: Collection[str],
    meanings: Sequence[str],
    shares: Sequence[float],
    rng: random.Random,
    digits: int,
) -> list[str | None]:
    """Values of these columns, of one person. `alone`: columns that get the row's number, of so
    many digits; `shares`: of NULL."""
    words = recipe.values.words
    first, last = rng.choice(words.of("first_name")), rng.choice(words.of("last_name"))
    site = rng.choice(("example.com", "example.org", "example.net"))
    names = {
        "first_name": first,
        "last_name": last,
        "full_name": f"{first} {last}",
        "email": f"{ascii_word(first)}.{ascii_word(last)}@{site}",
        "username": f"{ascii_word(first)}.{ascii_word(last)}",
    }
    row: list[str | None] = []
    for column, meaning, share in zip(columns, meanings, shares, strict=True):
        text = names[meaning]
        if column.name in alone:
            text = numbered(text, meaning)
        null = share and rng.random() < share
        row.append(None if null else fitted(text, column.length, digits))
    return row
