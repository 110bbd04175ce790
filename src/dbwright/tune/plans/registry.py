"""Finding the insights: every file of their folder, in the order of their ids."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from dbwright.tune.plans import insights as insights_package
from dbwright.tune.plans.insight import Insight

__all__ = ["all_insights"]


@lru_cache(maxsize=1)
def all_insights() -> tuple[Insight, ...]:
    """Every insight, sorted by id. Raises TypeError where a file holds none, or more than one."""
    found: list[Insight] = []
    for file in pkgutil.iter_modules(insights_package.__path__):
        if file.name.startswith("_"):
            continue  # what insights share
        module = importlib.import_module(f"{insights_package.__name__}.{file.name}")
        own = [value for value in vars(module).values() if isinstance(value, Insight)]
        if len(own) != 1:
            raise TypeError(f"{module.__name__} must hold one insight, not {len(own)}")
        found += own
    return tuple(sorted(found, key=lambda insight: insight.id))
