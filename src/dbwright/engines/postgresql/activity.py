"""Reading what the server is doing now into `Activity`. It locks nothing, so it comes first."""

from __future__ import annotations

from dbwright.engines.postgresql.session import Session
from dbwright.model.activity import (
    Activity,
    HeldLock,
    PreparedTransaction,
    Standby,
    VacuumProgress,
)
from dbwright.model.activity import Session as ActiveSession
from dbwright.model.names import qualify
from dbwright.progress import Progress, silent

__all__ = ["read_activity"]


def read_activity(session: Session, progress: Progress = silent) -> Activity:
    """Sessions, locks, replication, prepared transactions and vacuums.

    What can't be read lands in `session.skipped`. Raises ConnectionLost, and Unreadable where
    not even the clock can be read.
    """
    progress("reading activity")
    moment = session.fetch("moment")[0]
    return Activity(
        captured_at=moment.now,
        in_recovery=moment.in_recovery,
        receiver_lag_seconds=moment.receiver_lag_seconds,
        receiver_lag_bytes=moment.receiver_lag_bytes,
        replay_paused=moment.replay_paused,
        sessions=_sessions(session),
        locks=tuple(
            HeldLock(
                pid=row.pid,
                type=row.type,
                mode=row.mode,
                granted=row.granted,
                relation=qualify(row.schema, row.name) if row.name else None,
                waiting_since=row.waiting_since,
                key=row.key,
                transaction=row.transaction,
                prepared=row.prepared,
            )
            for row in session.try_fetch("locks", "activity.locks")
        ),
        prepared_transactions=tuple(
            PreparedTransaction(row.name, row.prepared_at, row.owner, row.database, row.xid_age)
            for row in session.try_fetch("prepared_transactions", "activity.prepared_transactions")
        ),
        standbys=tuple(
            Standby(
                row.application,
                row.client,
                row.state,
                row.sync_state,
                row.lag_bytes,
                row.replay_lag_seconds,
            )
            for row in session.try_fetch("standbys", "activity.standbys")
        ),
        vacuums=tuple(
            VacuumProgress(
                row.pid,
                qualify(row.schema, row.name) if row.name else None,
                row.phase or "",
                row.heap_blocks_total or 0,
                row.heap_blocks_scanned or 0,
                row.index_vacuum_count or 0,
            )
            for row in session.try_fetch("vacuums", "activity.vacuums")
        ),
    )


def _sessions(session: Session) -> tuple[ActiveSession, ...]:
    rows = session.try_fetch("sessions", "activity.sessions")
    if any(row.hidden for row in rows):
        session.skip(
            "activity.sessions.restricted",
            "state and query of other users' sessions are hidden from this user",
            f"GRANT pg_monitor TO {qualify(session.connection.info.user)}",
        )
    return tuple(
        ActiveSession(
            pid=row.pid,
            kind=row.kind or ("client backend" if row.user else "unknown"),
            database=row.database,
            user=row.user,
            application=row.application,
            client=row.client,
            state=row.state,
            started_at=row.started_at,
            transaction_started_at=row.transaction_started_at,
            query_started_at=row.query_started_at,
            state_changed_at=row.state_changed_at,
            wait_event_type=row.wait_event_type,
            wait_event=row.wait_event,
            query=None if row.hidden else row.query,
            xid_age=row.xid_age,
            xmin_age=row.xmin_age,
            blocked_by=tuple(row.blocked_by or ()),
            ssl=row.ssl,
        )
        for row in rows
    )
