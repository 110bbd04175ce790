"""The counters of the database that was read, and for how long they have counted."""

from __future__ import annotations

from datetime import datetime

from dbwright.model.catalog import Catalog
from dbwright.model.statistics import DatabaseStatistics, Statistics

__all__ = ["counters", "per_day", "size", "started"]

SHORTEST_DAYS = 1 / 24
"""What was counted in less than an hour says nothing about a day."""


def counters(catalog: Catalog, statistics: Statistics) -> DatabaseStatistics | None:
    return statistics.of_database(catalog.server.database)


def per_day(statistics: Statistics, count: float) -> float | None:
    """How many a day; None where it is not known since when they count (never reset)."""
    days = statistics.window_days
    return None if days is None else count / max(days, SHORTEST_DAYS)


def started(moment: datetime | None) -> str:
    """`since 2026-11-01`, for a message."""
    return f"since {moment:%Y-%m-%d}" if moment else "since its counters began"


def size(count: float) -> str:
    """`512 MB`, `1.5 GB`: powers of 1024, as pg_size_pretty writes them."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return (
                f"{count:.0f} {unit}" if count >= 10 or unit == "bytes" else f"{count:.1f} {unit}"
            )
        count /= 1024
    return f"{count:,.1f} TB"
