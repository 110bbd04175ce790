"""What is asked for, and what all parts of the work share."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from dbwright.design.seed.judge import Judge
from dbwright.design.seed.values.values import Values
from dbwright.model.catalog import Catalog, Table
from dbwright.model.statistics import ColumnStatistics

__all__ = ["NULLS", "Recipe", "Unfillable"]

NULLS = 0.1
"""The share of NULL where they may be, unless something else is said."""


class Unfillable(Exception):
    """A table can't have rows: `reason`, for the sake of `constraint` (its name)."""

    def __init__(self, reason: str, constraint: str = "") -> None:
        self.reason = reason
        self.constraint = constraint
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How rows are to be."""

    catalog: Catalog
    judge: Judge
    values: Values
    seed: int = 0
    nulls: float = NULLS
    power: float = 4.0
    """Of the skew of foreign keys: 1 is even."""
    like: Mapping[tuple[str, str], ColumnStatistics] = field(default_factory=dict)
    """By table and column: what rows are to be like."""
    like_rows: Mapping[str, float] = field(default_factory=dict)
    """Of each table there, by its name."""

    def chance(self, table: Table, *what: str) -> random.Random:
        """Its own for each purpose: what one table gets does not hang on what others got."""
        return random.Random("/".join((str(self.seed), table.qualified, *what)))

    def statistics(self, table: Table, column: str) -> ColumnStatistics | None:
        return self.like.get((table.qualified, column))

    def null_share(self, table: Table, column: str, usual: float | None = None) -> float:
        """Of a column that may be NULL."""
        found = self.statistics(table, column)
        if found is not None:
            return found.null_fraction
        return self.nulls if usual is None else min(1.0, usual * self.nulls / NULLS)
