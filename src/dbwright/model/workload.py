"""The queries that a database runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Query", "Workload"]


@dataclass(frozen=True, slots=True)
class Query:
    """One kind of statement, with its constants taken out. Times in seconds."""

    text: str
    fingerprint: str = ""
    query_id: int | None = None
    """The server's own, where it has one."""
    calls: int = 1
    total_seconds: float | None = None
    mean_seconds: float | None = None
    stddev_seconds: float | None = None
    rows: int | None = None
    shared_blocks_hit: int | None = None
    shared_blocks_read: int | None = None
    temporary_blocks: int | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    source: str
    """pg_stat_statements, or a file's name."""
    queries: tuple[Query, ...] = ()
    since: datetime | None = None
