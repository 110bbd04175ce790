"""What a recorder adds up: each statement's figures, and what followed what.

Bounded: so many statements, so many characters of their texts, so many transactions. Not locked:
the recorder does that.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from types import CodeType
from typing import Any

from dbwright.capture.call_site import site_of
from dbwright.capture.placeholders import numbered, shown
from dbwright.capture.sequences import Sequences, Session
from dbwright.capture.statements import COMPACT_AT, COMPACT_EACH_AT, EXAMPLES, Statement, used

__all__ = ["FAILED", "Batch", "Event", "Totals"]

FAILED = -2
"""In the place of the rows of a statement that failed; -1: the driver can't tell."""

LONGEST_TEXT = 200_000
"""Characters; of a longer statement the beginning is kept, to say that it was there."""

KEPT_OF_LONGEST = 1000

MOST_TEXT = 32_000_000
"""Characters of all statements together that are kept in memory."""

Event = tuple[str, bool, CodeType | None, int, float, float, int, Session, int, Any]
"""text, has it placeholders of Python, code, instruction, started, seconds, rows, session,
transaction, values or `Batch` or None."""

Key = tuple[str, int, int]


class Batch(int):
    """How many sets of values one call sent."""


class Totals:
    """Sums since they were last taken."""

    def __init__(
        self, most_statements: int, values: bool, trouble: Callable[[Exception], None]
    ) -> None:
        self.full = False
        """Is there no room for a statement that was not seen before?"""
        self.lost = 0
        """Calls for which there was none."""
        self.sequences = Sequences()
        self._most_statements = most_statements
        self._values = values
        self._trouble = trouble
        self._statements: dict[Key, Statement] = {}
        self._numbers = count(1)
        self._characters = 0
        self._since_compacted = 0

    def __len__(self) -> int:
        return len(self._statements)

    def add(self, events: list[Event]) -> None:
        """Add what was noted."""
        statements = self._statements
        follow, keeps = self.sequences.add, self._values
        statement: Statement | None = None
        text_before, code_before, instruction_before = "", None, -1
        for (
            text, placed, code, instruction, started, seconds, rows, session, number, more,
        ) in events:  # fmt: skip
            if (  # in a loop it mostly is the one before
                statement is None
                or text is not text_before
                or instruction != instruction_before
                or code is not code_before
            ):
                statement = statements.get((text, id(code), instruction))
                if statement is None:
                    statement = self._new(text, placed, code, instruction)
                    if statement is None:
                        self.lost += 1
                        continue
                text_before, code_before, instruction_before = text, code, instruction
                if not statement.first:
                    statement.first = started
            statement.last = started
            times = statement.times
            times.append(seconds)
            if len(times) >= COMPACT_EACH_AT:
                statement.compact()
            if rows >= 0:
                statement.rows += rows
                statement.rows_known = True
            elif rows == FAILED:
                statement.errors += 1
            if more is not None:
                if type(more) is Batch:
                    statement.batches += 1
                    statement.sets += more
                    more = None
                elif keeps:
                    self._add_example(statement, more)
            follow(session, number, statement, started, seconds, rows, more)
        self._since_compacted += len(events)
        if self._since_compacted >= COMPACT_AT:
            self._since_compacted = 0
            used(self._statements.values())

    def _new(
        self, text: str, placed: bool, code: CodeType | None, instruction: int
    ) -> Statement | None:
        """An entry for a statement that was not seen before; None where there is no room."""
        cut = len(text) if len(text) > LONGEST_TEXT else 0
        kept = text[:KEPT_OF_LONGEST] if cut else text
        key = (kept, id(code), instruction)
        if cut and key in self._statements:
            return self._statements[key]
        if len(self._statements) >= self._most_statements or self._characters > MOST_TEXT:
            self.full = True
            return None
        self._characters += len(kept)
        sent, names = numbered(kept) if placed else (kept, ())
        found = Statement(next(self._numbers), sent, names, site_of(code, instruction), code, cut)
        self._statements[key] = found
        return found

    def _add_example(self, statement: Statement, more: Any) -> None:
        seen = statement.calls + len(statement.times)
        if len(statement.examples) < EXAMPLES and not seen & (seen - 1):  # 1, 2, 4, 8 …
            try:
                values = shown(more, statement.names)
            except Exception as problem:  # a value's own __str__
                self._trouble(problem)
                return
            if values is not None:
                statement.examples.append(values)

    def take(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[Statement]]:
        """The lines of calls, the lines of sequences, and the statements that they are of; what
        is taken begins anew."""
        statements = used(self._statements.values())
        calls = [each.figures() for each in statements]
        for each in statements:
            each.clear()
        known = set(statements)
        sequences = []
        for line, steps in self.sequences.sampled:
            known.update(step.statement for step in steps)
            sequences.append({**line, "steps": [step.line() for step in steps]})
        if self.full:
            self._statements, self._characters, self.full = {}, 0, False
        return calls, sequences, sorted(known, key=lambda each: each.number)
