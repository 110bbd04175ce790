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

    __slots__ = ("changed", "hashes", "rows", "seconds", "source", "statement", "times", "varying")

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.times = 0
        self.seconds = 0.0
        self.rows = 0
        self.changed = 0
        """Calls, from the third one on, whose values are others than the call's before."""
        self.varying: set[int] = set()
        """The numbers of the parameters that changed."""
        self.hashes: tuple[int, ...] | None = None
        """Of the values of the last call; the values themselves are not kept."""
        self.source = 0

    def add(self, seconds: float, rows: int, values: Any) -> None:
        """Another call."""
        self.times += 1
        self.seconds += seconds
        if rows > 0:
            self.rows += rows
        if self.times > 1 and values:  # most statements stand alone: theirs are not looked at
            self._compare(values)

    def _compare(self, values: Any) -> None:
        before, source = self.hashes, self.source
        self.source = 0 if type(values) is tuple else id(values)
        try:
            ordered = values if type(values) is tuple else in_order(values, self.statement.names)
            self.hashes = tuple(map(hash, ordered))
        except (TypeError, KeyError):
            self.hashes = None
        if before is None or self.hashes is None or (source and source == self.source):
            # What can't be told (an application may fill one list again and again) counts as
            # changed: nothing is claimed of it.
            self.changed += self.times > 2
            return
        if before != self.hashes:
            self.changed += 1
            if len(self.varying) < len(self.hashes):  # else all of them are known to vary
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

    __slots__ = ("began", "begun", "ended", "left_out", "number", "open", "steps", "transaction")

    def __init__(self, number: int) -> None:
        self.number = number
        self.transaction = 0
        """Counted by whoever sees transactions begin; 0 where each statement is its own."""
        self.begun = 0
        """Transactions, where the driver begins others between them that are none (autocommit)."""
        self.open = -1
        """The transaction that the steps are of."""
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
        if not steps:
            self._begin(session, transaction, started)
        elif session.open != transaction or started - session.ended > PAUSE:
            self._finish(session)
            self._begin(session, transaction, started)
            steps = session.steps
        session.ended = started + seconds
        if not steps or steps[-1].statement is not statement:
            if len(steps) >= MOST_STEPS:
                session.left_out += 1
                return
            steps.append(Step(statement))
        steps[-1].add(seconds, rows, values)

    def finish(self, before: float) -> None:
        """End those that had no statement since."""
        for session in [each for each in self._running if each.ended < before]:
            self._finish(session)
            self._running.discard(session)

    def _begin(self, session: Session, transaction: int, started: float) -> None:
        session.open = transaction
        session.began = started
        self._running.add(session)

    def _finish(self, session: Session) -> None:
        steps, session.steps = session.steps, []
        left_out, session.left_out = session.left_out, 0
        alone = len(steps) == 1 and steps[0].times == 1
        if session.open:
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
