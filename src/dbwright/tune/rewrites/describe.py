"""A rewrite as the noun that pages and lists are made of."""

from __future__ import annotations

from dbwright.model.described import DescribedRule
from dbwright.tune.rewrites.registry import all_rewrites
from dbwright.tune.rewrites.rewrite import Rewrite, RewriteExample

__all__ = ["described", "described_rewrites"]


def described_rewrites() -> tuple[DescribedRule, ...]:
    """Every rewrite, sorted by id."""
    return tuple(described(rewrite) for rewrite in all_rewrites())


def described(rewrite: Rewrite) -> DescribedRule:
    """What the rewrite says of itself."""
    return DescribedRule(
        id=rewrite.id,
        severity=rewrite.severity,
        confidence=rewrite.confidence,
        page=rewrite.page,
        since=rewrite.since,
        thresholds=rewrite.thresholds,
        needs=("workload",),
        asks="needs a workload: `dbwright tune`",
        found=("sql", _shown(rewrite.bad[0])) if rewrite.bad else None,
        not_found=("sql", _shown(rewrite.good[0])) if rewrite.good else None,
    )


def _shown(example: RewriteExample) -> str:
    query = f"{example.query.strip().rstrip(';')};"
    return "\n".join(filter(None, [example.sql.strip(), query]))
