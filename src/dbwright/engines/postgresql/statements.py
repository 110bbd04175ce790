"""Reading pg_stat_statements into a `Workload`."""

from __future__ import annotations

from dbwright.engines.postgresql.session import Session
from dbwright.model.names import quote
from dbwright.model.workload import Query, Workload

__all__ = ["read_workload"]

RENAMED_IN = (1, 8)
INFO_SINCE = (1, 9)
NESTED_SINCE = (1, 9)
"""The column `toplevel`."""


def read_workload(session: Session, limit: int = 1000) -> Workload | None:
    """The queries of this database that took the most time in all; None without the extension.

    What can't be read lands in `session.skipped`. Raises ConnectionLost.
    """
    installed = session.try_fetch("statements_version", "workload")
    if not installed:
        session.skip(
            "workload",
            "pg_stat_statements is not installed in this database",
            "add it to shared_preload_libraries, restart, and CREATE EXTENSION pg_stat_statements",
        )
        return None
    version = tuple(int(part) for part in installed[0].version.split("."))
    schema = quote(installed[0].schema)
    rows = session.try_fetch(
        "statements",
        "workload",
        schema=schema,
        modern=version >= RENAMED_IN,
        tells_nested=version >= NESTED_SINCE,
        limit=limit,
    )
    if any(row.hidden for row in rows):
        session.skip(
            "workload.restricted",
            "the queries of other users are hidden from this user",
            f"GRANT pg_monitor TO {quote(session.connection.info.user)}",
        )
    since = (
        session.try_fetch("statements_since", "workload.since", schema=schema)
        if version >= INFO_SINCE and rows
        else []
    )
    return Workload(
        source="pg_stat_statements",
        since=since[0].since if since else None,
        queries=tuple(
            Query(
                text=row.text,
                query_id=row.query_id,
                calls=row.calls,
                total_seconds=row.total_seconds,
                mean_seconds=row.mean_seconds,
                stddev_seconds=row.stddev_seconds,
                rows=row.rows,
                shared_blocks_hit=row.shared_blocks_hit,
                shared_blocks_read=row.shared_blocks_read,
                temporary_blocks=row.temporary_blocks,
                user=row.user,
            )
            for row in rows
            if not row.hidden and row.text
        ),
    )
