"""Finding the pages: every file of every topic's folder, in the order of their ids."""

from __future__ import annotations

from functools import lru_cache

from dbwright.discovery import declared_by_topic
from dbwright.migrate import pages
from dbwright.model.described import DescribedRule

__all__ = ["described_pages", "page_of"]


@lru_cache(maxsize=1)
def described_pages() -> tuple[DescribedRule, ...]:
    """Every page, sorted by id. Raises TypeError where a file holds none, or more than one."""
    return tuple(sorted(declared_by_topic(pages, DescribedRule), key=lambda rule: rule.id))


def page_of(id: str) -> DescribedRule:
    """The page of one finding. Raises KeyError where there is none."""
    return {rule.id: rule for rule in described_pages()}[id]
