"""The search for the best set of indexes, from two sides: the best choice of plans that are known,
and the bound, which tells where better ones could be.

Planner calls are the currency. What any step learns of a plan serves all others, so each starts
where the last one stopped, and the whole can be left at any moment with the best set so far.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

from dbwright.progress import Progress, silent
from dbwright.tune.indexes.bound import Bounds
from dbwright.tune.indexes.choose import Problem, choose
from dbwright.tune.indexes.costs import Costs, bits
from dbwright.tune.indexes.explore import combine, explore
from dbwright.tune.indexes.greedy import greedy

__all__ = ["Effort", "Found", "search"]

MANY = 60
"""Queries from which on plans are learnt in rounds …"""
ROUNDS = (1, 5, 12)
"""… with so many planner calls for each; the last one alone for fewer."""
APPROACHES = 3
"""Times that the bound is sharpened …"""
APPROACH = 16
"""… with so many planner calls for each query."""
SOLVER_SHARE = 0.3
"""Of the time, for one solution …"""
LEAST_SECONDS = 1.0
"""… and so many seconds at least."""
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
        self.solved = -1
        """Planner calls by the last exact choice."""

    def over(self, calls: float = float("inf")) -> bool:
        calls = min(calls, self.effort.calls)
        return self.costs.calls >= calls or time.monotonic() >= self.end

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
        """The plans that each query wants. Of many queries a little of each first, so that there
        is a good set whenever the time is up."""
        many = len(self.costs) > MANY
        if not many:
            self.costs.widen(self.problem.allowed)
        for calls in ROUNDS if many else ROUNDS[-1:]:
            for query in range(len(self.costs)):
                if self.over():
                    break
                self.tell("reading plans")
                explore(self.costs, query, [self.problem.allowed], calls)
            if many:
                self.solve()
        self.improve()

    def improve(self) -> None:
        """The best of what is known by now, and what its indexes do for queries that they were
        not made for: some other may then go."""
        if not self.over():
            self.tell("combining")
            combine(self.problem, self.costs, self.seconds(), self.over)
        self.solve()
        if not self.over() and self.best and self.costs.widen(self.best):
            self.value = self.problem.value(self.costs, self.best)
            self.solve()

    def solve(self) -> None:
        """The exact choice of what is known, as long as the planner has better to say of it. Once
        at least, so that there is a set however short the time was."""
        while self.solved < 0 or not (self.over() or self.costs.calls == self.solved):
            # The first time there is nothing to begin with, and the solver may end with nothing.
            start = greedy(self.problem, self.costs) if self.solved < 0 else self.best
            self.solved = self.costs.calls
            found = choose(self.problem, self.costs, self.seconds(), start)
            told = self.problem.value_known(self.costs, found)
            if not self.consider(found, "solving") or self.value >= told * (1 - SAME):
                break

    def seconds(self) -> float:
        """That the solver may take."""
        return max(LEAST_SECONDS, SOLVER_SHARE * (self.end - time.monotonic()))

    def approach(self) -> None:
        """From the other side: why is the best that could be no better? What is learnt for that
        shows better sets as well."""
        bounds = Bounds(self.problem, self.costs, self.seconds)
        for _ in range(APPROACHES):
            before = self.costs.calls
            enough = partial(self.over, before + APPROACH * len(self.costs))
            if enough():
                break
            self.tell("bounding")
            bounds.approach(self.value, enough)
            if self.costs.calls == before:
                break
            self.improve()

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
        """It takes as long as the search took at most. Better sets that come of it are left alone:
        they would not be the same twice."""
        now = time.monotonic()
        self.end = min(self.end, now + max(BOUND_SECONDS, now - self.began))
        # It asks about all queries at once.
        enough = partial(self.over, self.effort.calls - len(self.costs))
        return Bounds(self.problem, self.costs, self.seconds).approach(self.value, enough)


def search(problem: Problem, costs: Costs, effort: Effort, progress: Progress = silent) -> Found:
    """The best set that the effort finds. Raises psycopg.Error where a statement can't be
    planned: leave those out before."""
    run = _Search(problem, costs, effort, progress)
    before = sum(w * c for w, c in zip(problem.weights, costs.all(0), strict=True))
    run.learn()
    run.approach()
    run.prefer()
    complete = not run.over()
    bound = run.bound()
    return Found(run.best, before, run.value, min(bound, run.value), costs.calls, complete)
