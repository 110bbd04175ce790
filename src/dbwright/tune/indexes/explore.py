"""Finding the plans that a choice of indexes is made of.

The cheapest plan of a query with all candidates visible is the best there is; hiding one of the
indexes that it uses gives the next best without that one, and so on. The plans so found, each with
the few indexes that it needs, are what the choice is between.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from dbwright.tune.indexes.costs import Costs, bits

__all__ = ["explore"]


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
