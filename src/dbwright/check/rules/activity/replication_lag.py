"""A standby is behind.

## What it finds

On a primary: a connected standby or subscriber that has `min_bytes` of write-ahead log still to
replay, or that replays `min_seconds` late. On a standby: the same of what it has received itself,
and whether its replay was paused.

## Why it matters

Readers of the standby see old rows; a failover waits for the rest to be replayed, and what the
standby has not even received is lost with the primary.

## How to fix

Look for what slows it down: a long query on the standby that replay must wait for
(`max_standby_streaming_delay`), a slower disk or network, one bulk load on the primary, paused
replay.

## When to ignore

A standby that is late on purpose (`recovery_min_apply_delay`), or a bulk load that ends soon.

## Sources

- PostgreSQL manual, pg_stat_replication: replay_lag; Monitoring; Handling
  Query Conflicts; Recovery Control Functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.activity._counters import size
from dbwright.check.rules.activity._sessions import span
from dbwright.model.activity import Activity, Standby
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Fix, ObjectRef, Severity
from dbwright.model.names import quote

TABLE = "CREATE TABLE events (id bigint);"
WRITE = (
    """
SET synchronous_commit = local;
INSERT INTO events SELECT generate_series(1, 10000);
DO $$ BEGIN
    LOOP
        EXIT WHEN (SELECT flush_lsn >= pg_current_wal_flush_lsn() FROM pg_stat_replication);
    END LOOP;
END $$;
""",
)
PAUSE = "SELECT pg_wal_replay_pause();"
OPTIONS: dict[str, object] = {"min_bytes": 100_000}

BAD = (
    Example(
        TABLE,
        standby=PAUSE,
        sessions=WRITE,
        options=OPTIONS,
        objects=("standby",),
        fix_mends=False,
    ),
    Example(TABLE, standby=PAUSE, sessions=WRITE, on_standby=True, options=OPTIONS),
)

GOOD = (
    Example(TABLE, standby="SELECT 1;", options=OPTIONS),
    Example(TABLE, standby="SELECT 1;", on_standby=True, options=OPTIONS),
)


@rule(severity=Severity.WARNING, needs=("activity.standbys",), bad=BAD, good=GOOD)
def replication_lag(
    catalog: Catalog,
    activity: Activity,
    *,
    min_bytes: Annotated[int, "so much log still to replay"] = 500_000_000,
    min_seconds: Annotated[float, "or replayed so late"] = 60.0,
    error_bytes: Annotated[int, "from here on it is an error"] = 10_000_000_000,
) -> Iterator[Fault]:
    known: set[tuple[str, str | None]] = set()
    # The worst one of those that bear one name.
    for standby in sorted(activity.standbys, key=lambda s: -(s.lag_bytes or 0)):
        name = (standby.application, standby.client)
        if name in known or not _late(standby, min_bytes, min_seconds):
            continue
        known.add(name)
        yield _behind(standby, error_bytes)
    received = activity.receiver_lag_bytes
    delay = catalog.setting("recovery_min_apply_delay")
    if not activity.in_recovery or received is None or (delay is not None and delay.value != "0"):
        return
    seconds = activity.receiver_lag_seconds or 0.0
    # After a pause of the primary the last commit is old, and the rest arrives just now.
    late = seconds >= min_seconds and received >= min_bytes / 100
    if received >= min_bytes or late:
        yield _own(activity, received, seconds, error_bytes)


def _late(standby: Standby, min_bytes: int, min_seconds: float) -> bool:
    # Who has caught up shows the last lag that was measured for a while.
    behind = standby.lag_bytes or 0
    return behind >= min_bytes or (behind > 0 and (standby.replay_lag_seconds or 0) >= min_seconds)


def _behind(standby: Standby, error_bytes: int) -> Fault:
    lag, seconds = standby.lag_bytes or 0, standby.replay_lag_seconds
    late = "" if seconds is None else f", {span(seconds)} late"
    name = standby.application or standby.client or "without a name"
    return Fault(
        object=ObjectRef("standby", quote(name)),
        message=f"the standby {quote(name)} has {size(lag)} of log to replay{late}",
        evidence={
            "lag_bytes": lag,
            "replay_lag_seconds": seconds,
            "state": standby.state,
            "sync_state": standby.sync_state,
            "client": standby.client,
        },
        severity=Severity.ERROR if lag >= error_bytes else None,
        detail=standby.client or "",
        advice="Look on the standby: long queries, paused replay, its disk; then at the network.",
    )


def _own(activity: Activity, received: int, seconds: float, error_bytes: int) -> Fault:
    paused = bool(activity.replay_paused)
    why = "; its replay is paused" if paused else ""
    return Fault(
        object=ObjectRef("standby", "this server"),
        message=f"this standby has received {size(received)} of log that it has not replayed{why}",
        evidence={
            "lag_bytes": received,
            "since_last_commit_seconds": round(seconds, 1),
            "replay_paused": paused,
        },
        severity=Severity.ERROR if received >= error_bytes else None,
        fix=Fix(
            up="SELECT pg_wal_replay_resume();",
            down="",
            transactional=False,
            risk="somebody paused it on purpose: ask why",
        )
        if paused
        else None,
        advice="Ask who paused its replay, and go on."
        if paused
        else "Look for long queries here (max_standby_streaming_delay) and at the disk.",
    )
