"""What an advisor is: a function over the workbench, with its page, thresholds and examples.

An advisor is one file in `tune/advisors/rules/`. Its name is the file's name, and says the fault.
Its docstring is its page, with the headings of `model.page.HEADINGS`. The decorated function gets
the workbench; its keyword-only parameters are thresholds that a user may set.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from dbwright.model.described import ADVICE, Threshold
from dbwright.model.finding import Confidence, Evidence, Fix, ObjectRef, Proof, Severity
from dbwright.model.page import read_page, why_it_matters
from dbwright.model.report import Skipped
from dbwright.tune.advisors.example import AdvisorExample

__all__ = ["Advice", "Advisor", "advisor"]


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


@dataclass(frozen=True, slots=True)
class Advisor:
    """An advisor with everything that is known about it."""

    id: str
    """`tune/<name-of-the-fault>`."""
    severity: Severity
    confidence: Confidence
    function: Callable[..., Iterable[Advice | Skipped]]
    thresholds: tuple[Threshold, ...]
    page: Mapping[str, str]
    """The docstring's sections by heading; its first line under the key `title`."""
    bad: tuple[AdvisorExample, ...]
    good: tuple[AdvisorExample, ...]
    since: str

    @property
    def title(self) -> str:
        return self.page["title"]

    @property
    def why(self) -> str:
        """Its first paragraph, as one line."""
        return why_it_matters(self.page)


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
        return Advisor(
            id=f"{ADVICE}/{name}",
            severity=severity,
            confidence=confidence,
            function=function,
            thresholds=_thresholds(function),
            page=read_page(module.__doc__, name),
            bad=bad if isinstance(bad, tuple) else (bad,),
            good=good if isinstance(good, tuple) else (good,),
            since=since,
        )

    return declare


def _thresholds(function: Callable[..., Any]) -> tuple[Threshold, ...]:
    hints = get_type_hints(function, include_extras=True)
    found: list[Threshold] = []
    first, *others = inspect.signature(function).parameters.values()
    if first.name != "bench":
        raise TypeError(f"{function.__module__}: the first parameter is the workbench, `bench`")
    for parameter in others:
        hint = hints[parameter.name]
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            raise TypeError(f"{function.__module__}: an advisor can't read `{parameter.name}`")
        if get_origin(hint) is not Annotated:
            raise TypeError(f"{function.__module__}: {parameter.name} must be Annotated")
        type_, text = get_args(hint)[:2]
        found.append(Threshold(parameter.name, type_, parameter.default, str(text)))
    return tuple(found)
