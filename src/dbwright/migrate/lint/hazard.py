"""What a hazard is: a pure function over judged migrations, with its page and its examples.

A hazard is one file in `migrate/lint/rules/`. Its name is the file's name, and says the fault. Its
docstring is its page, with the headings of `HEADINGS`. The decorated function asks for what it
reads by the names of its parameters: with `step` it is asked for each statement, with `file` alone
for each file, with `run` alone once. Its keyword-only parameters are thresholds that a user may
set.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dbwright.migrate.lint.example import MigrationExample
from dbwright.model.declared_rule import DeclaredRule
from dbwright.model.described import MIGRATIONS
from dbwright.model.finding import Confidence, Evidence, Fix, ObjectRef, Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement
from dbwright.model.page import read_page
from dbwright.model.signature import read_signature

__all__ = ["Hazard", "HazardFault", "hazard"]

PARTS = ("run", "file", "step")


@dataclass(frozen=True, slots=True)
class HazardFault:
    """What a hazard yields: a finding without what the hazard itself knows."""

    object: ObjectRef
    message: str
    """One sentence with the object, and the figure where there is one."""
    evidence: Evidence = field(default_factory=dict)
    advice: str = ""
    fix: Fix | None = None
    """None: that of `migrate plan`, where the hazard is `planned`."""
    severity: Severity | None = None
    """Where it differs from the hazard's own."""
    confidence: Confidence | None = None
    detail: str = ""
    """Tells several faults of one object in one file apart; never a figure."""
    step: JudgedStatement | None = None
    """The statement, where the hazard was not asked for one."""
    file: JudgedMigration | None = None
    """The file, where it was asked for all at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard(DeclaredRule[HazardFault, MigrationExample]):
    """A hazard, `migrations/<name-of-the-fault>`; its parts are of `PARTS`."""

    planned: bool = False
    """Does the safe way of `migrate plan` mend it?"""


def hazard(
    *,
    severity: Severity,
    bad: MigrationExample | tuple[MigrationExample, ...],
    good: MigrationExample | tuple[MigrationExample, ...],
    confidence: Confidence = Confidence.HIGH,
    planned: bool = False,
    since: str = "0.1",
) -> Callable[[Callable[..., Iterable[HazardFault]]], Hazard]:
    """Make a hazard of a function. Raises TypeError where its page or signature is not in order."""

    def declare(function: Callable[..., Iterable[HazardFault]]) -> Hazard:
        module = sys.modules[function.__module__]
        name = function.__module__.rpartition(".")[2].replace("_", "-")
        signature = read_signature(function, "a hazard", PARTS)
        return Hazard(
            id=f"{MIGRATIONS}/{name}",
            severity=severity,
            confidence=confidence,
            function=function,
            parts=signature.parts,
            thresholds=signature.thresholds,
            page=read_page(module.__doc__, name),
            bad=bad if isinstance(bad, tuple) else (bad,),
            good=good if isinstance(good, tuple) else (good,),
            planned=planned,
            since=since,
        )

    return declare
