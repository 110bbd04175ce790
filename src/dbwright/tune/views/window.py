"""For how long the calls of a workload were counted, and how much was written meanwhile."""

from __future__ import annotations

from collections.abc import Iterable

from dbwright.model.catalog import Catalog
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics
from dbwright.tune.workload.weighted import Weighted

__all__ = ["counted_days", "written_per_day"]

DAY = 86400.0


def counted_days(snapshot: Snapshot, queries: Iterable[Weighted]) -> float | None:
    """None where it is not known: a file of queries tells no times."""
    workload, statistics = snapshot.workload, snapshot.statistics
    own = [weighted.query for weighted in queries]
    known = set() if workload is None else {query.text for query in workload.queries}
    listed = bool(own) and all(query.text in known for query in own)
    if listed and workload is not None and workload.since is not None and statistics is not None:
        return max((statistics.captured_at - workload.since).total_seconds(), 1.0) / DAY
    seen = [(query.first_seen, query.last_seen) for query in own]
    firsts = [first for first, _ in seen if first is not None]
    lasts = [last for _, last in seen if last is not None]
    if len(firsts) < len(seen) or len(lasts) < len(seen) or not seen:
        return None
    seconds = (max(lasts) - min(firsts)).total_seconds()
    return seconds / DAY if seconds > 0 else None


def written_per_day(
    catalog: Catalog, statistics: Statistics, tables: Iterable[str]
) -> float | None:
    """Rows of these tables that were inserted, updated or deleted; None where it is not known
    since when they were counted."""
    days = statistics.window_days
    if not days:
        return None
    counted = [statistics.of(catalog.table(name)) for name in tables]
    return sum(one.writes for one in counted if one is not None) / days
