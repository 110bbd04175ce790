"""Which of many is chosen how often: few by many, as in life."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import gcd

__all__ = ["Skew", "scattered"]

STEP = 0x9E3779B1
"""Neighbours by this step are far apart."""


@dataclass(frozen=True, slots=True)
class Skew:
    """`power` 1 chooses evenly; with 4 a fifth of the keys has two thirds of the rows.

    With `frequencies` the first of them are chosen so often, and the rest of `distinct` evenly:
    what statistics tell.
    """

    power: float = 4.0
    frequencies: tuple[float, ...] = ()
    distinct: int | None = None

    def places(self, rng: random.Random, count: int, among: int) -> list[int]:
        """So many numbers below `among`."""
        chance = rng.random
        if self.distinct is None:
            power = self.power
            if power == 1:
                found = [int(among * chance()) for _ in range(count)]
            else:
                found = [int(among * chance() ** power) for _ in range(count)]
            return scattered(found, among)
        distinct = max(1, min(self.distinct, among))
        sums = list(accumulate(self.frequencies[:distinct]))
        total = sums[-1] if sums else 0.0
        rest = distinct - len(sums)
        if not rest:
            return scattered(
                [min(bisect(sums, chance() * total), distinct - 1) for _ in range(count)], among
            )
        first = len(sums)
        found = []
        for _ in range(count):
            at = chance()
            found.append(bisect(sums, at) if at < total else first + int(rest * chance()))
        return scattered(found, among)


def scattered(places: Sequence[int], among: int) -> list[int]:
    """Each number below `among` stands for another one: not the first are those chosen most."""
    step = STEP % among if among else 1
    while among > 1 and gcd(step, among) != 1:
        step += 1
    step = step or 1
    return [place * step % among for place in places]
