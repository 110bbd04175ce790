"""Reading a whole PostgreSQL database, in the order that serves during an incident."""

from __future__ import annotations

from dbwright.engines.postgresql.activity import read_activity
from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session, Unreadable
from dbwright.engines.postgresql.statements import read_workload
from dbwright.engines.postgresql.statistics import read_statistics, with_last_values
from dbwright.errors import TargetError
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress, silent

__all__ = ["read"]


def read(
    session: Session,
    *,
    values: int | None = 20,
    workload: bool = False,
    progress: Progress = silent,
) -> Snapshot:
    """Activity first (it is what changes, and it waits for nothing), then the catalog, then
    statistics, then the workload if it is wanted.

    `values`: how many common values and histogram bounds to keep of each column (None: all).
    Raises ConnectionLost, and TargetError where the server can't answer at all.
    """
    try:
        activity = read_activity(session, progress)
        catalog = introspect(session, progress)
    except Unreadable as problem:
        raise TargetError(
            f"{session.name} did not answer: {problem.reason}",
            problem.remedy or "try again with more time (--budget)",
        ) from None
    catalog = with_last_values(session, catalog)
    statistics = read_statistics(session, catalog.captured_at, values=values, progress=progress)
    queries = read_workload(session) if workload else None
    return Snapshot(
        target=session.name,
        catalog=catalog,
        statistics=statistics,
        activity=activity,
        workload=queries,
        skipped=tuple(session.skipped),
    )
