"""What an advisor is: a function over the workbench, with its page, thresholds and examples.

An advisor is one file in `tune/advisors/rules/`. Its name is the file's name, and says the fault.
Its docstring is its page, with the headings of `model.page.HEADINGS`. The decorated function gets
the workbench; its keyword-only parameters are thresholds that a user may set.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dbwright.model.declared_rule import DeclaredRule
from dbwright.model.described import ADVICE
from dbwright.model.finding import Confidence, Evidence, Fix, ObjectRef, Proof, Severity
from dbwright.model.page import read_page
from dbwright.model.report import Skipped
from dbwright.model.signature import read_signature
from dbwright.tune.advisors.example import AdvisorExample

__all__ = ["Advice", "Advisor", "advisor"]

PARTS = ("bench",)


@dataclass(frozen=True, slots=True)
class Advice:
    """What an advisor yields: a finding without what the advisor itself knows."""

    object: ObjectRef
    message: str
    """One sentence with the object and the figure."""
    evidence: Evidence = field(default_factory=dict)
    fix: Fix | None = None
    advice: str = ""
    proof: Proof = field(default_factory=Proof)
    severity: Severity | None = None
    """Where it differs from the advisor's own."""
    confidence: Confidence | None = None
    detail: str = ""
    """Tells several faults of one object apart; part of the key, so never a figure."""
    saved: float = 0.0
    """The planner's cost that it saves the workload: those that save most come first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisor(DeclaredRule[Advice | Skipped, AdvisorExample]):
    """An advisor, `tune/<name-of-the-fault>`, of the workbench."""


def advisor(
    *,
    severity: Severity,
    bad: AdvisorExample | tuple[AdvisorExample, ...],
    good: AdvisorExample | tuple[AdvisorExample, ...],
    confidence: Confidence = Confidence.MEDIUM,
    since: str = "0.1",
) -> Callable[[Callable[..., Iterable[Advice | Skipped]]], Advisor]:
    """Make an advisor of a function. Raises TypeError where its page or signature is not in
    order."""

    def declare(function: Callable[..., Iterable[Advice | Skipped]]) -> Advisor:
        module = sys.modules[function.__module__]
        name = function.__module__.rpartition(".")[2].replace("_", "-")
        signature = read_signature(function, "an advisor", PARTS)
        if signature.parts != PARTS:
            raise TypeError(f"{function.__module__}: the first parameter is the workbench, `bench`")
        return Advisor(
            id=f"{ADVICE}/{name}",
            severity=severity,
            confidence=confidence,
            function=function,
            parts=signature.parts,
            thresholds=signature.thresholds,
            page=read_page(module.__doc__, name),
            bad=bad if isinstance(bad, tuple) else (bad,),
            good=good if isinstance(good, tuple) else (good,),
            since=since,
        )

    return declare
