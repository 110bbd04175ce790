"""Finding the hazards: every file of their folder, in the order of their ids."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from dbwright.chosen_rules import did_you_mean, fits_pattern
from dbwright.discovery import declared_in
from dbwright.errors import UnknownRule
from dbwright.migrate.lint import rules
from dbwright.migrate.lint.hazard import Hazard

__all__ = ["all_hazards", "known_ids", "matching"]


@lru_cache(maxsize=1)
def all_hazards() -> tuple[Hazard, ...]:
    """Every hazard, sorted by id. Raises TypeError where a file holds none, or more than one."""
    return tuple(sorted(declared_in(rules, Hazard), key=lambda hazard: hazard.id))


def known_ids() -> tuple[str, ...]:
    return tuple(hazard.id for hazard in all_hazards())


def matching(patterns: Iterable[str]) -> frozenset[str]:
    """The ids that fit one of the patterns: an id, the part after its slash, or any glob.

    Raises UnknownRule for a pattern that fits none.
    """
    found: set[str] = set()
    for pattern in patterns:
        fits = {id_ for id_ in known_ids() if fits_pattern(id_, pattern)}
        if not fits:
            raise _unknown(pattern)
        found |= fits
    return frozenset(found)


def _unknown(name: str) -> UnknownRule:
    step = did_you_mean(name, known_ids(), by_name=True)
    return UnknownRule(
        f"there is no rule {name!r} of migrations",
        f"{step}`dbwright rules --topic migrations` lists them",
    )
