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
    gone = [{one.name for one in situation.objects_that_go} for situation, _ in found]
    come = [{one.name for one in situation.objects_that_come} for situation, _ in found]
    place = 0
    while place < len(found):
        last = _comes_again(found, gone, come, place)
        if last == place:
            result.append(_told(found, come, place))
        else:
            result.append((found[place][0], _joined(found[place : last + 1])))
        place = last + 1
    return result


def _told(found: Sequence[Found], come: Sequence[set[str]], place: int) -> Found:
    """What is away for as long as what stands between takes."""
    situation, sequence = found[place]
    known = situation.known_meanwhile if is_as_it_is(found[place]) else ()
    again = set().union(*come[place + 1 :])
    away = [str(one) for one in known if one.name in again]
    if not away:
        return situation, sequence
    told = (
        f"{', '.join(away)} is away from `{situation.short}` until it is made again: put both next "
        "to each other in the file"
    )
    safe = sequence or Safe((passed(situation),))
    return situation, replace(safe, left=(*safe.left, told))


def _comes_again(
    found: Sequence[Found], gone: Sequence[set[str]], come: Sequence[set[str]], place: int
) -> int:
    """Where all is there again that statements from this one on have taken away."""
    last, at = place, place
    while at <= last:
        if not is_as_it_is(found[at]):
            break
        for later in range(last + 1, len(found)) if gone[at] else ():
            if not gone[at].isdisjoint(come[later]):
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
