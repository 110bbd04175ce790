"""How good could any set be? A lower bound, so that advice can say how far it is from the best.

If the indexes Y give a query the cost c, then no subset of Y gives it less: the planner had all
of them to choose from. So a set is only better than c where it has an index outside of Y. Each
plan that is known is such a cut, and the best set that all cuts allow is a bound for every set.

Why that set is no better in truth is asked of the planner: its answers are new cuts, and plans
that a better set may be made of. Sets of which indexes are in parts are a weaker bound, and a
hundred times as fast to find, so most questions come of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dbwright.tune.indexes.choose import Problem, index_columns
from dbwright.tune.indexes.costs import Costs, bits, mask
from dbwright.tune.indexes.program import Program

__all__ = ["Bound", "Bounds"]

NEAR = 0.01
"""Of the value: no bound is sought that is nearer to it than that."""
RELATIVE_GAP = 1e-3
"""Of the bound with whole indexes: proving the rest takes most of the time."""
PARTS = (1e-6, 0.3, 0.6)
"""Of an index: with those of which more is chosen a query is planned, to see what it costs."""
LITTLE = 1e-4
"""Of the value: what a query may cost more than the cuts say."""

Cut = tuple[int, float]
"""Candidates, and what the query costs at least without any of them."""


@dataclass(frozen=True, slots=True)
class Bound:
    value: float
    """No set of candidates that fits costs less, as far as the planner keeps to the rule."""
    parts: Mapping[int, float]
    """Of each candidate, how much of it the set has that would reach that: 0 to 1."""
    costs: Sequence[float]
    """Of each query there."""


class Bounds:
    """`seconds`: that one solution may take."""

    def __init__(self, problem: Problem, costs: Costs, seconds: Callable[[], float]) -> None:
        self._problem = problem
        self._costs = costs
        self._seconds = seconds
        self._cuts: dict[int, tuple[tuple[int, int], list[Cut]]] = {}

    def approach(self, value: float, enough: Callable[[], bool]) -> float:
        """The bound, sharpened until it is near to `value`, or nothing more can be learnt, or
        `enough` says so."""
        while True:
            self._see_all(enough)
            found = self.lower(whole=False)
            if value - found.value <= NEAR * value:
                return found.value
            if not enough() and self._learn(found, value, enough):
                continue
            # What the planner said against the rule is known by now and is in both, so none of
            # these is from before.
            better = self.lower(whole=True)
            known = max(found.value, better.value)
            if value - known <= NEAR * value or enough() or not self._learn(better, value, enough):
                return known

    def lower(self, *, whole: bool) -> Bound:
        """The bound of what is known by now, with whole indexes or parts of them."""
        problem, costs = self._problem, self._costs
        program = Program()
        x = index_columns(program, problem, problem.allowed | problem.forced, whole=whole)
        cuts = [self._cuts_of(query) for query in range(len(costs))]
        # Of a query that was never asked about all candidates nothing is known.
        least = [max((limit for outside, limit in own if not outside), default=0.0) for own in cuts]
        steps = [
            _add_query(program, weight, start, own, x)
            for weight, start, own in zip(problem.weights, least, cuts, strict=True)
        ]
        plain = sum(w * c for w, c in zip(problem.weights, least, strict=True))
        solved = program.solve(self._seconds(), RELATIVE_GAP)
        values = solved.values or (0.0,) * program.columns
        return Bound(
            # Out of time before it has any, the solver's own bound says nothing.
            plain + max(0.0, solved.bound),
            {number: values[column] for number, column in x.items()},
            [
                start + sum(rise * values[column] for column, rise in own)
                for start, own in zip(least, steps, strict=True)
            ],
        )

    def _see_all(self, enough: Callable[[], bool]) -> None:
        """Each query with all candidates at once, those as well that came to matter lately."""
        for query, relevant in enumerate(self._costs.relevant):
            if enough():
                return
            self._costs.plan(query, relevant & (self._problem.allowed | self._problem.forced))

    def _learn(self, found: Bound, value: float, enough: Callable[[], bool]) -> bool:
        """Ask why the queries cost more than the bound has it. Was there anything to ask?"""
        asked = self._costs.calls
        for part in PARTS:
            chosen = mask(number for number, share in found.parts.items() if share > part)
            if enough():
                break
            costs = self._costs.all(chosen)
            missing = [
                (weight * (cost - known), query)
                for query, (weight, cost, known) in enumerate(
                    zip(self._problem.weights, costs, found.costs, strict=True)
                )
            ]
            for more, query in sorted(missing, reverse=True):
                if more <= LITTLE * value or enough():
                    break
                self._explain(query, chosen, found.parts, enough)
        return self._costs.calls > asked

    def _explain(
        self, query: int, chosen: int, parts: Mapping[int, float], enough: Callable[[], bool]
    ) -> None:
        """Learn the largest set that gives the query no less than `chosen` does."""
        visible = self._costs.relevant[query] & (self._problem.allowed | chosen)
        while not enough():
            outside = self._costs.plan(query, visible).used & ~chosen
            if not outside:
                break
            # One at a time, and what there is least of: the fewer are hidden, the more it says.
            visible &= ~(1 << min(bits(outside), key=lambda n: (parts.get(n, 0.0), n)))

    def _cuts_of(self, query: int) -> list[Cut]:
        """Those that others don't say as well."""
        costs, allowed = self._costs, self._problem.allowed | self._problem.forced
        state = len(costs.plans[query]), costs.relevant[query]
        if query in self._cuts and self._cuts[query][0] == state:
            return self._cuts[query][1]
        found: dict[int, float] = {}
        for plan in costs.plans[query]:
            # Now and then the planner drops early what would have been cheaper in the end: it
            # takes a dearer plan than it is known to have. Nobody may rely on those.
            limit = costs.bound(query, plan.visible)
            outside = costs.relevant[query] & ~plan.visible & allowed
            found[outside] = max(limit, found.get(outside, 0.0))
        kept: list[Cut] = []
        # The same or more with fewer candidates: the others say nothing beside it.
        for outside, limit in sorted(found.items(), key=lambda c: (-c[1], c[0].bit_count(), c[0])):
            if not any(not other & ~outside for other, _ in kept):
                kept.append((outside, limit))
        self._cuts[query] = state, kept
        return kept


def _add_query(
    program: Program, weight: float, least: float, cuts: Sequence[Cut], x: Mapping[int, int]
) -> list[tuple[int, float]]:
    """What the query costs above its least is a stair: a step for each cost that a cut knows, and
    nobody is on a step who is not on all below. (One line from least to most would be far below
    it.) The column of each step, and its rise."""
    levels = sorted({limit for _, limit in cuts if limit > least})
    rises = {level: level - lower for lower, level in pairwise([least, *levels])}
    steps = {level: program.column(weight * rise) for level, rise in rises.items()}
    for lower, higher in pairwise(levels):
        program.row([(steps[lower], 1.0), (steps[higher], -1.0)], least=0.0)
    for outside, limit in cuts:
        if limit > least:
            program.row([(steps[limit], 1.0), *((x[n], 1.0) for n in bits(outside))], least=1.0)
    return [(steps[level], rise) for level, rise in rises.items()]
