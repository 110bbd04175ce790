"""Counting in rows of codes, at the speed of C: sets of whole numbers, and maps over them.

Of columns X and A as codes, X determines A where there are as many different (X, A) as X. Each
different pair beyond that is at least one row that breaks it: a bound that costs no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import add

__all__ = ["Codes", "combined", "distinct", "holders", "numbered", "pairs", "surplus", "unlike"]

Codes = Sequence[int]
"""Of each row a whole number; equal numbers for equal values."""


def combined(first: Codes, second: Codes, second_distinct: int) -> list[int]:
    """Codes of both together."""
    return list(pairs(first, second, second_distinct))


def pairs(first: Codes, second: Codes, second_distinct: int) -> map[int]:
    """The same, one by one."""
    return map(add, map(second_distinct.__mul__, first), second)


def numbered(codes: Codes) -> list[int]:
    """The same with numbers that are small: combined ones grow with each column."""
    numbers = {code: number for number, code in enumerate(dict.fromkeys(codes))}
    return list(map(numbers.__getitem__, codes))


def distinct(codes: Codes) -> int:
    return len(set(codes))


def surplus(left: Codes, left_distinct: int, right: Codes, right_distinct: int) -> int:
    """Different pairs beyond those that there may be: 0 where left determines right, else at most
    the rows that would have to go."""
    return len(set(pairs(left, right, right_distinct))) - left_distinct


def unlike(left: Codes, right: Codes, right_distinct: int) -> int:
    """How many rows would have to go for left to determine right (g3)."""
    most: dict[int, int] = {}
    for pair, count in Counter(pairs(left, right, right_distinct)).items():
        value = pair // right_distinct
        if count > most.get(value, 0):
            most[value] = count
    return len(left) - sum(most.values())


def holders(left: Codes, right: Codes, right_distinct: int, at_most: int) -> list[tuple[int, int]]:
    """Rows that break it: of each, its own place and that of a row with what most others have.

    Rows count from 0; those of the value on the left that is met first come first.
    """
    counts = Counter(pairs(left, right, right_distinct))
    usual: dict[int, tuple[int, int]] = {}
    for pair, count in counts.items():
        value = pair // right_distinct
        if count > usual.get(value, (0, 0))[0]:
            usual[value] = (count, pair)
    broken = {pair for pair in counts if usual[pair // right_distinct][1] != pair}
    rows = [row for row, pair in enumerate(pairs(left, right, right_distinct)) if pair in broken][
        :at_most
    ]
    wanted = {usual[left[row]][1] for row in rows}
    where: dict[int, int] = {}
    if wanted:
        for row, pair in enumerate(pairs(left, right, right_distinct)):
            if pair in wanted and pair not in where:
                where[pair] = row
    return [(row, where[usual[left[row]][1]]) for row in rows]
