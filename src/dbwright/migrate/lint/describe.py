"""A hazard as the noun that pages and lists are made of."""

from __future__ import annotations

from dataclasses import replace

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import Hazard
from dbwright.migrate.lint.registry import all_hazards
from dbwright.model.described import DescribedRule

__all__ = ["described", "described_hazards"]


def described_hazards() -> tuple[DescribedRule, ...]:
    """Every hazard, sorted by id."""
    return tuple(described(hazard) for hazard in all_hazards())


def described(hazard: Hazard) -> DescribedRule:
    """What the hazard says of itself."""
    return replace(hazard.described(_shown), needs=("migrations",))


def _shown(example: MigrationExample) -> tuple[str, str]:
    texts = []
    if example.before:
        texts.append(f"-- before\n{example.before.strip()}")
    texts += [f"-- {name} has {size / 1e9:g} GB" for name, size in example.sizes.items()]
    heading = "-- the migration\n" if texts else ""
    return "sql", "\n".join([*texts, heading + example.sql.strip()])
