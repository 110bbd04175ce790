"""Cursors of psycopg 3 that record what they execute.

`execute` is written out, for each of its instructions is paid for by every statement of the
application; the rarer ways (executemany, stream, copy) share what they can.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from functools import partial
from types import CodeType
from typing import TYPE_CHECKING, Any

from dbwright.capture.call_site import APPLICATION
from dbwright.capture.notes import IDLE, Counted, Notes, rows_of_sets
from dbwright.capture.recorder import BATCH, SLOW, Recorder, clock
from dbwright.capture.totals import FAILED

if TYPE_CHECKING:
    import psycopg

__all__ = ["async_cursor_factory", "cursor_factory"]


def cursor_factory(
    recorder: Recorder, base: type[psycopg.Cursor[Any]] | None = None
) -> type[psycopg.Cursor[Any]]:
    """A cursor class for `psycopg.connect(…, cursor_factory=…)` or a pool's `kwargs`.

    base: the class that it does its work with, where that is not `psycopg.Cursor`.
    """
    import psycopg

    parent: Any = psycopg.Cursor if base is None else base
    notes = Notes(recorder, converts=not issubclass(parent, psycopg.RawCursor))
    note, begin = notes.note, notes.begin
    find, kinds = recorder.places.find, recorder.places.kinds
    converts, getframe, gate = notes.converts, sys._getframe, recorder.gate
    pending, append, send = recorder.pending, recorder.pending.append, _sender(parent.execute)
    # Others may have put something of theirs in its place.
    short_cut = getattr(psycopg.Connection.execute, "__code__", None)

    class RecordingCursor(parent):  # type: ignore[misc]
        __slots__ = ()

        def execute(
            self, query: Any, params: Any = None, *, prepare: Any = None, binary: Any = None
        ) -> Any:
            if gate.closed:
                gate.passed += 1
                return send(self, query, params, prepare, binary)
            try:  # as `begin` does it, past properties
                connection = self._conn
                session = connection.dbwright_session
                if not connection._autocommit and connection.pgconn.transaction_status == IDLE:
                    session.transaction += 1
            except AttributeError:
                session = begin(self.connection)
            started = clock()
            try:
                found = send(self, query, params, prepare, binary)
            except BaseException:
                note(self, query, params, session, started, FAILED, getframe(1))
                raise
            seconds = clock() - started
            try:
                frame = getframe(1)
                if frame.f_code is short_cut and frame.f_back is not None:
                    frame = frame.f_back
                code: CodeType | None = frame.f_code
                if kinds.get(frame.f_code.co_filename) == APPLICATION:
                    instruction = frame.f_lasti
                else:
                    code, instruction = find(frame)
                append((
                    query if type(query) is str else notes.text(self, query),
                    converts and params is not None,
                    code, instruction, started, seconds, self._rowcount,
                    session, session.transaction, params,
                ))  # fmt: skip
                if len(pending) >= BATCH or seconds > SLOW:
                    recorder.drain(started + seconds)
            except Exception as problem:
                recorder.trouble(problem)
            return found

        def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
            sets = Counted.of(params_seq)
            rows = partial(rows_of_sets, self, bool(options.get("returning")))
            with notes.noting(self, query, None, getframe(1), rows=rows, batch=sets):
                super().executemany(query, sets, **options)

        def stream(self, query: Any, params: Any = None, **options: Any) -> Iterator[Any]:
            rows = 0
            with notes.noting(self, query, params, getframe(1), rows=lambda: rows):
                for row in super().stream(query, params, **options):
                    rows += 1
                    yield row

        @contextmanager
        def copy(self, statement: Any, params: Any = None, **options: Any) -> Iterator[Any]:
            with (
                notes.noting(self, statement, params, getframe(1)),
                super().copy(statement, params, **options) as copy,
            ):
                yield copy

    if not hasattr(parent, "_rowcount"):  # where psycopg keeps what its property tells
        RecordingCursor._rowcount = parent.rowcount
    _attach(recorder, RecordingCursor)
    return RecordingCursor


def async_cursor_factory(
    recorder: Recorder, base: type[psycopg.AsyncCursor[Any]] | None = None
) -> type[psycopg.AsyncCursor[Any]]:
    """As `cursor_factory`, for `psycopg.AsyncConnection.connect(…, cursor_factory=…)`."""
    import psycopg

    parent: Any = psycopg.AsyncCursor if base is None else base
    notes = Notes(recorder, converts=not issubclass(parent, psycopg.AsyncRawCursor))
    getframe, gate, send = sys._getframe, recorder.gate, _sender(parent.execute)

    async def record(cursor: Any, query: Any, params: Any, prepare: Any, binary: Any) -> Any:
        session = notes.begin(cursor.connection)
        started = clock()
        try:
            found = await send(cursor, query, params, prepare, binary)
        except BaseException:
            notes.note(cursor, query, params, session, started, FAILED, getframe(1))
            raise
        notes.note(cursor, query, params, session, started, None, getframe(1))
        return found

    class AsyncRecordingCursor(parent):  # type: ignore[misc]
        __slots__ = ()

        @_coroutine_function
        def execute(
            self, query: Any, params: Any = None, *, prepare: Any = None, binary: Any = None
        ) -> Any:
            # No coroutine of its own around the driver's where nothing is recorded.
            if gate.closed:
                gate.passed += 1
                return send(self, query, params, prepare, binary)
            return record(self, query, params, prepare, binary)

        async def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
            sets = Counted.of(params_seq)
            rows = partial(rows_of_sets, self, bool(options.get("returning")))
            with notes.noting(self, query, None, getframe(1), rows=rows, batch=sets):
                await super().executemany(query, sets, **options)

        async def stream(
            self, query: Any, params: Any = None, **options: Any
        ) -> AsyncIterator[Any]:
            rows = 0
            with notes.noting(self, query, params, getframe(1), rows=lambda: rows):
                # Closed with this one, not some time later.
                async with aclosing(super().stream(query, params, **options)) as found:
                    async for row in found:
                        rows += 1
                        yield row

        @asynccontextmanager
        async def copy(
            self, statement: Any, params: Any = None, **options: Any
        ) -> AsyncIterator[Any]:
            with notes.noting(self, statement, params, getframe(1)):
                async with super().copy(statement, params, **options) as copy:
                    yield copy

    _attach(recorder, AsyncRecordingCursor)
    return AsyncRecordingCursor


def _sender(execute: Any) -> Callable[[Any, Any, Any, Any, Any], Any]:
    """Calls a driver's `execute` with those options alone that are given: not every cursor has
    both, and without any it is quicker."""

    def send(cursor: Any, query: Any, params: Any, prepare: Any, binary: Any) -> Any:
        if prepare is None and binary is None:
            return execute(cursor, query, params)
        given = {"prepare": prepare, "binary": binary}
        options = {name: value for name, value in given.items() if value is not None}
        return execute(cursor, query, params, **options)

    return send


def _coroutine_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Tell those who ask (frameworks do) that what it returns is to be awaited."""
    import asyncio  # slow to import, and there where it is needed
    import inspect

    if sys.version_info >= (3, 12):
        return inspect.markcoroutinefunction(function)
    function._is_coroutine = asyncio.coroutines._is_coroutine  # type: ignore[attr-defined]
    return function


def _attach(recorder: Recorder, cursor: Any) -> None:
    """The class's own `execute` is there until recording ends: from then on it costs nothing."""
    execute = vars(cursor)["execute"]

    def on() -> None:
        cursor.execute = execute

    def off() -> None:
        if "execute" in vars(cursor):
            del cursor.execute

    off()
    recorder.attach(on, off)
