"""Adding one index after the other, the one that gains most for its size first."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from dbwright.tune.indexes.choose import Problem
from dbwright.tune.indexes.costs import Costs, bits

__all__ = ["gains_alone", "grow"]


def gains_alone(problem: Problem, costs: Costs) -> list[float]:
    """What each allowed candidate gains by itself; 0 for the others."""
    return [
        max(0.0, _gain(problem, costs, 0, number)) if problem.allowed >> number & 1 else 0.0
        for number in range(len(problem.sizes))
    ]


def grow(
    problem: Problem,
    costs: Costs,
    chosen: int,
    alone: list[float],
    exponent: float,
    enough: Callable[[], bool] = lambda: False,
    barred: int = 0,
) -> int:
    """`chosen` and what was added to it until nothing more gains, fits, or `enough` says so.

    Rank is gain / size^exponent. A gain is measured again only when it comes first: it has hardly
    ever become larger since (lazy greedy).
    """
    room = problem.budget - problem.size(chosen)
    waiting = [
        (-alone[number] / problem.sizes[number] ** exponent, number, -1)
        for number in bits(problem.allowed & ~chosen & ~barred)
        if alone[number] > 0
    ]
    heapq.heapify(waiting)
    while waiting and not enough():
        _, number, seen = heapq.heappop(waiting)
        size = problem.sizes[number]
        if size > room:
            continue
        if seen == chosen:
            chosen |= 1 << number
            room -= size
            continue
        gain = _gain(problem, costs, chosen, number)
        if gain > 0:
            heapq.heappush(waiting, (-gain / size**exponent, number, chosen))
    return chosen


def _gain(problem: Problem, costs: Costs, chosen: int, number: int) -> float:
    """What the queries for which it could matter save by one more index, less its upkeep."""
    queries = [query for query in range(len(costs)) if costs.relevant[query] >> number & 1]
    before = costs.all(chosen, queries)
    after = costs.all(chosen | 1 << number, queries)
    saved = sum(
        problem.weights[query] * (old - new)
        for query, old, new in zip(queries, before, after, strict=True)
    )
    return saved - problem.upkeep[number]
