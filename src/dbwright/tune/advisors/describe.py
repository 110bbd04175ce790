"""An advisor as the noun that pages and lists are made of."""

from __future__ import annotations

from dataclasses import replace

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
    return replace(
        advisor.described(_shown),
        needs=("workload",),
        asks="needs a workload: `dbwright tune`",
    )


def _shown(example: AdvisorExample) -> tuple[str, str]:
    parts = [example.sql.strip()]
    if example.workload:
        parts.append(f"-- the workload:\n{example.workload.strip()}")
    return "sql", "\n".join(parts)
