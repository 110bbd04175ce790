"""Finding the plans that a choice of indexes is made of.

The cheapest plan of a query with all candidates visible is the best there is; hiding one of the
indexes that it uses gives the next best without that one, and so on. The plans so found, each with
the few indexes that it needs, are what the choice is between.

What they come to together is seen when all indexes of a good mixture are visible: there are plans
that use one that was found for another query, or two that no plan used together.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

from dbwright.tune.indexes.choose import Problem, choose_parts
from dbwright.tune.indexes.costs import Costs, bits, mask

__all__ = ["combine", "explore"]

MIXTURES = 6
"""Looked at in a row at most, each of what was learnt by the last one …"""
CALLS = 2
"""… with so many planner calls for each query, beyond the first."""
PARTS = (0.6, 0.3, 1e-6)
"""Of an index in a mixture: where more of it is chosen it is visible."""


def combine(
    problem: Problem, costs: Costs, seconds: float, enough: Callable[[], bool] = lambda: False
) -> None:
    """Learn plans with the indexes of the best mixtures of known plans, until that teaches nothing
    more. `seconds` that it may take to find one."""
    for _ in range(MIXTURES):
        asked = costs.calls
        parts = choose_parts(problem, costs, seconds)
        for least in PARTS:
            chosen = mask(number for number, part in parts.items() if part > least)
            if not enough():
                costs.all(chosen)
        for query in range(len(costs)):
            if not enough():
                explore(costs, query, [chosen], CALLS)
        if costs.calls == asked:
            break


def explore(costs: Costs, query: int, roots: Sequence[int], calls: int) -> None:
    """Learn plans of one query: under each of `roots` (sets of candidates), and under what is left
    of them when the indexes of the cheapest plans are hidden one by one. Spends up to `calls`."""
    spent = costs.calls + calls
    waiting: list[tuple[float, int, int]] = []
    seen: set[int] = set()

    def visit(visible: int) -> None:
        visible &= costs.relevant[query]
        if visible not in seen:
            seen.add(visible)
            plan = costs.plan(query, visible)
            heapq.heappush(waiting, (plan.cost, -visible.bit_count(), visible))

    for root in roots:
        visit(root)
    nothing = costs.cost(query, 0)
    while waiting and costs.calls < spent:
        cost, _, visible = heapq.heappop(waiting)
        if cost >= nothing:
            continue
        for number in bits(costs.plan(query, visible).used):
            visit(visible & ~(1 << number))
            if costs.calls >= spent:
                break
