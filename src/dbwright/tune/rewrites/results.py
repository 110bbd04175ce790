"""What a query gave, and whether two queries gave the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Result", "ResultRow", "difference", "unordered"]

ResultRow = tuple[bytes | None, ...]
"""Values as the server writes them."""


@dataclass(frozen=True, slots=True)
class Result:
    """Rows in their order."""

    columns: tuple[tuple[str, int, int], ...]
    """Name, type (oid) and modifier of each."""
    rows: tuple[ResultRow, ...]
    keys: tuple[ResultRow, ...] | None = None
    """What each row is sorted by; None where nothing sorts."""


def difference(original: Result, rewritten: Result) -> str | None:
    """What differs, as a sentence; None where nothing does.

    Rows are compared as a multiset; where the original sorts, each group of rows that it puts in
    the same place must stand there as well, in any order within.
    """
    if len(original.columns) != len(rewritten.columns):
        return f"{len(rewritten.columns)} columns instead of {len(original.columns)}"
    for place, (one, other) in enumerate(
        zip(original.columns, rewritten.columns, strict=True), start=1
    ):
        if one[0] != other[0]:
            return f"column {place} is called {other[0]!r} instead of {one[0]!r}"
        if one[1:] != other[1:]:
            return f"column {one[0]} has another type"
    if len(original.rows) != len(rewritten.rows):
        return f"{_rows(len(rewritten.rows))} instead of {_rows(len(original.rows))}"
    start = 0
    for size in _tied(original):
        group = slice(start, start + size)
        if Counter(original.rows[group]) != Counter(rewritten.rows[group]):
            same = unordered(original) == unordered(rewritten)
            return "the same rows in another order" if same else "other rows"
        start += size
    return None


def unordered(result: Result) -> Counter[ResultRow]:
    """The rows as a multiset."""
    return Counter(result.rows)


def _tied(result: Result) -> Sequence[int]:
    """How many rows share a place, place by place."""
    if result.keys is None:
        return (len(result.rows),)
    sizes: list[int] = []
    before: ResultRow | None = None
    for key in result.keys:
        if sizes and key == before:
            sizes[-1] += 1
        else:
            sizes.append(1)
        before = key
    return sizes


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
