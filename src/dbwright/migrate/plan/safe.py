"""The safe way of one statement, by whichever form knows it."""

from __future__ import annotations

from functools import cache

from dbwright.discovery import declared_in
from dbwright.migrate.plan import steps
from dbwright.migrate.plan.apart import parts_of
from dbwright.migrate.plan.move import Form, Move, Sequence
from dbwright.migrate.plan.situation import SMALL_BYTES, Situation
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

__all__ = ["all_forms", "safe", "sequence_of"]


def safe(
    statement: JudgedStatement,
    file: JudgedMigration,
    run: JudgedRun,
    *,
    small: int = SMALL_BYTES,
) -> Sequence | None:
    """What to do instead of a statement; None where it is safe as it is.

    `file` is the database around it: the nearer `before` and `after` are to the statement, the
    more is known. Of a statement with several commands each has its safe way, one after the other,
    and those that are safe stay as they are.
    """
    if statement.effects.refusal is not None:
        return None
    found: list[tuple[JudgedStatement, Sequence | None]] = []
    for part in parts_of(statement):
        found.append((part, sequence_of(Situation(part, file, run, small))))
    if all(sequence is None for _, sequence in found):
        return None
    return _joined(found)


def sequence_of(situation: Situation) -> Sequence | None:
    """Of a statement with one command."""
    for form in all_forms():
        found = form.plan(situation)
        if found is not None:
            return found
    return None


@cache
def all_forms() -> tuple[Form, ...]:
    """In the order of their files' names; no statement is of two of them."""
    return tuple(declared_in(steps, Form))


def _joined(found: list[tuple[JudgedStatement, Sequence | None]]) -> Sequence:
    moves: list[Move] = []
    differs: list[str] = []
    left: list[str] = []
    for part, sequence in found:
        if sequence is None:
            moves.append(Move("As it is.", (part.text,)))
            continue
        moves += sequence.moves
        differs += sequence.differs
        left += sequence.left
    return Sequence(tuple(moves), tuple(differs), tuple(left))
