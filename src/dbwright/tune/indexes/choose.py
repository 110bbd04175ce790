"""The best set of indexes for a budget, of the plans that are known: an exact choice by HiGHS.

Each query takes one of its plans; a plan can be taken where all its indexes are chosen; the chosen
ones fit the budget. What the planner finds with the chosen set is never dearer than that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dbwright.tune.indexes.costs import Costs, KnownPlan, bits, mask

if TYPE_CHECKING:
    import highspy

__all__ = ["Choice", "Problem", "choose"]

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
        plans = sum(w * c for w, c in zip(self.weights, costs.all(chosen), strict=True))
        return plans + sum(self.upkeep[number] for number in bits(chosen))


@dataclass(frozen=True, slots=True)
class Choice:
    chosen: int
    value: float
    """Of the known plans; the planner may find better ones."""


def choose(problem: Problem, costs: Costs, seconds: float) -> Choice:
    """The set whose known plans cost least."""
    import highspy  # with numpy it takes a third of a second

    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.silent()
    solver.setOptionValue("mip_rel_gap", RELATIVE_GAP)
    solver.setOptionValue("time_limit", max(0.1, seconds))
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 0)
    options = [
        list(undominated(costs.plans[query], problem.allowed)) for query in range(len(costs))
    ]
    needed = 0
    for plans in options:
        for plan in plans:
            needed |= plan.used
    x = {
        number: solver.addBinary(obj=problem.upkeep[number])
        for number in bits(needed | problem.forced)
    }
    for number in bits(problem.forced):
        solver.addConstr(x[number] >= 1)
    if problem.budget < float("inf"):
        solver.addConstr(
            solver.qsum(problem.sizes[number] * variable for number, variable in x.items())
            <= problem.budget
        )
    for weight, plans in zip(problem.weights, options, strict=True):
        _add_query(solver, weight, plans, x)
    solver.solve()
    values = solver.getSolution().col_value
    chosen = mask(number for number, variable in x.items() if values[variable.index] > 0.5)
    return Choice(chosen, solver.getInfo().objective_function_value)


def _add_query(
    solver: highspy.Highs,
    weight: float,
    plans: Sequence[KnownPlan],
    x: Mapping[int, highspy.highs.highs_var],
) -> None:
    """One of the plans is taken, and none without its indexes."""
    takes = [solver.addVariable(lb=0, ub=1, obj=weight * plan.cost) for plan in plans]
    solver.addConstr(solver.qsum(takes) == 1)
    for number in sorted({n for plan in plans for n in bits(plan.used)}):
        # All plans that need one index together: a tighter form than one by one.
        with_it = [take for take, plan in zip(takes, plans, strict=True) if plan.used >> number & 1]
        solver.addConstr(solver.qsum(with_it) <= x[number])


def undominated(plans: Sequence[KnownPlan], allowed: int) -> Iterator[KnownPlan]:
    """Those that no other beats with the same indexes or fewer."""
    kept: list[KnownPlan] = []
    for plan in sorted(plans, key=lambda p: (p.cost, p.used.bit_count(), p.used)):
        if plan.used & ~allowed:
            continue
        if not any(not other.used & ~plan.used for other in kept):
            kept.append(plan)
            yield plan
