"""What a rewrite is: a pure function over a query, with its page and its examples.

A rewrite is one file in `tune/rewrites/rules/`. Its name is the file's name, and says the fault.
Its docstring is its page, with the headings of `HEADINGS`. The decorated function gets the query
and the catalog, and gives texts that should have the same rows for less. Whether they have, and
do, is not for it to say: each is run with the original and costed before anybody sees it. Its
keyword-only parameters are thresholds that a user may set.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dbwright.model.declared_rule import DeclaredRule
from dbwright.model.described import REWRITES
from dbwright.model.finding import Confidence, Evidence, Severity
from dbwright.model.page import read_page
from dbwright.model.signature import read_signature

__all__ = ["Rewrite", "RewriteExample", "Rewritten", "rewrite"]

PARTS = ("source", "catalog")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite(DeclaredRule[Rewritten, RewriteExample]):
    """A rewrite, `rewrites/<name-of-the-fault>`, of a `Source` and its catalog.

    Its bad examples are rewritten, each text proven equal and cheaper where it is provable; the
    good ones are left alone.
    """


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
        signature = read_signature(function, "a rewrite", PARTS, in_order=True)
        return Rewrite(
            id=f"{REWRITES}/{name}",
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
