"""Runs one migration after another on one database.

A file is one transaction, with the row of its history in it: it is there whole or not at all. One
that must run outside (`-- no-transaction`) goes statement by statement; each that can is a
transaction of its own with the count of those done, and of the others it is written down before
they begin, so that a cut at any point is seen and can be gone on from.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from dbwright.errors import (
    BadMigration,
    ConnectionLost,
    DbwrightError,
    HalfDone,
    Interrupted,
    MigrationRefused,
)
from dbwright.migrate.backfill.backfill import Backfill
from dbwright.migrate.backfill.going_on import going_on
from dbwright.migrate.history.table import History
from dbwright.migrate.history.turn import Turn
from dbwright.migrate.runner.alone import Alone
from dbwright.migrate.runner.patience import Patience, with_patience
from dbwright.migrate.runner.refusal import (
    ALONE,
    interrupted,
    primary,
    refusal,
    stopped,
)
from dbwright.migrate.runner.secrets import told
from dbwright.migrate.runner.session import afresh, limit, settings_again
from dbwright.migrate.runner.statement import Execute, StatementProblem, execute
from dbwright.migrate.runner.temporary import require_temporary
from dbwright.migrate.runner.watcher import Watcher
from dbwright.migrate.runner.work import (
    Checksums,
    CutOff,
    Ran,
    Work,
    as_before,
    columns_at,
    columns_ended,
    place_of,
    require_same_way,
)
from dbwright.model.batches import BatchMark
from dbwright.model.migration import Applied, MigrationState, ScriptStatement
from dbwright.progress import Progress

__all__ = ["Runner"]

REFUSALS = (psycopg.Error, StatementProblem)
"""The server's, and those of this side."""


class Runner:
    """Over one connection in autocommit, which holds the turn."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        history: History,
        turn: Turn,
        watcher: Watcher,
        progress: Progress,
        cut_off: CutOff | None = None,
        execute: Execute = execute,
    ) -> None:
        """`execute`: how a statement is handed to the server, for who wants to look at each."""
        self._connection = connection
        self._execute = execute
        self._cut_off = cut_off
        self._began = 0.0
        self._checksums = Checksums(())
        self._history = history
        self._mark: BatchMark | None = None
        self._ran_alone = False
        self._turn = turn
        self._watcher = watcher
        self._progress = progress

    def run(self, work: Work, before: Applied | None) -> Ran:
        """Run it, or go on with it; `before`: what the history has of it.

        Raises MigrationRefused (nothing of it was left), HalfDone, Interrupted, BadMigration,
        ConnectionLost, AnotherRunner.
        """
        began = self._began = time.monotonic()
        self._checksums = Checksums(work.statements)
        self._mark = None
        self._ran_alone = False
        require_same_way(work, before)
        try:
            resumed = self._whole(work, before) if work.whole else self._stepwise(work, before)
            seconds = time.monotonic() - began
            afresh(self._connection)
        except psycopg.Error as problem:
            raise self._broken(work, problem) from None
        except KeyboardInterrupt:  # between statements
            raise HalfDone(
                f"interrupted at {work.migration}",
                "run it again: the history tells what was done, and it goes on from there",
            ) from None
        return Ran(work.migration, work.direction, seconds, len(work.statements), resumed)

    def _whole(self, work: Work, before: Applied | None) -> int:
        current: ScriptStatement | None = None

        def attempt(patience: Patience) -> None:
            nonlocal current
            with self._connection.transaction():
                self._turn.keep()
                limit(self._connection, patience)
                for number, current in enumerate(work.statements):
                    self._tell(work, number)
                    self._execute(self._connection, work, current)
                current = None
                self._put(work, **self._ended(work))

        try:
            with_patience(attempt, work.patience, self._watcher, self._progress)
        except KeyboardInterrupt:
            raise Interrupted(
                f"interrupted: nothing of {work.migration} was changed", "run it again"
            ) from None
        except REFUSALS as problem:
            raise self._refused(work, current, problem, 0, before) from problem
        return 0

    def _stepwise(self, work: Work, before: Applied | None) -> int:
        first = self._resumed_at(work, before)
        mark = (
            None if first == len(work.statements) else going_on(work, first, before, self._cut_off)
        )
        settings_again(self._connection, work.statements[:first])
        done, rest = work.statements[:first], work.statements[first:]
        require_temporary(self._connection, work.migration.path, done, rest)
        begun = ""
        if before is not None and before.state is MigrationState.RUNNING:
            begun = before.statement if first == before.statements_done else ""
        if begun and begun not in (told(one.text) for one in rest[:1]):
            self._alone(work, ScriptStatement(begun, 1)).clear_up()
        for number in range(first, len(work.statements)):
            self._tell(work, number)
            self._mark = mark if number == first else None
            try:
                self._step(work, number, begun if number == first else "")
            except MigrationRefused as problem:  # before it began
                self._note(work, number, problem.message, before)
                raise
            except KeyboardInterrupt:
                partly = self._is_partly_done(work, work.statements[number])
                raise interrupted(work, number, self._mark, partly=partly) from None
            except REFUSALS as problem:
                statement = work.statements[number]
                raise self._refused(work, statement, problem, number, before) from problem
        self._put(work, **self._ended(work))
        return first

    def _step(self, work: Work, number: int, begun: str) -> None:
        statement = work.statements[number]
        self._ran_alone = False
        self._turn.keep()
        if begun and begun == told(statement.text):
            if self._alone(work, statement).finish(self._cut_off):
                self._run_alone(work, number)
            else:
                self._put(work, **columns_at(work, self._checksums, number + 1))
            return

        if number in work.in_batches:
            self._in_batches(work, number)
            return

        def attempt(patience: Patience) -> None:
            with self._connection.transaction():
                limit(self._connection, patience)
                self._execute(self._connection, work, statement)
                self._put(work, **columns_at(work, self._checksums, number + 1))

        if work.function is not None:  # its transactions are its own
            self._run_alone(work, number)
            return
        try:
            with_patience(attempt, work.patience, self._watcher, self._progress)
        except ALONE:
            self._run_alone(work, number)

    def _in_batches(self, work: Work, number: int) -> None:
        statement = work.statements[number]

        def write(mark: BatchMark) -> None:
            self._put(work, **columns_at(work, self._checksums, number), batches=mark.to_json())

        backfill = Backfill(
            work,
            number,
            self._connection,
            self._watcher,
            self._progress,
            lambda text: self._execute(self._connection, work, replace(statement, text=text)),
            write,
            self._turn.keep,
            self._mark,
        )
        try:
            backfill.run()
        finally:
            self._mark = backfill.mark
        self._put(work, **columns_at(work, self._checksums, number + 1), batches="")

    def _run_alone(self, work: Work, number: int) -> None:
        """Written down before and after: the time between is what `Alone.finish` looks into."""
        statement = work.statements[number]
        self._ran_alone = True
        self._put(work, **columns_at(work, self._checksums, number, begun=statement.text))
        self._alone(work, statement).run(lambda: self._execute(self._connection, work, statement))
        self._put(work, **columns_at(work, self._checksums, number + 1))

    def _alone(self, work: Work, statement: ScriptStatement) -> Alone:
        return Alone(
            self._connection,
            statement.text,
            place_of(work, statement),
            work.patience,
            self._watcher,
            self._progress,
        )

    def _is_partly_done(self, work: Work, statement: ScriptStatement) -> bool:
        """May what was cut off have committed some of what it does?"""
        return self._ran_alone and not self._alone(work, statement).is_known

    def _resumed_at(self, work: Work, before: Applied | None) -> int:
        if before is None or not before.state.is_half_done or before.direction != work.direction:
            return 0
        done = before.statements_done
        if done > len(work.statements) or before.done_checksum != self._checksums.of(done):
            raise BadMigration(
                f"{work.migration.path}: its first {done} statements were run, and have changed "
                "since",
                "put them back as they were; those after them may change",
            )
        return done

    def _tell(self, work: Work, number: int) -> None:
        words = " ".join(told(work.statements[number].text[:1000]).split())[:60]
        self._progress(f"{work.migration}: {words}", number, len(work.statements))

    def _ended(self, work: Work) -> dict[str, object]:
        return columns_ended(work, self._checksums, time.monotonic() - self._began)

    def _put(self, work: Work, **values: object) -> None:
        self._history.put(work.migration, values)

    def _refused(
        self,
        work: Work,
        statement: ScriptStatement | None,
        problem: Exception,
        done: int,
        before: Applied | None,
    ) -> DbwrightError:
        """Noted in the history, which is no part of what failed; the error to raise."""
        if self._connection.closed:
            return self._broken(work, problem)
        message = refusal(work, statement, problem, self._mark)
        # A server's error in a transaction takes all of it back; what ran alone may have committed.
        partly = isinstance(problem, StatementProblem) and problem.committed
        if statement is not None and self._ran_alone:
            partly = self._is_partly_done(work, statement)
        begun = statement.text if statement is not None and partly else ""
        message += self._note(work, done, message, before, begun)
        blockers = self._watcher.blockers()
        return stopped(work, message, problem, done, blockers, self._mark, partly=partly)

    def _note(
        self, work: Work, done: int, message: str, before: Applied | None, begun: str = ""
    ) -> str:
        """Write the failure down. Empty, or why that could not be: a full disk refuses it too."""
        values: dict[str, object] = {
            **columns_at(work, self._checksums, done, begun),
            "state": MigrationState.FAILED,
        }
        nothing = not done and not begun and not (self._mark and self._mark.batches)
        if work.direction == "down" and nothing and before is not None:
            values = as_before(before)  # nothing was taken back
        try:
            if self._connection.info.transaction_status is not TransactionStatus.IDLE:
                self._connection.execute("ROLLBACK")
            self._put(work, **{**values, "error": message})
        except psycopg.Error as problem:
            return f"; and the history could not be written: {primary(problem)}"
        return ""

    def _broken(self, work: Work, problem: Exception) -> DbwrightError:
        """Between statements, or with no connection any more."""
        again = "run it again: the history tells what was done, and it goes on from there"
        if self._connection.closed:
            message = f"the connection broke in {work.migration}: {primary(problem)}"
            return ConnectionLost(message, again)
        return HalfDone(f"{work.migration}: {primary(problem)}", f"mend it, and {again}")
