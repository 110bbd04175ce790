"""Statements around a change of type that only make room for it: they move into its moment.

A view over the column has to go before its type changes, and comes again after; so has a default of
the old type. In a plan that takes hours they must not be away for hours: they go and come in the
exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbwright.migrate.plan.dollars import dollars
from dbwright.migrate.plan.move import Manner, Move
from dbwright.migrate.plan.move import Sequence as Safe
from dbwright.migrate.plan.passed import passed, way_back
from dbwright.migrate.plan.situation import Situation

__all__ = ["gathered"]

LEAVES = frozenset(("OBJECT_VIEW", "OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"))
COMES = frozenset(
    ("ViewStmt", "CreateTrigStmt", "CreatePolicyStmt", "RuleStmt", "GrantStmt", "CommentStmt")
)
PUBLICATION = "AlterPublicationStmt"
FILLED = "CreateTableAsStmt"
BEGIN, END = "\nBEGIN\n", "\nEND\n"
Found = tuple[Situation, Safe | None]


def gathered(found: Sequence[Found]) -> list[Found]:
    """The same, with each change of type and what makes room for it as one."""
    result: list[Found] = []
    pending = list(found)
    while pending:
        situation, sequence = pending.pop(0)
        if sequence is None or not _exchanges(sequence):
            result.append((situation, sequence))
            continue
        then = _plain(pending)
        before: list[Situation] = []
        while result and _is_plain(result[-1]) and _leaves(result[-1][0], then):
            before.insert(0, result.pop()[0])
        after: list[Situation] = []
        while before and pending and _is_plain(pending[0]) and _comes(pending[0][0], before):
            after.append(pending.pop(0)[0])
        result.append((situation, _with(sequence, before, after)))
    return result


def _plain(found: Sequence[Found]) -> list[Situation]:
    """Those that come next and stay as they are."""
    rest = next((n for n, one in enumerate(found) if not _is_plain(one)), len(found))
    return [situation for situation, _ in found[:rest]]


def _is_plain(found: Found) -> bool:
    """A drop waits for no deployment here: what goes comes again."""
    return found[1] is None


def _leaves(situation: Situation, then: Sequence[Situation]) -> bool:
    if situation.kind == PUBLICATION:
        return any(one.kind == PUBLICATION for one in then)
    if situation.kind == "DropStmt" and situation.node.get("removeType") in LEAVES:
        return True
    gone = situation.objects_that_go
    return bool(gone) and any(not gone.isdisjoint(one.objects_that_come) for one in then)


def _comes(situation: Situation, before: Sequence[Situation]) -> bool:
    if situation.kind in COMES:
        return True
    if situation.kind == PUBLICATION:
        return any(one.kind == PUBLICATION for one in before)
    come = situation.objects_that_come
    if any(not come.isdisjoint(one.objects_that_go) for one in before):
        return True
    return situation.kind == "IndexStmt"  # of a view that comes: others have a form of their own


def _exchanges(sequence: Safe) -> bool:
    return any(move.words.startswith("exchange ") for move in sequence.moves)


def _with(sequence: Safe, before: Sequence[Situation], after: Sequence[Situation]) -> Safe:
    if not before and not after:
        return sequence
    filled = next((n for n, one in enumerate(after) if one.kind == FILLED), len(after))
    if filled == len(after):
        return replace(sequence, moves=_around(sequence, before, after))
    # It is filled behind the moment, for that takes its time.
    views = [one for one in before if not _is_materialized(one)]
    away = [passed(one) for one in before if _is_materialized(one)]
    again = [replace(passed(one), manner=Manner.LONG, table="") for one in after[filled:]]
    moves: list[Move] = []
    for move in _around(sequence, views, after[:filled]):
        exchanges = move.words.startswith("exchange ")
        moves += [*away, move, *again] if exchanges else [move]
    names = ", ".join(sorted(name for one in before for name in one.names_of_views_that_go))
    told = (
        f"{names} is away from the moment of the exchange until it is filled again: deploy an "
        "application that does without it before"
    )
    return replace(sequence, moves=tuple(moves), left=(*sequence.left, told))


def _is_materialized(situation: Situation) -> bool:
    return bool(situation.names_of_views_that_go)


def _around(
    sequence: Safe, before: Sequence[Situation], after: Sequence[Situation]
) -> tuple[Move, ...]:
    if not before and not after:
        return sequence.moves
    return tuple(
        _widened(move, before, after) if move.words.startswith("exchange ") else move
        for move in sequence.moves
    )


def _widened(move: Move, before: Sequence[Situation], after: Sequence[Situation]) -> Move:
    """Both blocks with what goes first and what comes last in them."""
    up = _block(
        move.up[-1], [one.statement.text for one in before], [one.statement.text for one in after]
    )
    gone = [text for one in reversed(after) for text in way_back(one)[0]]
    again = [text for one in reversed(before) for text in way_back(one)[0]]
    down = _block(move.down[-1], gone, again)
    return replace(move, up=(*move.up[:-1], up), down=(*move.down[:-1], down), verbatim=True)


def _block(block: str, first: Sequence[str], last: Sequence[str]) -> str:
    head, _, rest = block.partition(BEGIN)
    body, _, tail = rest.rpartition(END)
    lines = [*(f"  {text};" for text in first), body, *(f"  {text};" for text in last)]
    steps = "\n".join(lines)
    tag = dollars("exchange", steps)
    return f"{head.replace(tail, tag, 1)}{BEGIN}{steps}{END}{tag}"
