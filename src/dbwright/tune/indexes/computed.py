"""What is known of an expression's values before any index holds them."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.model.statistics import ColumnStatistics
from dbwright.tune.indexes.lengths import Lengths

__all__ = ["Computed"]


@dataclass(frozen=True, slots=True)
class Computed:
    """Of one expression on one table."""

    statistics: ColumnStatistics
    """As ANALYZE would find them."""
    lengths: Lengths
    """Bytes of its values as an index stores them, and their share of the values."""
