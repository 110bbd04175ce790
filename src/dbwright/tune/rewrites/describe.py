"""A rewrite as the noun that pages and lists are made of."""

from __future__ import annotations

from dataclasses import replace

from dbwright.model.described import DescribedRule
from dbwright.tune.rewrites.registry import all_rewrites
from dbwright.tune.rewrites.rewrite import Rewrite, RewriteExample

__all__ = ["described", "described_rewrites"]


def described_rewrites() -> tuple[DescribedRule, ...]:
    """Every rewrite, sorted by id."""
    return tuple(described(rewrite) for rewrite in all_rewrites())


def described(rewrite: Rewrite) -> DescribedRule:
    """What the rewrite says of itself."""
    return replace(
        rewrite.described(_shown),
        needs=("workload",),
        asks="needs a workload: `dbwright tune`",
    )


def _shown(example: RewriteExample) -> tuple[str, str]:
    query = f"{example.query.strip().rstrip(';')};"
    return "sql", "\n".join(filter(None, [example.sql.strip(), query]))
