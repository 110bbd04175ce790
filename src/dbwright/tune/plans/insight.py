"""What an insight is: a pure function over a plan, with its page, its thresholds and its examples.

An insight is one file in `tune/plans/insights/`. Its name is the file's name, and says the fault.
Its docstring is its page, with the headings of `HEADINGS`. The decorated function asks for what it
reads by the names of its parameters: `plan`, and `catalog` or `statistics` (None where a plan was
pasted without its database). Its keyword-only parameters are thresholds that a user may set.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dbwright.model.declared_rule import DeclaredRule
from dbwright.model.described import INSIGHTS
from dbwright.model.finding import Confidence, Evidence, Fix, ObjectRef, Severity
from dbwright.model.page import read_page
from dbwright.model.plan import PlanNode
from dbwright.model.signature import read_signature
from dbwright.tune.plans.example import PlanExample

__all__ = ["Insight", "PlanFault", "insight"]

PARTS = ("plan", "catalog", "statistics")


@dataclass(frozen=True, slots=True)
class PlanFault:
    """What an insight yields."""

    node: PlanNode | None
    """None for the plan as a whole."""
    message: str
    """One sentence with the node and the figures."""
    evidence: Evidence = field(default_factory=dict)
    advice: str = ""
    fix: Fix | None = None
    object: ObjectRef | None = None
    """The table or index it is about; None for the node itself."""
    severity: Severity | None = None
    """Where it differs from the insight's own."""
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight(DeclaredRule[PlanFault, PlanExample]):
    """An insight, `plans/<name-of-the-fault>`; its parts are of `PARTS`."""

    analyzed: bool
    """Does it need a plan that was run?"""


def insight(
    *,
    severity: Severity,
    bad: PlanExample | tuple[PlanExample, ...],
    good: PlanExample | tuple[PlanExample, ...],
    confidence: Confidence = Confidence.HIGH,
    analyzed: bool = True,
    since: str = "0.1",
) -> Callable[[Callable[..., Iterable[PlanFault]]], Insight]:
    """Make an insight of a function. Raises TypeError where its page or signature is not in order.

    `analyzed`: a plan that was not run tells it nothing.
    """

    def declare(function: Callable[..., Iterable[PlanFault]]) -> Insight:
        module = sys.modules[function.__module__]
        name = function.__module__.rpartition(".")[2].replace("_", "-")
        signature = read_signature(function, "an insight", PARTS)
        for part in signature.required:
            if part != "plan":
                raise TypeError(f"{function.__module__}: {part} is None for a pasted plan")
        return Insight(
            id=f"{INSIGHTS}/{name}",
            severity=severity,
            confidence=confidence,
            function=function,
            parts=signature.parts,
            thresholds=signature.thresholds,
            page=read_page(module.__doc__, name),
            bad=bad if isinstance(bad, tuple) else (bad,),
            good=good if isinstance(good, tuple) else (good,),
            analyzed=analyzed,
            since=since,
        )

    return declare
