"""The tool `health`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.tool import TARGET, tool
from dbwright.model.activity import Activity
from dbwright.model.catalog import Catalog
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics
from dbwright.operation import Effect

__all__ = ["health"]


class State(StrEnum):
    """Of a figure."""

    BAD = "bad"
    WATCH = "watch"
    FINE = "fine"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that is measured, beside what it should be."""

    name: str
    value: float | None
    unit: str
    state: State
    goal: str


@tool(Effect.READS, when="you want to know how a server is doing right now", title="Health")
def health(context: Context, *, target: Annotated[str | None, TARGET] = None) -> Answer[Figure]:
    """Give a server's vital figures beside what they should be: connections, cache, waits, age
    of transactions, replication lag, dead rows, archiving.

    What is behind a bad one: `locks` for sessions, `slow_queries` for load, `check` for the rest.
    """
    snapshot = context.readings.snapshot(context.opened(target), context.progress)
    if snapshot.activity is None and snapshot.from_files:
        return Answer("SQL files have no health.", notes=("name a live database",))
    figures = sorted(_figures(snapshot), key=lambda one: list(State).index(one.state))
    bad = [one.name for one in figures if one.state is State.BAD]
    watch = [one.name for one in figures if one.state is State.WATCH]
    summary = f"{snapshot.target}: " + (
        "; ".join(
            f"{word}: {', '.join(names)}"
            for word, names in (("bad", bad), ("watch", watch))
            if names
        )
        or "all figures are fine"
    )
    notes = tuple(f"not seen: {one.part}: {one.reason}" for one in snapshot.skipped)
    return Answer(f"{summary}.", items=tuple(figures), notes=notes)


def _figures(snapshot: Snapshot) -> Iterator[Figure]:
    if snapshot.activity is not None:
        yield from _of_sessions(snapshot.activity, snapshot.catalog)
        yield from _of_standbys(snapshot.activity)
    if snapshot.statistics is not None:
        yield from _of_statistics(snapshot.statistics, snapshot.catalog.server.database)


def _at_most(name: str, value: float | None, unit: str, watch: float, bad: float) -> Figure:
    state = State.UNKNOWN
    if value is not None:
        state = State.BAD if value > bad else State.WATCH if value > watch else State.FINE
        value = round(value, 4)
    return Figure(name, value, unit, state, f"at most {watch:g}; bad above {bad:g}")


def _at_least(name: str, value: float | None, unit: str, watch: float, bad: float) -> Figure:
    state = State.UNKNOWN
    if value is not None:
        state = State.BAD if value < bad else State.WATCH if value < watch else State.FINE
        value = round(value, 4)
    return Figure(name, value, unit, state, f"at least {watch:g}; bad below {bad:g}")


def _of_sessions(activity: Activity, catalog: Catalog) -> Iterator[Figure]:
    clients = [one for one in activity.sessions if one.kind == "client backend"]
    most = catalog.setting("max_connections")
    if most is not None and most.value.isdigit():
        used = len(clients) / int(most.value)
        yield _at_most("connections used", used, "share", 0.7, 0.9)
    waiting = [one for one in activity.sessions if one.blocked_by]
    yield _at_most("sessions that wait for a lock", len(waiting), "sessions", 0, 5)
    now = activity.captured_at
    ages = [
        (now - one.transaction_started_at).total_seconds()
        for one in clients
        if one.transaction_started_at is not None
    ]
    yield _at_most("oldest transaction", max(ages, default=0.0), "seconds", 60, 900)
    idle = [
        (now - one.state_changed_at).total_seconds()
        for one in clients
        if (one.state or "").startswith("idle in transaction") and one.state_changed_at
    ]
    yield _at_most("longest idle in a transaction", max(idle, default=0.0), "seconds", 10, 300)
    prepared = activity.prepared_transactions
    yield _at_most("prepared transactions", len(prepared), "transactions", 0, 10)


def _of_standbys(activity: Activity) -> Iterator[Figure]:
    if activity.in_recovery:
        yield _at_most("behind the primary", activity.receiver_lag_seconds, "seconds", 1, 30)
    for standby in activity.standbys:
        name = f"standby {standby.application}: behind"
        yield _at_most(name, standby.replay_lag_seconds or 0.0, "seconds", 1, 30)


def _of_statistics(statistics: Statistics, database: str) -> Iterator[Figure]:
    own = next((one for one in statistics.databases if one.name == database), None)
    if own is not None:
        blocks = own.blocks_hit + own.blocks_read
        hits = own.blocks_hit / blocks if blocks else None
        yield _at_least("cache hits", hits, "share", 0.9, 0.8)
        yield _at_most("deadlocks", own.deadlocks, "since the counters began", 0, 1000)
    ages = [one.xid_age for one in statistics.databases if one.xid_age is not None]
    yield _at_most("oldest row version", max(ages, default=None), "transactions", 500e6, 1500e6)
    large = [one for one in statistics.tables if one.live_rows >= 10_000]
    scans = sum(one.index_scans for one in large)
    every = scans + sum(one.sequential_scans for one in large)
    share = scans / every if every else None
    yield _at_least("index scans of large tables", share, "share", 0.95, 0.8)
    dead = sum(one.dead_rows for one in statistics.tables)
    live = sum(one.live_rows for one in statistics.tables)
    yield _at_most("dead rows", dead / (dead + live) if dead + live else None, "share", 0.1, 0.3)
    archiver = statistics.archiver
    if archiver is not None and archiver.failed and archiver.last_failed_at is not None:
        last = archiver.last_archived_at
        broken = last is None or last < archiver.last_failed_at
        yield _at_most("archiving fails", float(broken), "yes or no", 0, 0)
