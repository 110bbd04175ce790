"""Watching a server for a while: what does it run right now?

Samples of pg_stat_activity, about ten a second, each in a read-only transaction of its own; fewer
where one takes the server longer than a thousandth of a second, so that watching stays about a
hundredth of one core at most. Where pg_stat_statements is installed, its counters before and after
give the exact figures of the interval, and the samples add what it does not know: constants, users,
applications, and statements that have not ended yet.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from math import sqrt

from dbwright.engines.postgresql.activity_samples import ActivitySamples
from dbwright.engines.postgresql.session import Session, Unreadable
from dbwright.engines.postgresql.statements import read_workload
from dbwright.model.names import quote
from dbwright.model.workload import Query, Workload
from dbwright.progress import Progress, silent
from dbwright.sql.fingerprint import fingerprint
from dbwright.sql.parse import SyntaxProblem

__all__ = ["watch"]

INTERVAL = 0.1
"""Seconds between two samples, if they are cheap."""

SHARE = 0.01
"""Of one core that watching may take on the server."""

LONGEST_INTERVAL = 1.0
"""Seconds, however dear samples are."""

AROUND = 0.0015
"""Seconds that the server spends on a sample besides its query: a transaction and its settings."""

EVERY = 1_000_000
"""Statements that are read of pg_stat_statements: all."""

OWN = ("pg_stat_statements", "dbwright watches")
"""What only texts of our own (and of other tools that watch) have in them."""


def watch(session: Session, seconds: float, *, progress: Progress = silent) -> Workload:
    """What the server runs in the next `seconds`; Ctrl-C ends it early and keeps what was seen.

    `Workload.source` says which figures are exact and which are estimated. The session's time
    budget has to be longer. What can't be read lands in `session.skipped`. Raises ConnectionLost.
    """
    began = datetime.now(UTC)
    before = read_workload(session, EVERY)
    samples = ActivitySamples()
    start = time.monotonic()
    try:
        _sample(session, samples, start + seconds, progress)
    except KeyboardInterrupt:
        progress("stopped; reading what was counted")
    lasted = time.monotonic() - start
    after = None if before is None else read_workload(session, EVERY)
    _skip(session, samples)
    if before is None or after is None:
        source = (
            f"{lasted:.0f} s of pg_stat_activity ({samples.count:,} samples: calls and times are "
            "estimated)"
        )
        return Workload(source=source, queries=tuple(samples.queries()), since=began)
    source = (
        f"{lasted:.0f} s of pg_stat_statements (exact) with {samples.count:,} samples of "
        "pg_stat_activity (statements that have not ended are estimated)"
    )
    exact = _differences(before.queries, after.queries)
    return Workload(source=source, queries=_joined(exact, samples.queries()), since=began)


def _sample(session: Session, samples: ActivitySamples, end: float, progress: Progress) -> None:
    """Take samples until the moment `end` of the monotonic clock."""
    start = last = time.monotonic()
    wait = INTERVAL
    while (now := time.monotonic()) < end:
        elapsed, last = now - last, now
        try:
            rows = session.fetch("running_queries", recent=round(2 * elapsed, 3))
        except Unreadable as problem:
            session.skip("watch", problem.reason, problem.remedy)
            return
        samples.add((row for row in rows if row.pid is not None), min(elapsed or wait, 2 * wait))
        cost = rows[-1].seconds + AROUND
        # A sample that was slow once (the machine was busy) counts a tenth.
        wait = 0.9 * wait + 0.1 * min(max(INTERVAL, cost / SHARE), LONGEST_INTERVAL)
        progress("watching", int(now - start), int(end - start))
        time.sleep(max(0.0, min(now + wait, end) - time.monotonic()))


def _differences(before: Iterable[Query], after: Iterable[Query]) -> list[Query]:
    """What was counted in between, of each query and user."""
    known = {_key(query): query for query in before}
    found = []
    for query in after:
        if any(mark in query.text for mark in OWN):
            continue
        earlier = known.get(_key(query))
        if earlier is None or earlier.calls > query.calls:  # new, or counted anew
            change = query
        else:
            change = _difference(earlier, query)
        if change.calls:
            found.append(change)
    return found


def _key(query: Query) -> tuple[object, ...]:
    """What a function runs is counted apart from the same query that a client sends."""
    return query.query_id, query.user, query.text, query.total_seconds is None


def _difference(earlier: Query, query: Query) -> Query:
    calls = query.calls - earlier.calls
    total = _minus(query.total_seconds, earlier.total_seconds)
    mean = None if total is None or not calls else total / calls
    squares = _squares(query) - _squares(earlier)
    spread = None if mean is None else sqrt(max(0.0, squares / calls - mean * mean))
    return replace(
        query,
        calls=calls,
        total_seconds=total,
        mean_seconds=mean,
        stddev_seconds=spread,
        rows=_count(query.rows, earlier.rows),
        shared_blocks_hit=_count(query.shared_blocks_hit, earlier.shared_blocks_hit),
        shared_blocks_read=_count(query.shared_blocks_read, earlier.shared_blocks_read),
        temporary_blocks=_count(query.temporary_blocks, earlier.temporary_blocks),
    )


def _squares(query: Query) -> float:
    """The sum of the squared times."""
    return query.calls * ((query.stddev_seconds or 0.0) ** 2 + (query.mean_seconds or 0.0) ** 2)


def _minus(after: float | None, before: float | None) -> float | None:
    return None if after is None else max(0.0, after - (before or 0.0))


def _count(after: int | None, before: int | None) -> int | None:
    return None if after is None else max(0, after - (before or 0))


def _joined(exact: Iterable[Query], seen: Iterable[Query]) -> tuple[Query, ...]:
    """The exact figures with what samples show besides; then what was seen and not counted."""
    by_id = {query.query_id: query for query in seen if query.query_id is not None}
    by_name = {query.fingerprint: query for query in seen}
    found: list[Query] = []
    used: set[str] = set()
    for query in exact:
        named = _named(query)
        sample = by_name.get(named.fingerprint)
        if query.query_id is not None:
            sample = by_id.get(query.query_id, sample)
        if sample is None:
            found.append(named)
            continue
        used.add(sample.fingerprint)
        found.append(
            replace(
                named,
                example=sample.example,
                users=sample.users,
                applications=sample.applications,
                max_seconds=sample.max_seconds,
                first_seen=sample.first_seen,
                last_seen=sample.last_seen,
            )
        )
    found += [query for query in by_name.values() if query.fingerprint not in used]
    return tuple(sorted(found, key=lambda q: (-(q.total_seconds or 0.0), -q.calls, q.text)))


def _named(query: Query) -> Query:
    """With its fingerprint; a text that the parser does not take stays without."""
    try:
        return replace(query, fingerprint=fingerprint(query.text))
    except SyntaxProblem:
        return query


def _skip(session: Session, samples: ActivitySamples) -> None:
    if samples.hidden:
        session.skip(
            "watch.restricted",
            "the statements of other users are hidden from this user",
            f"GRANT pg_monitor TO {quote(session.connection.info.user)}",
        )
    if samples.cut:
        session.skip(
            "watch.cut",
            f"{len(samples.cut):,} statements are longer than track_activity_query_size shows",
            "ALTER SYSTEM SET track_activity_query_size = '16kB' (needs a restart)",
            sorted(samples.cut)[:10],
        )
    for text, reason in sorted(samples.refused.items())[:10]:
        session.skip("watch.statements", f"a statement does not parse: {reason}", "", (text,))
