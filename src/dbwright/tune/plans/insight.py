"""What an insight is: a pure function over a plan, with its page, its thresholds and its examples.

An insight is one file in `tune/plans/insights/`. Its name is the file's name, and says the fault.
Its docstring is its page, with the headings of `HEADINGS`. The decorated function asks for what it
reads by the names of its parameters: `plan`, and `catalog` or `statistics` (None where a plan was
pasted without its database). Its keyword-only parameters are thresholds that a user may set.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from dbwright.model.described import INSIGHTS, Threshold
from dbwright.model.finding import Confidence, Evidence, Fix, ObjectRef, Severity
from dbwright.model.page import read_page, why_it_matters
from dbwright.model.plan import PlanNode
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


@dataclass(frozen=True, slots=True)
class Insight:
    """An insight with everything that is known about it."""

    id: str
    """`plans/<name-of-the-fault>`."""
    severity: Severity
    confidence: Confidence
    function: Callable[..., Iterable[PlanFault]]
    parts: tuple[str, ...]
    """Which of `PARTS` it reads."""
    thresholds: tuple[Threshold, ...]
    page: Mapping[str, str]
    """The docstring's sections by heading; its first line under the key `title`."""
    bad: tuple[PlanExample, ...]
    good: tuple[PlanExample, ...]
    analyzed: bool
    """Does it need a plan that was run?"""
    since: str = "0.1"

    @property
    def title(self) -> str:
        return self.page["title"]

    @property
    def why(self) -> str:
        """Its first paragraph, as one line."""
        return why_it_matters(self.page)


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
        parts, thresholds = _signature(function)
        return Insight(
            id=f"{INSIGHTS}/{name}",
            severity=severity,
            confidence=confidence,
            function=function,
            parts=parts,
            thresholds=thresholds,
            page=read_page(module.__doc__, name),
            bad=bad if isinstance(bad, tuple) else (bad,),
            good=good if isinstance(good, tuple) else (good,),
            analyzed=analyzed,
            since=since,
        )

    return declare


def _signature(function: Callable[..., Any]) -> tuple[tuple[str, ...], tuple[Threshold, ...]]:
    """The parts it reads, and its thresholds."""
    hints = get_type_hints(function, include_extras=True)
    parts: list[str] = []
    thresholds: list[Threshold] = []
    for name, parameter in inspect.signature(function).parameters.items():
        hint = hints[name]
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            if get_origin(hint) is not Annotated:
                raise TypeError(f"{function.__module__}: {name} must be Annotated")
            type_, text = get_args(hint)[:2]
            thresholds.append(Threshold(name, type_, parameter.default, str(text)))
        elif name not in PARTS:
            raise TypeError(f"{function.__module__}: an insight can't read `{name}`")
        elif name != "plan" and NoneType not in get_args(hint):
            raise TypeError(f"{function.__module__}: {name} is None for a pasted plan")
        else:
            parts.append(name)
    return tuple(parts), tuple(thresholds)
