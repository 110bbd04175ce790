"""Finding the rewrites: every file of their folder, in the order of their ids."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from dbwright.tune.rewrites import rules as rules_package
from dbwright.tune.rewrites.rewrite import Rewrite

__all__ = ["all_rewrites"]


@lru_cache(maxsize=1)
def all_rewrites() -> tuple[Rewrite, ...]:
    """Every rewrite, sorted by id. Raises TypeError where a file holds none, or more than one."""
    found: list[Rewrite] = []
    for file in pkgutil.iter_modules(rules_package.__path__):
        if file.name.startswith("_"):
            continue  # what rewrites share
        module = importlib.import_module(f"{rules_package.__name__}.{file.name}")
        own = [value for value in vars(module).values() if isinstance(value, Rewrite)]
        if len(own) != 1:
            raise TypeError(f"{module.__name__} must hold one rewrite, not {len(own)}")
        found += own
    return tuple(sorted(found, key=lambda rewrite: rewrite.id))
