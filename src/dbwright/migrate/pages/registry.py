"""Finding the pages: every file of every topic's folder, in the order of their ids."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from dbwright.discovery import declared_in
from dbwright.migrate import pages
from dbwright.model.described import DescribedRule

__all__ = ["described_pages", "page_of"]


@lru_cache(maxsize=1)
def described_pages() -> tuple[DescribedRule, ...]:
    """Every page, sorted by id. Raises TypeError where a file holds none, or more than one."""
    found: list[DescribedRule] = []
    for topic in pkgutil.iter_modules(pages.__path__):
        if topic.ispkg:
            package = importlib.import_module(f"{pages.__name__}.{topic.name}")
            found += declared_in(package, DescribedRule)
    return tuple(sorted(found, key=lambda rule: rule.id))


def page_of(id: str) -> DescribedRule:
    """The page of one finding. Raises KeyError where there is none."""
    return {rule.id: rule for rule in described_pages()}[id]
