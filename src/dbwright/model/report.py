"""What one command found."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dbwright.model.finding import Confidence, Finding, Severity
from dbwright.model.rehearsal import Rehearsal
from dbwright.model.tuning import Tuning

__all__ = ["Report", "RuleText", "Silenced", "Skipped", "score"]

WEIGHT = {
    Severity.CRITICAL: 30.0,
    Severity.ERROR: 10.0,
    Severity.WARNING: 3.0,
    Severity.NOTICE: 0.5,
}
"""Penalty points of the first finding of a rule."""

HALVING = 50.0
"""So many penalty points halve the score."""


@dataclass(frozen=True, slots=True, order=True)
class Skipped:
    """What was not looked at: a part of the target, or a rule."""

    part: str
    """A dotted name (`statistics.columns`), or a rule's id."""
    reason: str
    remedy: str = ""
    """What would make it readable, as SQL or an option where there is one."""
    objects: tuple[str, ...] = ()
    """The objects concerned; empty for all."""
    rules: tuple[str, ...] = ()
    """The rules that could not be decided because of it."""


@dataclass(frozen=True, slots=True)
class Silenced:
    """A finding that somebody chose not to see, and how."""

    finding: Finding
    by: str
    """`comment`, `configuration` or `baseline`."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RuleText:
    """What a rule says about itself."""

    title: str
    """One line: the fault in words."""
    help: str = ""
    """The rule's page, as Markdown."""


def score(findings: Iterable[Finding]) -> int:
    """0 (worst) to 100 (nothing found).

    Each rule costs the weight of its worst finding (critical 30, error 10, warning 3, notice 0.5;
    half of that where its confidence is low), times 1 + log2 of how often it fired. Every 50
    points halve the score.
    """
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    points = 0.0
    for group in by_rule.values():
        worst = max(
            WEIGHT[f.severity] * (0.5 if f.confidence is Confidence.LOW else 1.0) for f in group
        )
        points += worst * (1 + math.log2(len(group)))
    return round(100 * math.pow(0.5, points / HALVING))


@dataclass(frozen=True)
class Report:
    """Findings worst first, what was skipped and why, and a score."""

    command: str
    target: str
    """As a person would name it; never with a password."""
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...] = ()
    silenced: tuple[Silenced, ...] = ()
    engine: str = ""
    server_version: str = ""
    database: str = ""
    rules_run: int = 0
    objects_read: dict[str, int] = field(default_factory=dict)
    """How many objects of each kind were looked at."""
    fail_on: Severity | None = None
    rules: Mapping[str, RuleText] = field(default_factory=dict)
    """Of the findings' rules, by id."""
    tuning: Tuning | None = None
    """What `tune` came to."""
    rehearsal: Rehearsal | None = None
    """What `migrate rehearse` tried."""
    written: tuple[str, ...] = ()
    """Files that the command wrote."""

    @property
    def score(self) -> int:
        return score(self.findings)

    @property
    def counts(self) -> dict[Severity, int]:
        """Findings by severity, worst first, without zeros."""
        found = Counter(finding.severity for finding in self.findings)
        return {severity: found[severity] for severity in Severity if found[severity]}

    @property
    def failed(self) -> bool:
        """Is there a finding at or above `fail_on`?"""
        limit = self.fail_on
        return limit is not None and any(f.severity.at_least(limit) for f in self.findings)
