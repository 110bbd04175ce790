"""Cursors of psycopg 3 that record what they execute.

`execute` is written out, for each of its instructions is paid for by every statement of the
application; the rarer ways (executemany, stream, copy) share what they can.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterable, Iterator
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
    note, find, kinds = notes.note, recorder.places.find, recorder.places.kinds
    converts, getframe = notes.converts, sys._getframe
    pending, append, parent_execute = recorder.pending, recorder.pending.append, parent.execute

    def send(cursor: Any, query: Any, params: Any, prepare: Any, binary: Any) -> None:
        """With those options alone that are given: not every cursor has both."""
        given = {"prepare": prepare, "binary": binary}
        options = {name: value for name, value in given.items() if value is not None}
        parent_execute(cursor, query, params, **options)

    class RecordingCursor(parent):  # type: ignore[misc]
        __slots__ = ()

        def execute(
            self, query: Any, params: Any = None, *, prepare: Any = None, binary: Any = None
        ) -> Any:
            connection = self.connection
            try:
                session = connection.dbwright_session
            except AttributeError:
                session = connection.dbwright_session = recorder.new_session()
            if connection.pgconn.transaction_status == IDLE and not connection.autocommit:
                session.transaction += 1
            started = clock()
            try:
                if prepare is None and binary is None:
                    parent_execute(self, query, params)
                else:
                    send(self, query, params, prepare, binary)
            except BaseException:
                note(self, query, params, session, started, FAILED, getframe(1))
                raise
            seconds = clock() - started
            try:
                frame = getframe(1)
                code: CodeType | None = frame.f_code
                if kinds.get(frame.f_code.co_filename) == APPLICATION:
                    instruction = frame.f_lasti
                else:
                    code, instruction = find(frame)
                append((
                    query if type(query) is str else notes.text(self, query),
                    converts and params is not None,
                    code, instruction, started, seconds, self.rowcount,
                    session, session.transaction, params,
                ))  # fmt: skip
                if len(pending) >= BATCH or seconds > SLOW:
                    recorder.drain()
            except Exception as problem:
                recorder.trouble(problem)
            return self

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

    _attach(recorder, RecordingCursor)
    return RecordingCursor


def async_cursor_factory(
    recorder: Recorder, base: type[psycopg.AsyncCursor[Any]] | None = None
) -> type[psycopg.AsyncCursor[Any]]:
    """As `cursor_factory`, for `psycopg.AsyncConnection.connect(…, cursor_factory=…)`."""
    import psycopg

    parent: Any = psycopg.AsyncCursor if base is None else base
    notes = Notes(recorder, converts=not issubclass(parent, psycopg.AsyncRawCursor))
    getframe = sys._getframe

    class AsyncRecordingCursor(parent):  # type: ignore[misc]
        __slots__ = ()

        async def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            session = notes.begin(self.connection)
            started = clock()
            try:
                await super().execute(query, params, **options)
            except BaseException:
                notes.note(self, query, params, session, started, FAILED, getframe(1))
                raise
            notes.note(self, query, params, session, started, None, getframe(1))
            return self

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


def _attach(recorder: Recorder, cursor: Any) -> None:
    """The class's own `execute` is there only while it records: otherwise it costs nothing."""
    execute = vars(cursor)["execute"]

    def on() -> None:
        cursor.execute = execute

    def off() -> None:
        if "execute" in vars(cursor):
            del cursor.execute

    off()
    recorder.attach(on, off)
