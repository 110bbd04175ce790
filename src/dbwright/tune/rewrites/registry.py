"""Finding the rewrites: every file of their folder, in the order of their ids."""

from __future__ import annotations

from functools import lru_cache

from dbwright.discovery import declared_in
from dbwright.tune.rewrites import rules as rules_package
from dbwright.tune.rewrites.rewrite import Rewrite

__all__ = ["all_rewrites"]


@lru_cache(maxsize=1)
def all_rewrites() -> tuple[Rewrite, ...]:
    """Every rewrite, sorted by id. Raises TypeError where a file holds none, or more than one."""
    return tuple(sorted(declared_in(rules_package, Rewrite), key=lambda rewrite: rewrite.id))
