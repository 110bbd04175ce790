"""Adding one index after the other, the one that gains most for its size first."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from dbwright.tune.indexes.choose import Problem
from dbwright.tune.indexes.costs import Costs, bits

__all__ = ["gains_alone", "gains_told", "grow"]


def gains_alone(problem: Problem, costs: Costs) -> list[float]:
    """What each allowed candidate gains by itself; 0 for the others."""
    return [
        max(0.0, _gain(problem, costs, 0, number)) if problem.allowed >> number & 1 else 0.0
        for number in range(len(problem.sizes))
    ]


def gains_told(problem: Problem, costs: Costs) -> list[float]:
    """As far as known plans tell, without a planner call: what the plans that use a candidate
    gain, shared among the indexes of each; 0 for those that are in no plan."""
    found = [0.0] * len(problem.sizes)
    for query, weight in enumerate(problem.weights):
        nothing = costs.cost(query, 0)
        best: dict[int, float] = {}
        for plan in costs.plans[query]:
            gain = weight * (nothing - plan.cost) / max(1, plan.used.bit_count())
            for number in bits(plan.used & problem.allowed):
                best[number] = max(gain, best.get(number, 0.0))
        for number, gain in best.items():
            found[number] += gain
    return [max(0.0, gain - upkeep) for gain, upkeep in zip(found, problem.upkeep, strict=True)]


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
