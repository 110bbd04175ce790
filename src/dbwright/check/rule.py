"""What a rule is: a pure function over a snapshot, with its page, its thresholds and its examples.

A rule is one file in `check/rules/<topic>/`. Its name is the file's name, and says the fault. Its
docstring is its page, with the headings of `HEADINGS`. The decorated function asks for what it
reads by the names of its parameters (`catalog`, `statistics`, `activity`, `snapshot`,
`answers`); its keyword-only parameters are thresholds that a user may set.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from dbwright.check.example import Example
from dbwright.model.catalog import Catalog
from dbwright.model.described import Threshold
from dbwright.model.finding import Confidence, Evidence, Fix, Location, ObjectRef, Severity
from dbwright.model.page import read_page, why_it_matters

__all__ = ["Answers", "Fault", "Question", "Rule", "rule"]

PARTS = ("catalog", "statistics", "activity", "snapshot", "answers")

Answers = Mapping[str, list[Any]]
"""Rows (named tuples) by the key of the question; a question that got no answer is missing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule yields: a finding without what the rule itself knows (id, why, severity)."""

    object: ObjectRef
    message: str
    """One sentence with the object and the figure."""
    evidence: Evidence = field(default_factory=dict)
    fix: Fix | None = None
    advice: str = ""
    severity: Severity | None = None
    """Where it differs from the rule's own."""
    confidence: Confidence | None = None
    detail: str = ""
    """Tells several faults of one object apart; part of the key, so never a figure."""
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A SELECT that a rule wants to ask the live database (rules marked `data` only).

    It must bound itself (LIMIT, TABLESAMPLE, EXISTS); it runs read-only under a time-out.
    """

    key: str
    sql: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with everything that is known about it."""

    id: str
    """`<topic>/<name-of-the-fault>`."""
    severity: Severity
    confidence: Confidence
    function: Callable[..., Iterable[Fault]]
    parts: tuple[str, ...]
    """Which of `PARTS` it reads."""
    needs: tuple[str, ...]
    """Parts of the snapshot without which it can't be decided (`statistics.columns`)."""
    thresholds: tuple[Threshold, ...]
    page: Mapping[str, str]
    """The docstring's sections by heading; its first line under the key `title`."""
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    since: str
    questions: Callable[..., Iterable[Question]] | None = None
    data_optional: bool = False
    """Does it also speak, with less confidence, when no questions may be asked?"""

    @property
    def topic(self) -> str:
        return self.id.partition("/")[0]

    @property
    def title(self) -> str:
        return self.page["title"]

    @property
    def why(self) -> str:
        """Its first paragraph, as one line."""
        return why_it_matters(self.page)

    @property
    def reads_data(self) -> bool:
        return self.questions is not None

    def ask(self, catalog: Catalog, options: Mapping[str, object]) -> Iterator[Question]:
        """The questions of a rule that reads data; none for another."""
        if self.questions is not None:
            yield from self.questions(catalog, **_accepted(self.questions, options))


def rule(
    *,
    severity: Severity,
    confidence: Confidence = Confidence.HIGH,
    needs: tuple[str, ...] = (),
    bad: Example | str | tuple[Example | str, ...],
    good: Example | str | tuple[Example | str, ...],
    since: str = "0.1",
    questions: Callable[..., Iterable[Question]] | None = None,
    data_optional: bool = False,
) -> Callable[[Callable[..., Iterable[Fault]]], Rule]:
    """Make a rule of a function. Raises TypeError where its page or signature is not in order.

    `needs` names the parts of the snapshot without which it can't be decided, as precisely as
    `statistics.columns` or `catalog.settings`.
    """

    def declare(function: Callable[..., Iterable[Fault]]) -> Rule:
        module = sys.modules[function.__module__]
        topic, name = function.__module__.split(".")[-2:]
        parts, required, thresholds = _signature(function)
        if ("answers" in parts) != (questions is not None):
            raise TypeError(f"{topic}/{name}: `answers` and `questions` go together")
        for part in required:
            if not any(need == part or need.startswith(f"{part}.") for need in needs):
                raise TypeError(f"{topic}/{name}: say which part of `{part}` it needs")
        return Rule(
            id=f"{topic}/{name.replace('_', '-')}",
            severity=severity,
            confidence=confidence,
            function=function,
            parts=parts,
            needs=needs,
            thresholds=thresholds,
            page=read_page(module.__doc__, f"{topic}/{name}"),
            bad=_examples(bad),
            good=_examples(good),
            since=since,
            questions=questions,
            data_optional=data_optional,
        )

    return declare


def _examples(given: Example | str | tuple[Example | str, ...]) -> tuple[Example, ...]:
    several = given if isinstance(given, tuple) else (given,)
    return tuple(Example(one) if isinstance(one, str) else one for one in several)


def _signature(
    function: Callable[..., Any],
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Threshold, ...]]:
    """The parts it reads, those of them it can't do without, and its thresholds."""
    hints = get_type_hints(function, include_extras=True)
    parts: list[str] = []
    required: list[str] = []
    thresholds: list[Threshold] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            type_, text = _annotated(hints[name])
            thresholds.append(Threshold(name, type_, parameter.default, text))
        elif name in PARTS:
            parts.append(name)
            if name in ("statistics", "activity") and NoneType not in get_args(hints[name]):
                required.append(name)
        else:
            raise TypeError(f"{function.__module__}: a rule can't read `{name}`")
    return tuple(parts), tuple(required), tuple(thresholds)


def _annotated(hint: Any) -> tuple[Any, str]:
    if get_origin(hint) is Annotated:
        type_, text = get_args(hint)[:2]
        return type_, str(text)
    raise TypeError(f"a threshold must be Annotated[type, 'what it is'], not {hint}")


def _accepted(function: Callable[..., Any], options: Mapping[str, object]) -> dict[str, object]:
    wanted = inspect.signature(function).parameters
    return {name: value for name, value in options.items() if name in wanted}
