"""What the sync and the async cursors of psycopg share. Nothing in it raises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from types import FrameType
from typing import Any

from dbwright.capture.call_site import Place
from dbwright.capture.recorder import BATCH, SLOW, Recorder, clock
from dbwright.capture.sequences import Session
from dbwright.capture.totals import FAILED, Batch

__all__ = ["IDLE", "Counted", "Notes", "rows_of_sets"]

IDLE = 0
"""psycopg.pq.TransactionStatus.IDLE"""


class Notes:
    """Puts statements down."""

    def __init__(self, recorder: Recorder, converts: bool) -> None:
        self.recorder = recorder
        self.converts = converts
        """Does the cursor make `$1` of `%s`?"""

    def begin(self, connection: Any) -> Session:
        """The connection's session, told whether a transaction begins with this statement."""
        try:
            session: Session = connection.dbwright_session
        except AttributeError:
            session = connection.dbwright_session = self.recorder.new_session()
        if connection.pgconn.transaction_status == IDLE and not connection.autocommit:
            session.transaction += 1
        return session

    def text(self, cursor: Any, query: Any) -> str:
        """Of a query that is no str: bytes, a composed one, a template string."""
        if isinstance(query, bytes):
            return query.decode(errors="replace")
        if hasattr(query, "as_string"):
            return str(query.as_string(cursor))
        return str(query)

    def note(
        self,
        cursor: Any,
        query: Any,
        params: Any,
        session: Session,
        started: float,
        rows: int | None,
        frame: FrameType,
    ) -> None:
        """Put one statement down; its rows are the cursor's where they are None."""
        seconds = clock() - started
        try:
            self._append(
                cursor, query, params is not None, self.recorder.places.find(frame), started,
                seconds, cursor.rowcount if rows is None else rows, session, params,
            )  # fmt: skip
        except Exception as problem:
            self.recorder.trouble(problem)

    @contextmanager
    def noting(
        self,
        cursor: Any,
        query: Any,
        params: Any,
        frame: FrameType,
        *,
        rows: Callable[[], int] | None = None,
        batch: Sized | None = None,
    ) -> Iterator[None]:
        """Put down what happens in the block."""
        gate = self.recorder.gate
        if gate.closed or self.recorder.stopped:
            gate.passed += 1
            yield
            return
        place = self.recorder.places.find(frame)
        session = self.begin(cursor.connection)
        found, started = FAILED, clock()
        try:
            yield
            found = cursor.rowcount if rows is None else rows()
        except GeneratorExit:  # the application has seen enough
            found = -1 if rows is None else rows()
            raise
        finally:
            seconds = clock() - started
            try:
                self._append(
                    cursor, query, params is not None or batch is not None, place, started,
                    seconds, found, session, params if batch is None else Batch(len(batch)),
                )  # fmt: skip
            except Exception as problem:
                self.recorder.trouble(problem)

    def _append(
        self, cursor: Any, query: Any, placed: bool, place: Place, started: float,
        seconds: float, rows: int, session: Session, more: Any,
    ) -> None:  # fmt: skip
        text = query if type(query) is str else self.text(cursor, query)
        code, instruction = place
        number = session.transaction
        self.recorder.pending.append((
            text, self.converts and placed, code, instruction, started, seconds, rows,
            session, number, more,
        ))  # fmt: skip
        if len(self.recorder.pending) >= BATCH or seconds > SLOW:
            self.recorder.drain(started + seconds)


def rows_of_sets(cursor: Any, returning: bool) -> int:
    """The rows of all sets of values together; -1 where they are not known (yet)."""
    if returning:  # the cursor stands on the first set's rows, and counts those alone
        results = getattr(cursor, "_results", None)
        return -1 if results is None else sum(each.command_tuples or 0 for each in results)
    if cursor.connection.pgconn.pipeline_status:  # answers come later
        return -1
    return int(cursor.rowcount)


class Counted:
    """Sets of values that say how many of them were taken."""

    def __init__(self, sets: Iterable[Any]) -> None:
        self._sets = sets
        self._taken = 0

    @classmethod
    def of(cls, sets: Iterable[Any]) -> Any:
        """The sets themselves where they know their number."""
        return sets if isinstance(sets, Sized) else cls(sets)

    def __iter__(self) -> Iterator[Any]:
        for each in self._sets:
            self._taken += 1
            yield each

    def __len__(self) -> int:
        return self._taken
