"""What followed what: samples of the statements of one transaction, in order.

A statement that runs once for each row of another (N+1) shows in their order only. Each session's
statements are kept as steps, equal neighbours as one, until its transaction ends; of the finished
ones a fair sample is written, with the count of all.
"""

from __future__ import annotations

import random
from typing import Any

from dbwright.capture.placeholders import in_order
from dbwright.capture.statements import Statement

__all__ = ["PAUSE", "Sequences", "Session", "Step"]

MOST_STEPS = 500
"""Of one transaction; the rest of a longer one is only counted."""

PAUSE = 1.0
"""Seconds without a statement that part what one session asks (no transaction does it where each
statement is one of its own)."""

SAMPLE = 200
"""Transactions that are kept between two writings."""


class Step:
    """Calls of one statement, one right after the other, from one place."""

    __slots__ = (
        "changed", "hashed", "hashes", "rows", "seconds", "source", "statement", "times", "varying",
    )  # fmt: skip

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.times = 0
        self.seconds = 0.0
        self.rows = 0
        self.changed = 0
        """Calls, from the third one on, whose values are others than the call's before."""
        self.varying: set[int] = set()
        """The numbers of the parameters that changed."""
        self.hashed: int | None = None
        """Of the values of the last call together; the values themselves are not kept."""
        self.hashes: tuple[int, ...] | None = None
        """Of each of them, until all are known to vary."""
        self.source = 0

    def compare(self, values: Any) -> None:
        """What differs from the call before. Asked from the second call on: most statements stand
        alone, and the values of theirs are not looked at."""
        before, source = self.hashed, self.source
        is_tuple = type(values) is tuple
        self.source = 0 if is_tuple else id(values)
        try:
            ordered = values if is_tuple else tuple(in_order(values, self.statement.names))
            self.hashed = hash(ordered)
        except (TypeError, KeyError):
            self.hashed = self.hashes = None
        if before is None or self.hashed is None or (source and source == self.source):
            # What can't be told (an application may fill one list again and again) counts as
            # changed: nothing is claimed of it.
            self.changed += self.times > 2
            if self.hashed is not None:
                self.hashes = tuple(map(hash, ordered))
        elif before != self.hashed:
            self.changed += 1
            self._tell_which(ordered)

    def _tell_which(self, values: tuple[Any, ...]) -> None:
        if len(self.varying) >= len(values):  # all of them are known to vary
            return
        before, self.hashes = self.hashes or (), tuple(map(hash, values))
        pairs = zip(before, self.hashes, strict=False)
        self.varying.update(n for n, (one, other) in enumerate(pairs, 1) if one != other)

    def line(self) -> list[Any]:
        """As it is written."""
        return [
            self.statement.number, self.times, round(self.seconds, 9), self.rows, self.changed,
            sorted(self.varying),
        ]  # fmt: skip


class Session:
    """One connection as the application sees it."""

    __slots__ = (
        "began", "begun", "ended", "left_out", "number", "open", "steps", "tail", "transaction",
    )  # fmt: skip

    def __init__(self, number: int) -> None:
        self.number = number
        self.transaction = 0
        """Counted by whoever sees transactions begin; 0 where each statement is its own."""
        self.begun = 0
        """Transactions, where the driver begins others between them that are none (autocommit)."""
        self.open = -1
        """The transaction that the steps are of, or were."""
        self.tail = False
        """Are the steps not the first ones of their transaction?"""
        self.steps: list[Step] = []
        self.left_out = 0
        self.began = self.ended = 0.0


class Sequences:
    """The transactions that are under way, and the sample of those that ended."""

    def __init__(self) -> None:
        self._running: set[Session] = set()
        self._random = random.Random()  # of its own: the application's may be seeded
        self.clear()

    def clear(self) -> None:
        """Forget what has been written."""
        self.transactions = 0
        self.of_one_statement = 0
        self.longer = 0
        """Sequences of more than one statement, in a transaction or not."""
        self.sampled: list[tuple[dict[str, Any], list[Step]]] = []

    def add(
        self, session: Session, transaction: int, statement: Statement,
        started: float, seconds: float, rows: int, values: Any,
    ) -> None:  # fmt: skip
        """The next statement of a session."""
        steps = session.steps
        if steps and (session.open != transaction or started - session.ended > PAUSE):
            self._finish(session)
            steps = session.steps
        session.ended = started + seconds
        if steps:
            step = steps[-1]
            if step.statement is statement:  # as in a loop
                step.times += 1
                step.seconds += seconds
                if rows > 0:
                    step.rows += rows
                if values:
                    step.compare(values)
                return
            if len(steps) >= MOST_STEPS:
                session.left_out += 1
                return
        else:
            self._begin(session, transaction, started)
        step = Step(statement)
        step.times, step.seconds, step.rows = 1, seconds, max(rows, 0)
        steps.append(step)

    def cut(self) -> None:
        """Recording pauses, or goes on: what follows is not what followed.

        A part of a transaction counts as one where there is more than one statement of it.
        """
        for session in self._running:
            session.tail = True
            self._finish(session)
        self._running.clear()

    def finish(self, before: float) -> None:
        """End those that had no statement since."""
        for session in [each for each in self._running if each.ended < before]:
            self._finish(session)
            self._running.discard(session)

    def _begin(self, session: Session, transaction: int, started: float) -> None:
        session.tail = transaction == session.open
        session.open = transaction
        session.began = started
        self._running.add(session)

    def _finish(self, session: Session) -> None:
        steps, session.steps = session.steps, []
        left_out, session.left_out = session.left_out, 0
        alone = len(steps) == 1 and steps[0].times == 1
        if session.open and not (session.tail and alone):  # which is no transaction of one
            self.transactions += 1
            self.of_one_statement += alone
        if alone:
            return
        # Reservoir sampling: each has the same chance, however many come.
        self.longer += 1
        place = len(self.sampled)
        if place >= SAMPLE:
            place = self._random.randrange(self.longer)
            if place >= SAMPLE:
                return
        line: dict[str, Any] = {
            "kind": "sequence",
            "session": session.number,
            "transaction": session.open,
            "first": session.began,
            "last": session.ended,
        }
        if left_out:
            line["left_out"] = left_out
        self.sampled[place : place + 1] = [(line, steps)]
