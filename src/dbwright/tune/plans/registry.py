"""Finding the insights: every file of their folder, in the order of their ids."""

from __future__ import annotations

from functools import lru_cache

from dbwright.discovery import declared_in
from dbwright.tune.plans import insights as insights_package
from dbwright.tune.plans.insight import Insight

__all__ = ["all_insights"]


@lru_cache(maxsize=1)
def all_insights() -> tuple[Insight, ...]:
    """Every insight, sorted by id. Raises TypeError where a file holds none, or more than one."""
    return tuple(sorted(declared_in(insights_package, Insight), key=lambda insight: insight.id))
