"""Some rows of a table that stand for all of them: the same ones each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

__all__ = ["ENOUGH", "evenly"]

ENOUGH = 20_000
"""Rows that are looked at; of larger tables, a sample of pages."""


def evenly(
    connection: psycopg.Connection[Any],
    relation: str,
    rows: int,
    expressions: Sequence[str],
    condition: str = "",
    *,
    most: int,
    enough: int = ENOUGH,
) -> list[tuple[str | None, ...]]:
    """At most `most` different rows, as the texts of the expressions, spread evenly over the table
    as it is stored. So a value comes as often as it is frequent.

    `relation`: qualified, of about `rows` rows; `condition`: what the rows have to meet.
    Raises psycopg.Error.
    """
    texts = ", ".join(f"({expression})::text" for expression in expressions)
    share = 100.0 * enough / max(1, rows)
    sample = f" TABLESAMPLE SYSTEM ({share:.6f}) REPEATABLE (1)" if share < 100 else ""
    where = f" WHERE {condition}" if condition else ""
    found = connection.execute(f"SELECT {texts} FROM {relation}{sample}{where}".encode()).fetchall()
    step = max(1.0, len(found) / most)
    places = [int((number + 0.5) * step) for number in range(most)]
    return list(dict.fromkeys(found[place] for place in places if place < len(found)))
