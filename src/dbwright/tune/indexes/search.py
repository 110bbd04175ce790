"""The search for the best set of indexes: growing, an exact choice of known plans, exchange.

Planner calls are the currency. What any step learns of a plan serves all others, so each starts
where the last one stopped, and the whole can be left at any moment with the best set so far.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from dbwright.progress import Progress, silent
from dbwright.tune.indexes.bound import lower_bound, sharpen
from dbwright.tune.indexes.choose import Problem, choose
from dbwright.tune.indexes.costs import Costs, bits
from dbwright.tune.indexes.explore import explore
from dbwright.tune.indexes.grow import gains_alone, gains_told, grow

__all__ = ["Effort", "Found", "search"]

EXPONENTS = (1.0, 0.7, 0.4, 0.0)
"""Of size, in the rank of candidates: from small indexes first to any size."""
EXCHANGE_EXPONENT = 0.5
EXPLORED = 25
"""Planner calls for each query's own plans."""
MANY = 60
"""Queries from which on plans are learnt in rounds …"""
ROUNDS = (1, 5, 12, 25)
"""… with so many planner calls for each query."""
SOLVER_SHARE = 0.3
"""Of the time, for one solution."""
GAP = 0.01
BOUND_SECONDS = 3.0
"""For the bound at least; it may take as long as the search took."""
SAME = 1e-4
"""Values that differ by this share at most are the same."""


@dataclass(frozen=True, slots=True)
class Effort:
    """When to stop: the result is whole at any moment."""

    calls: int = 3000
    """Of the planner. (A count, not a time: the same question has the same answer.)"""
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Found:
    """The best set, and how good it is. Values are in the planner's units."""

    chosen: int
    before: float
    after: float
    bound: float
    """No set of these candidates that fits has less."""
    calls: int
    complete: bool
    """Did it end by itself, not by its limits?"""

    @property
    def within(self) -> float:
        """The most by which any other set could be better, as a share of `after`."""
        return max(0.0, 1 - self.bound / self.after) if self.after > 0 else 0.0


class _Search:
    def __init__(self, problem: Problem, costs: Costs, effort: Effort, progress: Progress) -> None:
        self.problem = problem
        self.costs = costs
        self.best = problem.forced
        self.value = problem.value(costs, problem.forced)
        self.effort = effort
        self.progress = progress
        self.began = time.monotonic()
        self.end = self.began + effort.seconds
        self.alone: list[float] = []

    def over(self) -> bool:
        return self.costs.calls >= self.effort.calls or time.monotonic() >= self.end

    def tell(self, what: str) -> None:
        done = min(self.costs.calls, self.effort.calls)
        self.progress(f"choosing indexes ({what})", done, self.effort.calls)

    def consider(self, chosen: int, what: str) -> bool:
        """Keep it if it is better."""
        self.tell(what)
        value = self.problem.value(self.costs, chosen)
        if value >= self.value * (1 - 1e-9):
            return False
        self.best, self.value = chosen, value
        return True

    def learn(self) -> None:
        if len(self.costs) > MANY:
            self.learn_in_rounds()
            return
        self.alone = gains_alone(self.problem, self.costs)
        self.explore(EXPLORED)

    def learn_in_rounds(self) -> None:
        """The plans of many queries: a little of each first, so that there is a good set whenever
        the time is up. What each index gains alone is told by the plans that came of it."""
        for calls in ROUNDS:
            self.explore(calls)
            self.solve()
        self.alone = gains_told(self.problem, self.costs)

    def explore(self, calls: int) -> None:
        for query in range(len(self.costs)):
            if self.over():
                return
            self.tell("reading plans")
            explore(self.costs, query, [self.problem.allowed], calls)

    def grow(self) -> None:
        for exponent in EXPONENTS:
            if not self.over():
                start = self.problem.forced
                found = grow(self.problem, self.costs, start, self.alone, exponent, self.over)
                self.consider(found, "growing")

    def solve(self) -> bool:
        """The exact choice, as long as what the planner says of it makes it better."""
        improved = False
        while not self.over():
            seconds = SOLVER_SHARE * (self.end - time.monotonic())
            if not self.consider(choose(self.problem, self.costs, seconds).chosen, "solving"):
                break
            improved = True
        return improved

    def exchange(self) -> bool:
        """Leave out each index in turn, and grow again without it."""
        improved = False
        for number in bits(self.best & ~self.problem.forced):
            if self.over():
                break
            bit = 1 << number
            if self.best & bit:
                rest = self.best & ~bit
                found = grow(
                    self.problem,
                    self.costs,
                    rest,
                    self.alone,
                    EXCHANGE_EXPONENT,
                    self.over,
                    barred=bit,
                )
                improved |= self.consider(found, "exchanging")
        return improved

    def settle(self) -> bool:
        """What an index does for queries that it was not made for: some other may then go."""
        if self.over() or not self.best or not self.costs.widen(self.best):
            return False
        self.value = self.problem.value(self.costs, self.best)
        return True

    def prefer(self) -> None:
        """Of two that do the same the one that is of more use to queries nobody has seen yet."""
        for number in bits(self.best):
            for other in self.problem.rather.get(number, ()):
                chosen = self.best & ~(1 << number) | 1 << other
                if self.best >> other & 1 or self.over():
                    continue
                value = self.problem.value(self.costs, chosen)
                if self.problem.fits(chosen) and value <= self.value * (1 + SAME):
                    self.best, self.value = chosen, value
                    break

    def bound(self) -> float:
        """Sharpened where there are calls left for it. A better set that comes of it is kept,
        unless the time ran out: then it would not be the same twice."""
        known = 0.0
        best, value = self.best, self.value
        now = time.monotonic()
        self.end = min(self.end, now + max(BOUND_SECONDS, now - self.began))
        while True:
            seconds = max(1.0, SOLVER_SHARE * (self.end - time.monotonic()))
            found = lower_bound(self.problem, self.costs, seconds)
            known = max(known, found.value)
            before = self.costs.calls
            if self.value - known <= GAP * self.value:
                return known
            if self.over():
                self.best, self.value = best, value
                return known
            sharpen(self.costs, found.chosen, 2 * len(self.costs))
            self.consider(found.chosen, "bounding")
            if self.costs.calls == before:
                return known


def search(problem: Problem, costs: Costs, effort: Effort, progress: Progress = silent) -> Found:
    """The best set that the effort finds. Raises psycopg.Error where a statement can't be
    planned: leave those out before."""
    run = _Search(problem, costs, effort, progress)
    before = sum(w * c for w, c in zip(problem.weights, costs.all(0), strict=True))
    steps: list[Callable[[], object]] = [run.learn, run.grow, run.solve]
    for step in steps:
        step()
    while run.exchange() | run.solve() or run.settle():
        pass
    run.prefer()
    complete = not run.over()
    bound = run.bound()
    return Found(run.best, before, run.value, min(bound, run.value), costs.calls, complete)
