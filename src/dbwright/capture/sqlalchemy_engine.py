"""Recording what SQLAlchemy's engines send: 1.4 and 2.x, sync and async, whatever the driver.

It stands in the dialect's own `do_execute` and its kin, the last step before the driver. Events
(`before_cursor_execute` …) would cost each statement of the engine about four microseconds for the
event system alone, which is more than all of the recording; and a `do_execute` event would keep
later listeners from being called.
"""

from __future__ import annotations

import sys
from typing import Any

from dbwright.capture.recorder import BATCH, SLOW, Recorder, clock
from dbwright.capture.sequences import Session
from dbwright.capture.totals import FAILED, Batch

__all__ = ["sqlalchemy"]

CONVERTED = frozenset({"format", "pyformat"})
"""Styles of placeholders that the driver makes `$1` of."""

SESSION = "dbwright"
"""Where a connection's own dictionary holds its session."""

METHODS = ("do_begin", "do_execute", "do_execute_no_params", "do_executemany")


def sqlalchemy(engine: Any, recorder: Recorder) -> None:
    """Record what an `Engine` or `AsyncEngine` sends, until `recorder.stop()`."""
    dialect = engine.dialect
    listener = _Listener(recorder, dialect)
    ours = {name: getattr(listener, name) for name in METHODS}

    def on() -> None:
        for name in METHODS:  # others may stand there as well: they are called
            listener.before[name] = getattr(dialect, name)
            setattr(dialect, name, ours[name])

    def off() -> None:
        for name in METHODS:
            if vars(dialect).get(name) is ours[name]:  # else somebody stands before us
                setattr(dialect, name, listener.before[name])

    recorder.attach(on, off)


class _Listener:
    """What stands in for the dialect's methods. It raises nothing of its own."""

    def __init__(self, recorder: Recorder, dialect: Any) -> None:
        self.before: dict[str, Any] = {}
        """What stood there."""
        self._recorder = recorder
        self._gate = recorder.gate
        self._placed = dialect.paramstyle in CONVERTED
        self._find = recorder.places.find
        self._append = recorder.pending.append

    def do_begin(self, dbapi_connection: Any) -> None:
        """A transaction begins, as SQLAlchemy sees it: with autocommit there is none."""
        try:
            session = self._session(dbapi_connection)
            if session is not None:
                session.begun += 1
                alone = getattr(dbapi_connection, "autocommit", False) is True
                session.transaction = 0 if alone else session.begun
                if self._gate.closed:  # what comes after the pause is not its beginning
                    session.open = session.transaction
        except Exception as problem:
            self._recorder.trouble(problem)
        self.before["do_begin"](dbapi_connection)

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """One statement, with one set of values."""
        if self._gate.closed:
            self._gate.passed += context is not None
            self.before["do_execute"](cursor, statement, parameters, context)
            return
        started = clock()
        try:
            self.before["do_execute"](cursor, statement, parameters, context)
        except BaseException:
            self._note(cursor, statement, None, context, started, FAILED)
            raise
        self._note(cursor, statement, parameters, context, started)

    def do_execute_no_params(self, cursor: Any, statement: str, context: Any = None) -> None:
        """One statement without values."""
        if self._gate.closed:
            self._gate.passed += context is not None
            self.before["do_execute_no_params"](cursor, statement, context)
            return
        started = clock()
        try:
            self.before["do_execute_no_params"](cursor, statement, context)
        except BaseException:
            self._note(cursor, statement, None, context, started, FAILED)
            raise
        self._note(cursor, statement, None, context, started)

    def do_executemany(
        self, cursor: Any, statement: str, parameters: Any, context: Any = None
    ) -> None:
        """One statement with many sets of values."""
        if self._gate.closed:
            self._gate.passed += context is not None
            self.before["do_executemany"](cursor, statement, parameters, context)
            return
        started, sets = clock(), Batch(len(parameters))
        try:
            self.before["do_executemany"](cursor, statement, parameters, context)
        except BaseException:
            self._note(cursor, statement, sets, context, started, FAILED)
            raise
        self._note(cursor, statement, sets, context, started)

    def _note(
        self,
        cursor: Any,
        text: str,
        more: Any,
        context: Any,
        started: float,
        rows: int | None = None,
    ) -> None:
        seconds = clock() - started
        recorder = self._recorder
        if recorder.stopped or context is None:  # none for the dialect's own first questions
            return
        try:
            session = self._session(context.root_connection)
            if session is None:
                return
            code, instruction = self._find(sys._getframe(2))
            self._append((
                text, self._placed, code, instruction, started, seconds,
                cursor.rowcount if rows is None else rows, session, session.transaction, more,
            ))  # fmt: skip
            if len(recorder.pending) >= BATCH or seconds > SLOW:
                recorder.drain(started + seconds)
        except Exception as problem:
            recorder.trouble(problem)

    def _session(self, connection: Any) -> Session | None:
        """The session of a connection; None where SQLAlchemy asks the server who it is, on a
        first connection that is not the pool's yet."""
        try:
            own = connection.info  # lives as long as the driver's connection
            session: Session | None = own.get(SESSION)
        except (NotImplementedError, AttributeError):
            return None
        if session is None:
            session = own[SESSION] = self._recorder.new_session()
        return session
