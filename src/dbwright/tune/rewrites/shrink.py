"""From the rows on which two queries differ to as few of them as still tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import psycopg

from dbwright.tune.rewrites.data import Row
from dbwright.tune.rewrites.trial import Trial, Tried
from dbwright.tune.rewrites.verdict import CounterExample

__all__ = ["shrunk"]

MOST = 120
"""Trials with fewer rows."""


def shrunk(trial: Trial, name: str, tried: Tried) -> CounterExample:
    """With rows taken away as long as the two still differ."""
    smallest = tried
    left = MOST
    fewer = _smaller(trial, smallest.rows, left)
    while fewer[0] is not None:
        smallest, left = fewer
        fewer = _smaller(trial, smallest.rows, left)
    assert smallest.original is not None and smallest.difference is not None
    return CounterExample(
        data_set=name,
        difference=smallest.difference,
        rows={table: rows for table, rows in smallest.rows.items() if rows},
        original=smallest.shown(smallest.original),
        rewritten=() if smallest.rewritten is None else smallest.shown(smallest.rewritten),
        error=smallest.error,
    )


def _smaller(
    trial: Trial, rows: Mapping[str, Sequence[Row]], left: int
) -> tuple[Tried, int] | tuple[None, int]:
    """With one row less, if the two still differ without one; and how many trials are left."""
    for table, own in rows.items():
        for place in range(len(own) - 1, -1, -1):
            if left <= 0:
                return None, 0
            left -= 1
            fewer = {**rows, table: [*own[:place], *own[place + 1 :]]}
            try:
                again = trial.run(fewer)
            except psycopg.errors.QueryCanceled:
                continue
            if again.difference is not None:
                return again, left
    return None, left
