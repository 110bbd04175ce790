"""A good set of indexes of the plans that are known, without a solver: what is chosen first, and
what stays where the time is over before the exact choice is found.

Lazy greedy on gain by size to a power, then swaps. What is added at once is all that one known plan
uses, since two indexes that serve together may be worth nothing alone.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable

from dbwright.tune.indexes.choose import Problem
from dbwright.tune.indexes.costs import Costs, bits

__all__ = ["greedy"]

POWERS = (1.0, 0.5, 0.0)
"""Of the size: with a tight budget the gain by the byte counts, with a wide one the gain alone."""
LEAST_GAIN = 1e-9
"""As a share of what the workload costs: less is noise of the arithmetic."""


def greedy(problem: Problem, costs: Costs) -> int:
    """A set that fits, holds all that is forced, and is no worse than that by the plans that
    are known. Asks the planner nothing; the same question has the same answer."""
    powers = POWERS if problem.budget < float("inf") else POWERS[-1:]
    work = _Greedy(problem, costs)
    found = [
        work.swapped(work.filled(problem.forced, work.moves, power), power) for power in powers
    ]
    return min(found, key=lambda chosen: (problem.value_known(costs, chosen), chosen))


class _Greedy:
    def __init__(self, problem: Problem, costs: Costs) -> None:
        self.problem = problem
        allowed = problem.allowed | problem.forced
        self.plans = [
            sorted({(plan.cost, plan.used) for plan in plans if not plan.used & ~allowed})
            for plans in costs.plans
        ]
        self.users: dict[int, set[int]] = defaultdict(set)
        """The queries of which a known plan uses the candidate."""
        for query, plans in enumerate(self.plans):
            for _, used in plans:
                for number in bits(used):
                    self.users[number].add(query)
        self.moves = self.moves_of(range(len(self.plans)))
        self.least = LEAST_GAIN * abs(problem.value_known(costs, problem.forced))

    def moves_of(self, queries: Iterable[int]) -> list[int]:
        """Sets of candidates that one plan of one of these queries uses."""
        return sorted({used for query in queries for _, used in self.plans[query] if used})

    def queries_of(self, candidates: int) -> set[int]:
        return {query for number in bits(candidates) for query in self.users[number]}

    def cost(self, query: int, chosen: int) -> float:
        """By the cheapest known plan that the chosen ones allow."""
        return next(float(cost) for cost, used in self.plans[query] if not used & ~chosen)

    def gain(self, chosen: int, more: int) -> float:
        """What these candidates save beside the chosen ones, without what they cost to have."""
        saved = sum(
            self.problem.weights[query]
            * (self.cost(query, chosen) - self.cost(query, chosen | more))
            for query in self.queries_of(more)
        )
        return saved - sum(self.problem.upkeep[number] for number in bits(more))

    def rank(self, chosen: int, move: int, power: float) -> float:
        """Minus infinity for what does not fit, or gains nothing."""
        more = move & ~chosen
        if not more or not self.problem.fits(chosen | more):
            return float("-inf")
        gain = self.gain(chosen, more)
        if gain <= self.least:
            return float("-inf")
        return gain / float(max(1.0, self.problem.size(more)) ** power)

    def filled(self, chosen: int, moves: Iterable[int], power: float) -> int:
        """With the best move added again and again. A rank is worked out anew only where it would
        be the best: one that was small before is hardly ever large now."""
        waiting = [(-self.rank(chosen, move, power), move) for move in moves]
        waiting = [entry for entry in waiting if entry[0] < float("inf")]
        heapq.heapify(waiting)
        while waiting:
            _, move = heapq.heappop(waiting)
            rank = self.rank(chosen, move, power)
            if waiting and (-rank, move) > waiting[0]:
                if rank > float("-inf"):
                    heapq.heappush(waiting, (-rank, move))
            elif rank > float("-inf"):
                chosen |= move
        return chosen

    def swapped(self, chosen: int, power: float) -> int:
        """With each index exchanged for what its queries would rather have, where that is better,
        until nothing is. Each exchange makes the value smaller, so it ends."""
        better = True
        while better:
            better = False
            for number in bits(chosen & ~self.problem.forced):
                without = chosen & ~(1 << number)
                moves = [
                    move for move in self.moves_of(self.users[number]) if not move >> number & 1
                ]
                other = self.filled(without, moves, power)
                lost, won = chosen & ~without, other & ~without
                if self.gain(without, won) > self.gain(without, lost) + self.least:
                    chosen, better = other, True
        return chosen
