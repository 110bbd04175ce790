"""How much work_mem the workload's plans gain from, tried on the twin."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.settings.plans import Comparison, compare_plans

__all__ = ["Needed", "work_mem_needed"]

WORTH = 0.01
"""Of the workload's cost: what saves less is no reason to change anything."""
ALL_OF_IT = 0.99
"""Of what the most memory would save: the least that saves so much is enough."""


@dataclass(frozen=True, slots=True)
class Needed:
    """The least memory that saves as much as the most does."""

    bytes: int
    """What it is now where no plan gets cheaper."""
    compared: Comparison
    """The plans with that much."""


def work_mem_needed(bench: Workbench, now: int, most: int) -> Needed | None:
    """Between what it is now and the most that fits, in doublings. None where no statement of
    the workload can be planned.

    The value of work_mem does not change what a cost means, so costs compare.
    """
    best = compare_plans(bench, _setting(most), instead_of=_setting(now))
    if not best.pairs:
        return None
    if best.before - best.after < WORTH * best.before:
        return Needed(now, best)
    # Only what gets cheaper has to be tried again.
    gains = [pair.query for pair in best.pairs if pair.after < pair.before]
    saved = best.before - best.after
    size = 2 * now
    while size < most:
        tried = compare_plans(bench, _setting(size), gains, instead_of=_setting(now))
        if tried.before - tried.after >= ALL_OF_IT * saved:
            return Needed(size, _with(best, tried))
        size *= 2
    return Needed(most, best)


def _setting(size: int) -> dict[str, str]:
    return {"work_mem": f"{size // 1024}kB"}


def _with(whole: Comparison, tried: Comparison) -> Comparison:
    """The whole workload, where some of it was tried again."""
    again = {id(pair.query): pair for pair in tried.pairs}
    return Comparison(tuple(again.get(id(pair.query), pair) for pair in whole.pairs))
