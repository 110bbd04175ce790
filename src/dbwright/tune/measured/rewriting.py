"""A query and another way to write it, run by turns on a copy with all rows."""

from __future__ import annotations

import time
from types import TracebackType

from dbwright.model.measured import MeasuredRewrite
from dbwright.sandbox.copy.copy import Copy
from dbwright.tune.measured.answers import same_answers
from dbwright.tune.measured.runs import Limits, NotRun, pair
from dbwright.tune.measured.stage import Stage, State

__all__ = ["RewriteRuns"]


class RewriteRuns:
    """A session on the copy in which rewrites are timed, for at most so many seconds in all."""

    def __init__(self, copy: Copy, *, seconds: float, statement_seconds: float) -> None:
        """Raises psycopg.Error where the copy's server can't be used."""
        self._connection = copy.connect()
        self._connection.prepare_threshold = None
        self._stage = Stage(copy, self._connection)
        self._limits = Limits(statement_seconds, time.monotonic() + seconds)

    def __enter__(self) -> RewriteRuns:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def timed(self, original: str, rewritten: str) -> MeasuredRewrite | None:
        """Both ways to write a query that only reads; None where it can't be run, or no time is
        left. Raises psycopg.OperationalError where the copy's server is gone."""
        if self._limits.over:
            return None
        now = State()
        try:
            before, after = pair(self._stage, original, now, now, self._limits, rewritten=rewritten)
        except NotRun:
            return None
        same = same_answers(
            self._stage,
            original,
            self._stage.copy.snapshot.catalog,
            now,
            now,
            self._limits,
            rewritten=rewritten,
        )
        return MeasuredRewrite(before, after, same.equal, same.note)
