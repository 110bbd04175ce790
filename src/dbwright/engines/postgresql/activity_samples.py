"""What samples of pg_stat_activity say about queries.

A sample shows of each session the statement that it runs, or the last one that it ran: then also
for how long. A statement that is running in a share of the samples took that share of the time.
How often it was called is not seen, only how many different calls were: it is estimated from the
time in all and what one call takes, and is at least the number seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from statistics import fmean, pstdev

from dbwright.engines.postgresql.session import Row
from dbwright.model.workload import Query
from dbwright.sql.fingerprint import fingerprint, normalize
from dbwright.sql.parse import SyntaxProblem

__all__ = ["ActivitySamples"]

MOST_TIMES = 10_000
"""Durations that are kept of one query."""


@dataclass(slots=True)
class _Seen:
    """One query, as the samples show it."""

    text: str
    fingerprint: str
    query_id: int | None
    example: str
    running_seconds: float = 0.0
    executions: set[tuple[int, datetime]] = field(default_factory=set)
    """By process and start."""
    times: list[float] = field(default_factory=list)
    """Of the executions that were seen to have ended."""
    ended: set[tuple[int, datetime]] = field(default_factory=set)
    users: Counter[str] = field(default_factory=Counter)
    applications: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None


class ActivitySamples:
    """Adds samples up."""

    def __init__(self) -> None:
        self.count = 0
        self.hidden = False
        """Were there sessions whose statements this user may not see?"""
        self.cut: set[str] = set()
        """Beginnings of statements that are longer than the server shows."""
        self.refused: dict[str, str] = {}
        """Statements that do not parse, and why."""
        self._seen: dict[str, _Seen] = {}
        self._names: dict[str, str | None] = {}

    def add(self, rows: Iterable[Row], seconds: float) -> None:
        """One sample, and the seconds that it stands for."""
        self.count += 1
        for row in rows:
            if row.hidden:
                self.hidden = True
                continue
            name = self._name(row)
            if name is not None:
                self._note(self._of(name, row), row, seconds)

    def queries(self) -> list[Query]:
        """Estimates, the most expensive first."""
        found = [_query(seen) for seen in self._seen.values()]
        return sorted(found, key=lambda q: (-(q.total_seconds or 0.0), -q.calls, q.fingerprint))

    def _name(self, row: Row) -> str | None:
        """The fingerprint of a row's statement; None where it can't be had."""
        text = row.text
        if text not in self._names:
            self._names[text] = None
            if row.cut:
                self.cut.add(text[:80])
            else:
                try:
                    self._names[text] = fingerprint(text)
                except SyntaxProblem as problem:
                    self.refused[text[:80]] = problem.message
        return self._names[text]

    def _of(self, name: str, row: Row) -> _Seen:
        seen = self._seen.get(name)
        if seen is None:
            seen = _Seen(normalize(row.text), name, row.query_id, row.text)
            self._seen[name] = seen
        return seen

    def _note(self, seen: _Seen, row: Row, seconds: float) -> None:
        execution = (row.pid, row.started_at)
        new = execution not in seen.executions
        seen.executions.add(execution)
        seen.query_id = seen.query_id or row.query_id
        if row.active:
            seen.running_seconds += seconds
        elif execution not in seen.ended:
            seen.ended.add(execution)
            if len(seen.times) < MOST_TIMES:
                taken = (row.state_changed_at - row.started_at).total_seconds()
                seen.times.append(max(0.0, taken))
        if new:
            seen.users[row.user] += 1
            if row.application:
                seen.applications[row.application] += 1
            seen.first = min(seen.first or row.started_at, row.started_at)
            seen.last = max(seen.last or row.started_at, row.started_at)


def _query(seen: _Seen) -> Query:
    mean = fmean(seen.times) if seen.times else None
    executions = len(seen.executions)
    # A statement that is too short to be met while it runs has at least the time that was seen.
    total = max(seen.running_seconds, sum(seen.times))
    calls = max(executions, round(total / mean)) if mean else executions
    return Query(
        text=seen.text,
        fingerprint=seen.fingerprint,
        query_id=seen.query_id,
        calls=calls,
        total_seconds=total,
        mean_seconds=total / calls,
        stddev_seconds=pstdev(seen.times) if len(seen.times) > 1 else None,
        max_seconds=max(seen.times, default=None),
        user=seen.users.most_common(1)[0][0],
        users=tuple(user for user, _ in seen.users.most_common()),
        applications=tuple(name for name, _ in seen.applications.most_common()),
        example=seen.example,
        first_seen=seen.first,
        last_seen=seen.last,
    )
