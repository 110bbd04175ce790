"""The queries that a database runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Query", "Workload"]


@dataclass(frozen=True, slots=True)
class Query:
    """One kind of statement, with its constants taken out. Times in seconds; None is unknown."""

    text: str
    fingerprint: str = ""
    query_id: int | None = None
    """The server's own, where it has one."""
    calls: int = 1
    total_seconds: float | None = None
    """Of running alone, where the source tells planning apart (`planning_seconds`)."""
    mean_seconds: float | None = None
    stddev_seconds: float | None = None
    rows: int | None = None
    shared_blocks_hit: int | None = None
    shared_blocks_read: int | None = None
    temporary_blocks: int | None = None
    user: str | None = None
    """The one with the most calls."""
    example: str | None = None
    """A typical call with its constants, as it was seen."""
    parameters: tuple[str | None, ...] = ()
    """The values of the example's `$1`, `$2` … as text; None is NULL."""
    slowest: str | None = None
    """The call that took longest, with its constants."""
    slowest_parameters: tuple[str | None, ...] = ()
    minimum_seconds: float | None = None
    p95_seconds: float | None = None
    """19 of 20 calls took at most this long (estimated from a sample)."""
    max_seconds: float | None = None
    planning_seconds: float | None = None
    """Of parsing and planning (a log's `parse` and `bind` lines), in all."""
    call_sites: tuple[str, ...] = ()
    """Places in the application's code, the one with the most calls first."""
    plan_text: str | None = None
    """A plan of the slowest call that had one, as auto_explain wrote it."""
    database: str | None = None
    users: tuple[str, ...] = ()
    """Most calls first."""
    applications: tuple[str, ...] = ()
    """Most calls first."""
    first_seen: datetime | None = None
    last_seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    source: str
    """pg_stat_statements, or a file's name."""
    queries: tuple[Query, ...] = ()
    since: datetime | None = None
