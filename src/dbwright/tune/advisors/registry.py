"""Finding the advisors: every file of their folder, in the order of their ids."""

from __future__ import annotations

from functools import lru_cache

from dbwright.discovery import declared_in
from dbwright.tune.advisors import rules as rules_package
from dbwright.tune.advisors.advisor import Advisor

__all__ = ["all_advisors"]


@lru_cache(maxsize=1)
def all_advisors() -> tuple[Advisor, ...]:
    """Every advisor, sorted by id. Raises TypeError where a file holds none, or more than one."""
    return tuple(sorted(declared_in(rules_package, Advisor), key=lambda advisor: advisor.id))
