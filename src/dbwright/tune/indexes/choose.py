"""The best set of indexes for a budget, of the plans that are known: an exact choice by HiGHS.

Each query takes one of its plans; a plan can be taken where all its indexes are chosen; the chosen
ones fit the budget. What the planner finds with the chosen set is never dearer than that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dbwright.tune.indexes.costs import Costs, KnownPlan, bits, mask
from dbwright.tune.indexes.program import SCALE, Program

__all__ = ["Problem", "choose", "choose_parts", "index_columns"]

RELATIVE_GAP = 1e-4


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be made small, and within which limits. Candidates and queries by number."""

    weights: Sequence[float]
    """How often each query runs."""
    sizes: Sequence[float]
    """Of each candidate, in bytes."""
    upkeep: Sequence[float]
    """What having each candidate costs, in the planner's units."""
    budget: float
    """Bytes; infinity for none."""
    allowed: int
    """Candidates that may be chosen."""
    forced: int = 0
    """Candidates that are chosen whatever they cost."""
    rather: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """Of a candidate: those that should be in its place where they do the same, the best first."""

    def size(self, chosen: int) -> float:
        return sum(self.sizes[number] for number in bits(chosen))

    def fits(self, chosen: int) -> bool:
        return self.size(chosen) <= self.budget

    def value(self, costs: Costs, chosen: int) -> float:
        """What the workload costs with these indexes: plans and upkeep. Asks the planner."""
        return self._value(costs.all(chosen), chosen)

    def value_known(self, costs: Costs, chosen: int) -> float:
        """The same with the plans that are known, without asking."""
        return self._value([costs.bound(query, chosen) for query in range(len(costs))], chosen)

    def _value(self, costs: Sequence[float], chosen: int) -> float:
        plans = sum(weight * cost for weight, cost in zip(self.weights, costs, strict=True))
        return plans + sum(self.upkeep[number] for number in bits(chosen))


def choose(problem: Problem, costs: Costs, seconds: float, start: int = 0) -> int:
    """The set whose known plans cost least; `start` is a good one that fits."""
    model = _Model(problem, costs, start, whole=True)
    values = model.program.solve(seconds, RELATIVE_GAP, model.begin).values
    chosen = mask(n for n, column in model.x.items() if values[column] > 0.5) if values else start
    return chosen if problem.fits(chosen) else start


def choose_parts(problem: Problem, costs: Costs, seconds: float) -> dict[int, float]:
    """How much of each candidate there is in the best choice that may have parts of indexes; empty
    where the time was over before."""
    model = _Model(problem, costs, 0, whole=False)
    values = model.program.solve(seconds).values
    return {number: values[column] for number, column in model.x.items()} if values else {}


class _Model:
    """Each query takes one of its plans, and none without its indexes."""

    def __init__(self, problem: Problem, costs: Costs, start: int, *, whole: bool) -> None:
        options = [list(_undominated(plans, problem.allowed)) for plans in costs.plans]
        needed = problem.forced | start
        for plans in options:
            for plan in plans:
                needed |= plan.used
        self.program = Program()
        self.x = index_columns(self.program, problem, needed, whole=whole)
        self.begin = [float(start >> number & 1) for number in self.x]
        """All columns' values of the set `start`."""
        for weight, plans in zip(problem.weights, options, strict=True):
            self._add_query(weight, plans)
            best = next(place for place, plan in enumerate(plans) if not plan.used & ~start)
            self.begin += [float(place == best) for place in range(len(plans))]

    def _add_query(self, weight: float, plans: Sequence[KnownPlan]) -> None:
        takes = [self.program.column(weight * plan.cost) for plan in plans]
        self.program.row(((take, 1.0) for take in takes), least=1.0, most=1.0)
        with_it: dict[int, list[int]] = {}
        for take, plan in zip(takes, plans, strict=True):
            for number in bits(plan.used):
                with_it.setdefault(number, []).append(take)
        for number, own in sorted(with_it.items()):
            # All plans that need one index together: a tighter form than one by one.
            self.program.row([*((take, 1.0) for take in own), (self.x[number], -1.0)], most=0.0)


def index_columns(
    program: Program, problem: Problem, wanted: int, *, whole: bool
) -> dict[int, int]:
    """A column for each of these candidates, 1 where it is chosen (in parts unless `whole`). They
    fit the budget."""
    x = {
        number: program.column(
            problem.upkeep[number], least=float(problem.forced >> number & 1), whole=whole
        )
        for number in bits(wanted)
    }
    if problem.budget < float("inf"):
        unit = problem.budget / SCALE
        program.row(
            ((column, problem.sizes[number] / unit) for number, column in x.items()), most=SCALE
        )
    return x


def _undominated(plans: Sequence[KnownPlan], allowed: int) -> Iterator[KnownPlan]:
    """Those that no other beats with the same indexes or fewer; the cheapest first."""
    kept: list[KnownPlan] = []
    for plan in sorted(plans, key=lambda p: (p.cost, p.used.bit_count(), p.used)):
        if plan.used & ~allowed:
            continue
        if not any(not other.used & ~plan.used for other in kept):
            kept.append(plan)
            yield plan
