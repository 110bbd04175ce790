"""What a rewrite is: a pure function over a query, with its page and its examples.

A rewrite is one file in `tune/rewrites/rules/`. Its name is the file's name, and says the fault.
Its docstring is its page, with the headings of `HEADINGS`. The decorated function gets the query
and the catalog, and gives texts that should have the same rows for less. Whether they have, and
do, is not for it to say: each is run with the original and costed before anybody sees it. Its
keyword-only parameters are thresholds that a user may set.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from dbwright.model.described import REWRITES, Threshold
from dbwright.model.finding import Confidence, Evidence, Severity
from dbwright.model.page import read_page, why_it_matters

__all__ = ["Rewrite", "RewriteExample", "Rewritten", "rewrite"]

READ = ("source", "catalog")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A query, written another way."""

    text: str
    note: str
    """One sentence: what was changed, and why the rows stay the same."""
    provable: bool = True
    """Can it be run with the original? If not it is a template, and only ever advice."""
    evidence: Evidence = field(default_factory=dict)
    """Figures that the note speaks of."""


@dataclass(frozen=True, slots=True)
class RewriteExample:
    """A query on what `sql` makes (run statement by statement in a fresh database)."""

    query: str
    sql: str = ""
    oldest: int = 12


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A rewrite with everything that is known about it."""

    id: str
    """`rewrites/<name-of-the-fault>`."""
    severity: Severity
    confidence: Confidence
    function: Callable[..., Iterable[Rewritten]]
    """Of a `Source` and its catalog."""
    thresholds: tuple[Threshold, ...]
    page: Mapping[str, str]
    """The docstring's sections by heading; its first line under the key `title`."""
    bad: tuple[RewriteExample, ...]
    """Are rewritten; each text is proven equal and cheaper, where it is provable."""
    good: tuple[RewriteExample, ...]
    """Are left alone."""
    since: str = "0.1"

    @property
    def title(self) -> str:
        return self.page["title"]

    @property
    def why(self) -> str:
        """Its first paragraph, as one line."""
        return why_it_matters(self.page)


def rewrite(
    *,
    severity: Severity,
    bad: RewriteExample | tuple[RewriteExample, ...],
    good: RewriteExample | tuple[RewriteExample, ...],
    confidence: Confidence = Confidence.MEDIUM,
    since: str = "0.1",
) -> Callable[[Callable[..., Iterable[Rewritten]]], Rewrite]:
    """Make a rewrite of a function. Raises TypeError where its page or signature is not in
    order."""

    def declare(function: Callable[..., Iterable[Rewritten]]) -> Rewrite:
        module = sys.modules[function.__module__]
        name = function.__module__.rpartition(".")[2].replace("_", "-")
        return Rewrite(
            id=f"{REWRITES}/{name}",
            severity=severity,
            confidence=confidence,
            function=function,
            thresholds=tuple(_thresholds(function)),
            page=read_page(module.__doc__, name),
            bad=bad if isinstance(bad, tuple) else (bad,),
            good=good if isinstance(good, tuple) else (good,),
            since=since,
        )

    return declare


def _thresholds(function: Callable[..., Any]) -> Iterator[Threshold]:
    hints = get_type_hints(function, include_extras=True)
    for number, (name, parameter) in enumerate(inspect.signature(function).parameters.items()):
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            if get_origin(hints[name]) is not Annotated:
                raise TypeError(f"{function.__module__}: {name} must be Annotated")
            type_, text = get_args(hints[name])[:2]
            yield Threshold(name, type_, parameter.default, str(text))
        elif READ[number : number + 1] != (name,):
            raise TypeError(f"{function.__module__}: a rewrite can't read `{name}`")
