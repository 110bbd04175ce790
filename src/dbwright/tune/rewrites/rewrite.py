"""What a rewrite is: a pure function over a query, with its page and its examples.

A rewrite is one file in `tune/rewrites/rules/`. Its name is the file's name, and says the fault.
Its docstring is its page, with the headings of `HEADINGS`. The decorated function gets the query
and the catalog, and gives texts that should have the same rows for less. Whether they have, and
do, is not for it to say: each is run with the original and costed before anybody sees it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, Severity
from dbwright.model.page import read_page, why_it_matters
from dbwright.tune.rewrites.source import Source

__all__ = ["Rewrite", "RewriteExample", "Rewritten", "rewrite"]

TOPIC = "rewrites"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A query, written another way."""

    text: str
    note: str
    """One sentence: what was changed, and why the rows stay the same."""
    provable: bool = True
    """Can it be run with the original? If not it is a template, and only ever advice."""


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
    function: Callable[[Source, Catalog], Iterable[Rewritten]]
    page: Mapping[str, str]
    """The docstring's sections by heading; its first line under the key `title`."""
    bad: tuple[RewriteExample, ...]
    """Are rewritten; each text is proven equal and cheaper, where it is provable."""
    good: tuple[RewriteExample, ...]
    """Are left alone."""

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
) -> Callable[[Callable[[Source, Catalog], Iterable[Rewritten]]], Rewrite]:
    """Make a rewrite of a function. Raises TypeError where its page is not in order."""

    def declare(function: Callable[[Source, Catalog], Iterable[Rewritten]]) -> Rewrite:
        module = sys.modules[function.__module__]
        name = function.__module__.rpartition(".")[2].replace("_", "-")
        return Rewrite(
            id=f"{TOPIC}/{name}",
            severity=severity,
            confidence=confidence,
            function=function,
            page=read_page(module.__doc__, name),
            bad=bad if isinstance(bad, tuple) else (bad,),
            good=good if isinstance(good, tuple) else (good,),
        )

    return declare
