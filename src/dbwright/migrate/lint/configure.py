"""Which hazards run, and how: from dbwright.toml and the command line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dbwright.chosen_rules import ChosenRules, choose_rules
from dbwright.configuration import Configuration
from dbwright.migrate.lint.describe import described_hazards
from dbwright.migrate.lint.hazard import Hazard
from dbwright.migrate.lint.registry import all_hazards, matching
from dbwright.migrate.pages.registry import described_pages
from dbwright.model.described import MIGRATIONS

__all__ = ["Chosen", "choose"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which hazards run, and how."""

    hazards: tuple[Hazard, ...]
    rules: ChosenRules


def choose(configuration: Configuration, only: Iterable[str], skip: Iterable[str]) -> Chosen:
    """`only` and `skip` are ids, names or globs.

    Raises UnknownRule, BadConfiguration.
    """
    known = (*described_hazards(), *described_pages())
    rules = choose_rules(configuration, MIGRATIONS, known)
    wanted = matching(only) or frozenset(hazard.id for hazard in all_hazards())
    left_out = matching(skip)
    return Chosen(
        tuple(
            hazard
            for hazard in all_hazards()
            if hazard.id in wanted and hazard.id not in left_out and hazard.id in rules.enabled
        ),
        rules,
    )
