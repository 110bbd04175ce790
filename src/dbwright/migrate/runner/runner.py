"""Runs one migration after another on one database.

A file is one transaction, with the row of its history in it: it is there whole or not at all. One
that must run outside (`-- no-transaction`) goes statement by statement; each that can is a
transaction of its own with the count of those done, and of the others it is written down before
they begin, so that a cut at any point is seen and can be gone on from.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.errors import ActiveSqlTransaction, InvalidTransactionTermination

from dbwright.errors import BadMigration, ConnectionLost, HalfDone, Interrupted, MigrationRefused
from dbwright.migrate.files.python_file import PythonPart
from dbwright.migrate.history.table import History
from dbwright.migrate.runner.patience import LOCK_PROBLEMS, Patience, with_patience
from dbwright.migrate.runner.unfinished import Rest, rest_of
from dbwright.migrate.runner.watcher import Watcher
from dbwright.model.migration import Applied, Migration, MigrationState, ScriptStatement
from dbwright.progress import Progress

__all__ = ["CutOff", "Ran", "Runner", "Work"]

ALONE = (ActiveSqlTransaction, InvalidTransactionTermination)
"""How the server refuses a statement that must run outside of a transaction block."""


class CutOff(StrEnum):
    """What a person says of a statement that was cut off and left no trace."""

    DONE = "done"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Work:
    """One direction of one migration."""

    migration: Migration
    direction: str
    """`up` or `down`."""
    statements: tuple[ScriptStatement, ...]
    whole: bool
    """In one transaction?"""
    patience: Patience
    function: PythonPart | None = None
    """Called in place of the one statement, where the file is Python."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What was run."""

    migration: Migration
    direction: str
    seconds: float
    statements: int
    resumed_at: int = 0
    """How many of them an earlier run had done."""


class Runner:
    """Over one connection in autocommit, which holds the turn."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        history: History,
        watcher: Watcher,
        progress: Progress,
        cut_off: CutOff | None = None,
    ) -> None:
        self._connection = connection
        self._cut_off = cut_off
        self._began = 0.0
        self._history = history
        self._watcher = watcher
        self._progress = progress

    def run(self, work: Work, before: Applied | None) -> Ran:
        """Run it, or go on with it; `before`: what the history has of it.

        Raises MigrationRefused (nothing of it was left), HalfDone, Interrupted, BadMigration,
        ConnectionLost.
        """
        began = self._began = time.monotonic()
        try:
            resumed = self._whole(work) if work.whole else self._stepwise(work, before)
        except psycopg.Error as problem:
            raise self._lost(work, problem) from None
        seconds = time.monotonic() - began
        # What a file sets for its session is its own.
        self._connection.execute("RESET ALL; RESET ROLE")
        return Ran(work.migration, work.direction, seconds, len(work.statements), resumed)

    def _whole(self, work: Work) -> int:
        current: ScriptStatement | None = None

        def attempt() -> None:
            nonlocal current
            with self._connection.transaction():
                self._limits(work.patience)
                for number, current in enumerate(work.statements):
                    self._tell(work, number)
                    self._execute(work, current)
                current = None
                self._put(work, **self._ended(work))

        try:
            self._patiently(attempt, work)
        except psycopg.Error as problem:
            if self._connection.closed or current is None:
                raise
            self._note_failure(work, current, problem, done=0)
            raise self._stopped(work, current, problem, done=0) from None
        except KeyboardInterrupt:
            raise Interrupted(
                f"interrupted: nothing of {work.migration} was changed", "run it again"
            ) from None
        return 0

    def _stepwise(self, work: Work, before: Applied | None) -> int:
        first = self._resumed_at(work, before)
        begun = before.statement if before is not None and first == before.statements_done else ""
        for number in range(first, len(work.statements)):
            self._tell(work, number)
            try:
                self._step(work, number, begun if number == first else "")
            except psycopg.Error as problem:
                if self._connection.closed:
                    raise
                statement = work.statements[number]
                self._note_failure(work, statement, problem, done=number)
                raise self._stopped(work, statement, problem, done=number) from None
            except KeyboardInterrupt:
                raise HalfDone(
                    f"interrupted in {work.migration}, after {number} of {len(work.statements)} "
                    "statements",
                    "run it again: it goes on from there",
                ) from None
        self._put(work, **self._ended(work))
        return first

    def _step(self, work: Work, number: int, begun: str) -> None:
        statement = work.statements[number]
        if begun == statement.text:
            self._finish(work, number)
            return

        def attempt() -> None:
            with self._connection.transaction():
                self._limits(work.patience)
                self._execute(work, statement)
                self._put(work, **_at(work, number + 1))

        if work.function is not None:  # its transactions are its own
            self._alone(work, number)
            return
        try:
            self._patiently(attempt, work)
        except ALONE:
            self._alone(work, number)

    def _alone(self, work: Work, number: int) -> None:
        """Written down before and after: the time between is what `_finish` looks into.

        Without lock_timeout: it holds for the wait for old snapshots too, and would leave an
        invalid index because of a reader of another table.
        """
        statement = work.statements[number]
        self._put(work, **_at(work, number, begun=statement.text))

        def attempt() -> None:
            try:
                self._connection.execute("SET lock_timeout = 0")
                self._execute(work, statement)
            except psycopg.Error as problem:
                if not self._connection.closed:
                    self._clear_away(statement, problem)
                raise

        self._patiently(attempt, work)
        self._put(work, **_at(work, number + 1))

    def _finish(self, work: Work, number: int) -> None:
        """A statement that was begun, and of which nobody knows whether it ended."""
        statement = work.statements[number]
        rest = rest_of(self._connection, statement.text)
        if not rest.known and self._cut_off is None:
            raise HalfDone(
                f"{_place(work, statement)}: it was begun and cut off, and nothing tells whether "
                "it ended",
                "look whether it took effect, then run it with --cut-off done or --cut-off again",
            )
        if not rest.known:
            rest = Rest(again=self._cut_off is CutOff.AGAIN, note=f"it is {self._cut_off}")
        self._progress(f"{work.migration}: statement {number + 1} was cut off; {rest.note}")
        for clearing in rest.first:
            self._connection.execute(clearing.encode())
        if rest.again:
            self._alone(work, number)
        else:
            self._put(work, **_at(work, number + 1))

    def _clear_away(self, statement: ScriptStatement, problem: psycopg.Error) -> None:
        """An index that could not be built to its end costs writes and serves nobody."""
        rest = rest_of(self._connection, statement.text)
        for clearing in rest.first if rest.known and rest.again else ():
            self._connection.execute(clearing.encode())

    def _resumed_at(self, work: Work, before: Applied | None) -> int:
        if before is None or not before.state.is_half_done or before.direction != work.direction:
            return 0
        done = before.statements_done
        if before.done_checksum != _checksum(work.statements[:done]):
            raise BadMigration(
                f"{work.migration.path}: its first {done} statements were run, and have changed "
                "since",
                "put them back as they were; those after them may change",
            )
        return done

    def _patiently(self, attempt: Callable[[], None], work: Work) -> None:
        with_patience(attempt, work.patience, self._watcher.blockers, self._progress)

    def _execute(self, work: Work, statement: ScriptStatement) -> None:
        if work.function is None:
            self._connection.execute(statement.text.encode())
            return
        try:
            work.function(self._connection)
        except psycopg.Error:
            raise
        except Exception as problem:  # whatever somebody's function raises
            raise MigrationRefused(
                f"{_place(work, statement)}: {type(problem).__name__}: {problem}",
                "mend it and run again" + (": nothing of it was changed" if work.whole else ""),
            ) from problem

    def _limits(self, patience: Patience) -> None:
        for name, seconds in (
            ("lock_timeout", patience.lock_timeout),
            ("statement_timeout", patience.statement_timeout),
        ):
            self._connection.execute(f"SET LOCAL {name} = {round(seconds * 1000)}")

    def _ended(self, work: Work) -> dict[str, object]:
        now = datetime.now(UTC)
        ended = {
            **_at(work, len(work.statements)),
            "execution_time_ms": round((time.monotonic() - self._began) * 1000),
        }
        if work.direction == "up":
            state = MigrationState.APPLIED
            return {**ended, "state": state, "executed_at": now, "rolled_back": False}
        state = MigrationState.ROLLED_BACK
        return {**ended, "state": state, "rolled_back": True, "rolled_back_at": now}

    def _tell(self, work: Work, number: int) -> None:
        words = " ".join(work.statements[number].text.split())[:60]
        self._progress(f"{work.migration}: {words}", number, len(work.statements))

    def _put(self, work: Work, **values: object) -> None:
        self._history.put(work.migration, values)

    def _note_failure(
        self, work: Work, statement: ScriptStatement, problem: psycopg.Error, done: int
    ) -> None:
        """In the history, which is no part of what failed."""
        values: dict[str, object] = {}
        if done or work.direction == "up":
            values = {**_at(work, done), "state": MigrationState.FAILED}
        # What was not taken back at all is there as before.
        self._put(work, **{**values, "error": _refusal(work, statement, problem)})

    def _stopped(
        self, work: Work, statement: ScriptStatement, problem: psycopg.Error, done: int
    ) -> HalfDone | MigrationRefused:
        message = _refusal(work, statement, problem)
        mend = "mend it"
        if isinstance(problem, LOCK_PROBLEMS):
            who = self._watcher.blockers()
            message += f", {1 + work.patience.retries} times" + (who and f"; in its way: {who}")
            mend = "wait for those in its way, or end them,"
        if done == 0:
            return MigrationRefused(message, f"nothing of it was changed: {mend} and run again")
        return HalfDone(
            message,
            f"{done} of {len(work.statements)} statements are done: {mend} and run again, it goes "
            "on from there",
        )

    def _lost(self, work: Work, problem: psycopg.Error) -> ConnectionLost:
        words = str(problem).strip().splitlines()[0]
        return ConnectionLost(
            f"the connection broke in {work.migration}: {words}",
            "run it again: the history tells what was done, and it goes on from there",
        )


def _at(work: Work, done: int, begun: str = "") -> dict[str, object]:
    """The columns of a migration of which so many statements are done."""
    return {
        "state": MigrationState.RUNNING,
        "direction": work.direction,
        "statements_done": done,
        "done_checksum": _checksum(work.statements[:done]),
        "statement": begun,
        "error": "",
    }


def _checksum(statements: Iterable[ScriptStatement]) -> str:
    texts = [statement.text for statement in statements]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest() if texts else ""


def _refusal(work: Work, statement: ScriptStatement, problem: psycopg.Error) -> str:
    said = problem.diag
    hint = f" ({said.message_hint})" if said.message_hint else ""
    return f"{_place(work, statement)}: {said.message_primary or problem}{hint}"


def _place(work: Work, statement: ScriptStatement) -> str:
    return f"{work.migration.path}, line {statement.line}"
