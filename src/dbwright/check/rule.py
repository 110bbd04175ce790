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
from typing import Any

from dbwright.check.example import Example
from dbwright.model.catalog import Catalog
from dbwright.model.declared_rule import DeclaredRule
from dbwright.model.finding import Confidence, Evidence, Fix, Location, ObjectRef, Severity
from dbwright.model.page import read_page
from dbwright.model.signature import read_signature

__all__ = ["Answers", "Fault", "Question", "Rule", "rule"]

PARTS = ("catalog", "statistics", "activity", "snapshot", "answers")
READ_FROM_DATABASE = frozenset(("statistics", "activity"))
"""What files have not, and a rule that can't do without it must say that it needs."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(DeclaredRule[Fault, Example]):
    """A rule of `check`; its parts are of `PARTS`."""

    needs: tuple[str, ...]
    """Parts of the snapshot without which it can't be decided (`statistics.columns`)."""
    questions: Callable[..., Iterable[Question]] | None = None
    data_optional: bool = False
    """Does it also speak, with less confidence, when no questions may be asked?"""

    @property
    def topic(self) -> str:
        return self.id.partition("/")[0]

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
        signature = read_signature(function, "a rule", PARTS)
        if ("answers" in signature.parts) != (questions is not None):
            raise TypeError(f"{topic}/{name}: `answers` and `questions` go together")
        for part in (each for each in signature.required if each in READ_FROM_DATABASE):
            if not any(need == part or need.startswith(f"{part}.") for need in needs):
                raise TypeError(f"{topic}/{name}: say which part of `{part}` it needs")
        return Rule(
            id=f"{topic}/{name.replace('_', '-')}",
            severity=severity,
            confidence=confidence,
            function=function,
            parts=signature.parts,
            needs=needs,
            thresholds=signature.thresholds,
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


def _accepted(function: Callable[..., Any], options: Mapping[str, object]) -> dict[str, object]:
    wanted = inspect.signature(function).parameters
    return {name: value for name, value in options.items() if name in wanted}
