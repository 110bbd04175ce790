"""Why this index is, or is not, among the advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbwright.model.report import Skipped
from dbwright.model.tuning import AskedIndex
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.indexes.choose import Problem
from dbwright.tune.indexes.costs import Costs, bits
from dbwright.tune.indexes.existing import exists
from dbwright.tune.indexes.search import Found
from dbwright.tune.indexes.sized import Sized

__all__ = ["not_tried", "why"]


def why(
    number: int,
    sized: Sequence[Sized],
    costs: Costs,
    problem: Problem,
    found: Found,
    names: Mapping[int, str],
) -> AskedIndex:
    """Of the candidate of that number; `names` are those of the chosen ones."""
    one = sized[number]
    bit = 1 << number
    chosen = found.chosen & ~bit
    nothing, alone = _total(problem, costs, 0), _total(problem, costs, bit)
    with_it, without = _total(problem, costs, chosen | bit), _total(problem, costs, chosen)
    users = [q for q in range(len(costs)) if costs.plan(q, bit).used & bit]
    instead = {n for q in users for n in bits(costs.plan(q, chosen).used) if n in names}
    return AskedIndex(
        definition=one.candidate.signature,
        bytes=one.size.bytes,
        saved_alone=nothing - alone,
        saved_last=without - with_it,
        queries=len(users),
        verdict=_verdict(
            number,
            one,
            problem,
            found,
            nothing - alone,
            without - with_it,
            [names[n] for n in sorted(instead - {number})],
        ),
    )


def not_tried(candidate: CandidateIndex, skipped: Sequence[Skipped]) -> AskedIndex:
    """Of an index that somebody asked about, and that no query could be tried with."""
    reasons = [part.reason for part in skipped if candidate.signature in part.objects]
    verdict = f"no query of the workload reads {candidate.qualified}"
    if reasons:
        verdict = f"it can't be made: {reasons[0]}"
    return AskedIndex(candidate.signature, 0, 0.0, 0.0, 0, verdict)


def _verdict(
    number: int,
    one: Sized,
    problem: Problem,
    found: Found,
    alone: float,
    more: float,
    instead: Sequence[str],
) -> str:
    if exists(one.candidate, one.relation):
        return "the table has this index already"
    if found.chosen >> number & 1:
        return f"it is among the advice: without it the workload costs {more:,.0f} more"
    if alone <= 0:
        return "no query of the workload gets cheaper by it"
    if problem.size(found.chosen) + problem.sizes[number] > problem.budget and more > 0:
        return "there is no room for it beside those that save more: give more --budget"
    verb = "serves" if len(instead) == 1 else "serve"
    served = f"; {', '.join(instead)} {verb} its queries" if instead else ""
    if more <= 0:
        return f"with the advised indexes it saves nothing more{served}"
    upkeep = problem.upkeep[number]
    if more <= upkeep:
        return (
            f"with the advised indexes it saves only {more:,.0f} more, and its room and the "
            f"writes to it count for {upkeep:,.0f}{served}"
        )
    return f"it would save {more:,.0f} more: the search ended before; give more --effort"


def _total(problem: Problem, costs: Costs, chosen: int) -> float:
    return sum(w * c for w, c in zip(problem.weights, costs.all(chosen), strict=True))
