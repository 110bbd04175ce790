"""Each statement of a run, looked at as it runs: its time, its locks, what it rewrites and writes.

Within a transaction the runner's own session is asked after each statement, as the judge does. What
runs outside of one is watched by another session meanwhile, from moment to moment: a lock that is
held for less than that is not seen.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from dbwright.migrate.runner.statement import execute
from dbwright.migrate.runner.work import Work
from dbwright.model.effects import Effects
from dbwright.model.finding import LockMode
from dbwright.model.migration import ScriptStatement
from dbwright.sandbox.judge.comparison import Seen, compared
from dbwright.sandbox.judge.relations import Relation, locked_by, relations, strongest
from dbwright.sql.lexer import significant

__all__ = ["Observed", "Observer"]

EVERY_SECONDS = 0.005
WRITTEN = "SELECT pg_current_wal_insert_lsn() - '0/0'"


@dataclass(frozen=True, slots=True)
class Observed:
    """One statement that ran to its end."""

    statement: ScriptStatement
    seconds: float
    effects: Effects
    wal_bytes: int
    """Of the whole server meanwhile."""

    def and_then(self, seconds: float, wal_bytes: int) -> Observed:
        """With another portion of the same statement; all of them lock the same."""
        return replace(self, seconds=self.seconds + seconds, wal_bytes=self.wal_bytes + wal_bytes)


class Observer:
    """Hands statements to the server as the runner would, and notes what they did."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._now: dict[int, Relation] = {}
        self._others: frozenset[int] = frozenset()
        self._seen: dict[ScriptStatement, Observed] = {}

    @property
    def seen(self) -> tuple[Observed, ...]:
        """In the order in which they ran (each once, as it ran last)."""
        return tuple(self._seen.values())

    def execute(
        self, connection: psycopg.Connection[Any], work: Work, statement: ScriptStatement
    ) -> None:
        """Raises as `statement.execute` does."""
        if connection.info.encoding != "utf-8":  # a file's own setting: names would be unreadable
            execute(connection, work, statement)
            return
        whole = _whole(work, statement)
        if whole is statement:  # tried again, it counts once
            self._seen.pop(whole, None)
        elif (before := self._seen.get(whole)) is not None:
            with _timed(connection) as figures:
                execute(connection, work, statement)
            self._seen[whole] = before.and_then(figures[0], round(figures[1]))
            return
        if connection.info.transaction_status is TransactionStatus.IDLE:
            self._outside(connection, work, statement)
        else:
            self._within(connection, work, statement)

    def _within(
        self, connection: psycopg.Connection[Any], work: Work, statement: ScriptStatement
    ) -> None:
        pid = _pid(connection)
        held = locked_by(connection, pid)
        if not held:  # its transaction has only begun
            self._now = relations(connection)
            self._others = frozenset(self._now)
        with _timed(connection) as figures:
            execute(connection, work, statement)
        locked = locked_by(connection, pid)
        taken = {oid: mode for oid, mode in locked.items() if held.get(oid) is not mode}
        # What changed is locked: the rest need not be looked at again.
        after = relations(connection, locked)
        gone = frozenset(locked.keys() - after.keys())
        self._note(_whole(work, statement), figures, after, gone, taken)
        self._now = {oid: one for oid, one in self._now.items() if oid not in gone} | after

    def _outside(
        self, connection: psycopg.Connection[Any], work: Work, statement: ScriptStatement
    ) -> None:
        self._now = relations(connection)
        self._others = frozenset(self._now)
        with (
            _Poll(self._url, _pid(connection)) as poll,
            _timed(connection) as figures,
        ):
            execute(connection, work, statement)
        after = relations(connection)
        gone = frozenset(self._now.keys() - after.keys())
        self._note(_whole(work, statement), figures, after, gone, poll.locks)

    def _note(
        self,
        statement: ScriptStatement,
        figures: list[float],
        after: Mapping[int, Relation],
        gone: frozenset[int],
        locks: Mapping[int, LockMode],
    ) -> None:
        first = next(significant(statement.text), None)
        emptying = first is not None and first.lower == "truncate"
        seen = Seen(self._now, after, gone, self._others, locks, (), emptying)
        effects = compared(statement.text, seen)
        self._seen[statement] = Observed(statement, figures[0], effects, round(figures[1]))


def _whole(work: Work, statement: ScriptStatement) -> ScriptStatement:
    """Of a portion, the statement of the file that it is a part of."""
    if not work.in_batches or statement in work.statements:
        return statement
    return next((one for one in work.statements if one.line == statement.line), statement)


@contextmanager
def _timed(connection: psycopg.Connection[Any]) -> Iterator[list[float]]:
    """Seconds and bytes of WAL, once the block has ended well."""
    figures: list[float] = []
    start = _written(connection)
    began = time.perf_counter()
    yield figures
    seconds = time.perf_counter() - began
    figures += [seconds, _written(connection) - start]


def _written(connection: psycopg.Connection[Any]) -> float:
    row = connection.execute(WRITTEN).fetchone()
    return 0.0 if row is None else float(row[0])


def _pid(connection: psycopg.Connection[Any]) -> int:
    return connection.info.backend_pid


class _Poll:
    """What a session locks while it works, seen by another one."""

    def __init__(self, url: str, pid: int) -> None:
        self.locks: dict[int, LockMode] = {}
        self._pid = pid
        self._done = threading.Event()
        self._connection = psycopg.connect(url, autocommit=True)
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Poll:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(5)
        self._connection.close()

    def _watch(self) -> None:
        while not self._done.wait(EVERY_SECONDS):
            try:
                found = locked_by(self._connection, self._pid)
            except psycopg.Error:
                return  # the server ends: who runs the statement says so
            for oid, mode in found.items():
                self.locks[oid] = strongest(self.locks.get(oid), mode)
