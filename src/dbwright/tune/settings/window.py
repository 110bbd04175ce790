"""Since when the server has been counting, and how much that is a day."""

from __future__ import annotations

from datetime import datetime

from dbwright.model.statistics import Statistics

__all__ = ["SHORTEST_DAYS", "counting_days", "counting_since"]

SHORTEST_DAYS = 1 / 24
"""What was counted in less than an hour says nothing about a day."""


def counting_since(statistics: Statistics) -> datetime | None:
    """When this database's counters began.

    From version 15 on a database that was never reset says nothing. Its counters are then at most
    as old as the server's own (both begin with the cluster, or anew after a crash), so the rates
    that follow are too low rather than too high.
    """
    if statistics.since is not None:
        return statistics.since
    shared = (
        statistics.wal_since,
        statistics.checkpoints.since if statistics.checkpoints else None,
        statistics.archiver.since if statistics.archiver else None,
    )
    return min((moment for moment in shared if moment is not None), default=None)


def counting_days(statistics: Statistics) -> float | None:
    """How long they have been counting, an hour at least; None where that is not known."""
    since = counting_since(statistics)
    if since is None:
        return None
    days = (statistics.captured_at - since).total_seconds() / 86400
    return max(days, SHORTEST_DAYS)
