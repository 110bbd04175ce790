"""Finding the rules: every file of every topic's folder, in the order of their ids."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from dbwright.check import rules as rules_package
from dbwright.check.rule import Rule
from dbwright.chosen_rules import did_you_mean, fits_pattern
from dbwright.discovery import declared_by_topic
from dbwright.errors import UnknownRule

__all__ = ["all_rules", "find_rule", "known_ids", "known_topics", "matching"]


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule, sorted by id. Raises TypeError where a file holds none, or more than one."""
    return tuple(sorted(declared_by_topic(rules_package, Rule), key=lambda rule: rule.id))


def known_ids() -> tuple[str, ...]:
    return tuple(rule.id for rule in all_rules())


def known_topics() -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule.topic for rule in all_rules()))


def find_rule(name: str) -> Rule:
    """By id, or by the part after the slash. Raises UnknownRule."""
    for rule in all_rules():
        if name in (rule.id, rule.id.partition("/")[2]):
            return rule
    raise _unknown(name)


def matching(patterns: Iterable[str]) -> tuple[Rule, ...]:
    """The rules whose id fits one of the patterns: an id, `topic`, `topic/*` or any glob.

    Raises UnknownRule for a pattern that fits none.
    """
    found: dict[str, Rule] = {}
    for pattern in patterns:
        fits = [rule for rule in all_rules() if fits_pattern(rule.id, pattern)]
        if not fits:
            raise _unknown(pattern)
        found.update((rule.id, rule) for rule in fits)
    return tuple(found[key] for key in sorted(found))


def _unknown(name: str) -> UnknownRule:
    step = did_you_mean(name, known_ids(), by_name=True)
    return UnknownRule(f"there is no rule {name!r}", f"{step}`dbwright rules` lists them")
