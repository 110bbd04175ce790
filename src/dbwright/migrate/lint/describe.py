"""A hazard as the noun that pages and lists are made of."""

from __future__ import annotations

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
    return DescribedRule(
        id=hazard.id,
        severity=hazard.severity,
        confidence=hazard.confidence,
        page=hazard.page,
        since=hazard.since,
        thresholds=hazard.thresholds,
        needs=("migrations",),
        found=("sql", _shown(hazard.bad[0])) if hazard.bad else None,
        not_found=("sql", _shown(hazard.good[0])) if hazard.good else None,
    )


def _shown(example: MigrationExample) -> str:
    texts = []
    if example.before:
        texts.append(f"-- before\n{example.before.strip()}")
    texts += [f"-- {name} has {size / 1e9:g} GB" for name, size in example.sizes.items()]
    heading = "-- the migration\n" if texts else ""
    return "\n".join([*texts, heading + example.sql.strip()])
