"""An advisor as the noun that pages and lists are made of."""

from __future__ import annotations

from dbwright.model.described import DescribedRule
from dbwright.tune.advisors.advisor import Advisor
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.registry import all_advisors

__all__ = ["described", "described_advisors"]


def described_advisors() -> tuple[DescribedRule, ...]:
    """Every advisor, sorted by id."""
    return tuple(described(advisor) for advisor in all_advisors())


def described(advisor: Advisor) -> DescribedRule:
    """What the advisor says of itself."""
    return DescribedRule(
        id=advisor.id,
        severity=advisor.severity,
        confidence=advisor.confidence,
        page=advisor.page,
        since=advisor.since,
        thresholds=advisor.thresholds,
        needs=("workload",),
        asks="needs a workload: `dbwright tune`",
        found=("sql", _shown(advisor.bad[0])) if advisor.bad else None,
        not_found=("sql", _shown(advisor.good[0])) if advisor.good else None,
    )


def _shown(example: AdvisorExample) -> str:
    parts = [example.sql.strip()]
    if example.workload:
        parts.append(f"-- the workload:\n{example.workload.strip()}")
    return "\n".join(parts)
