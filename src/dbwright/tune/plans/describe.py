"""An insight as the noun that pages and lists are made of."""

from __future__ import annotations

from dataclasses import replace

from dbwright.model.described import DescribedRule
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import Insight
from dbwright.tune.plans.registry import all_insights

__all__ = ["described", "described_insights"]


def described_insights() -> tuple[DescribedRule, ...]:
    """Every insight, sorted by id."""
    return tuple(described(insight) for insight in all_insights())


def described(insight: Insight) -> DescribedRule:
    """What the insight says of itself."""
    return replace(
        insight.described(_shown),
        needs=("plan.actual",) if insight.analyzed else ("plan",),
        asks="needs a plan that was run: `--analyze`" if insight.analyzed else "",
        mark="--analyze" if insight.analyzed else "",
    )


def _shown(example: PlanExample) -> tuple[str, str]:
    settings = [f"SET {name} = '{value}';" for name, value in example.settings.items()]
    explain = "EXPLAIN (ANALYZE)" if example.analyze else "EXPLAIN"
    query = example.query.strip().rstrip(";")
    return "sql", "\n".join(filter(None, [example.sql.strip(), *settings, f"{explain} {query};"]))
