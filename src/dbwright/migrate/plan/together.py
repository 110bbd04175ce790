"""What goes and comes again under its name, in one transaction as in the file: nobody is to find it
missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbwright.migrate.plan.move import Manner, Move
from dbwright.migrate.plan.move import Sequence as Safe
from dbwright.migrate.plan.passed import is_as_it_is, passed
from dbwright.migrate.plan.situation import Situation

__all__ = ["together"]

Found = tuple[Situation, Safe | None]


def together(found: Sequence[Found]) -> list[Found]:
    """The same, with statements that belong into one moment as one move."""
    result: list[Found] = []
    place = 0
    while place < len(found):
        last = _comes_again(found, place)
        if last == place:
            result.append(_told(found, place))
        else:
            result.append((found[place][0], _joined(found[place : last + 1])))
        place = last + 1
    return result


def _told(found: Sequence[Found], place: int) -> Found:
    """What is away for as long as what stands between takes."""
    situation, sequence = found[place]
    known = situation.known_meanwhile if is_as_it_is(found[place]) else ()
    again = {one.name for later, _ in found[place + 1 :] for one in later.objects_that_come}
    away = [str(one) for one in known if one.name in again]
    if not away:
        return situation, sequence
    told = (
        f"{', '.join(away)} is away from `{situation.short}` until it is made again: put both next "
        "to each other in the file"
    )
    safe = sequence or Safe((passed(situation),))
    return situation, replace(safe, left=(*safe.left, told))


def _comes_again(found: Sequence[Found], place: int) -> int:
    """Where all is there again that statements from this one on have taken away."""
    last, at = place, place
    while at <= last:
        situation, _ = found[at]
        if not is_as_it_is(found[at]):
            break
        gone = {one.name for one in situation.objects_that_go}
        for later in range(last + 1, len(found)) if gone else ():
            if any(one.name in gone for one in found[later][0].objects_that_come):
                last = later
        at += 1
    return last if _are_alike(found[place : last + 1]) else place


def _are_alike(some: Sequence[Found]) -> bool:
    """Can they share a transaction, and the settings of the file?"""
    first = [step.text for step in some[0][0].file.steps[:-1]]
    return all(
        is_as_it_is((one, sequence))
        and one.effects.transactional
        and [step.text for step in one.file.steps[:-1]] == first
        for one, sequence in some
    )


def _joined(some: Sequence[Found]) -> Safe:
    moves = [passed(one) for one, _ in some]
    lost = dict.fromkeys(move.lost for move in moves if move.lost)
    whole = replace(
        moves[0],
        note="In one moment, as it is: nobody finds it missing.",
        up=tuple(text for move in moves for text in move.up),
        down=tuple(text for move in reversed(moves) for text in move.down),
        manner=Manner.QUICK,
        lost="; ".join(lost),
    )
    left = (text for _, sequence in some if sequence is not None for text in sequence.left)
    return Safe((_named(whole, moves),), left=tuple(left))


def _named(whole: Move, moves: Sequence[Move]) -> Move:
    tables = dict.fromkeys(move.table for move in moves if move.table)
    return replace(whole, table=" and ".join(tables))
