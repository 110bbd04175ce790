"""Statements around a change of type that only make room for it: they move into its moment.

A view over the column has to go before its type changes, and comes again after. In a plan that
takes hours the view must not be away for hours: it goes and comes in the exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbwright.migrate.plan.move import Move
from dbwright.migrate.plan.move import Sequence as Safe
from dbwright.migrate.plan.passed import way_back
from dbwright.migrate.plan.situation import Situation

__all__ = ["gathered"]

LEAVES = frozenset(("OBJECT_VIEW", "OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"))
COMES = frozenset(
    ("ViewStmt", "CreateTrigStmt", "CreatePolicyStmt", "RuleStmt", "GrantStmt", "CommentStmt")
)
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
        before: list[Situation] = []
        while result and result[-1][1] is None and _leaves(result[-1][0]):
            before.insert(0, result.pop()[0])
        after: list[Situation] = []
        while pending and pending[0][1] is None and pending[0][0].kind in COMES and before:
            after.append(pending.pop(0)[0])
        result.append((situation, _with(sequence, before, after)))
    return result


def _leaves(situation: Situation) -> bool:
    return situation.kind == "DropStmt" and situation.node.get("removeType") in LEAVES


def _exchanges(sequence: Safe) -> bool:
    return any(move.words.startswith("exchange ") for move in sequence.moves)


def _with(sequence: Safe, before: Sequence[Situation], after: Sequence[Situation]) -> Safe:
    if not before and not after:
        return sequence
    return replace(
        sequence,
        moves=tuple(
            _widened(move, before, after) if move.words.startswith("exchange ") else move
            for move in sequence.moves
        ),
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
    return head + BEGIN + "\n".join(lines) + END + tail
