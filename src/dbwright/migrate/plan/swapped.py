"""Two names that change hands once a table's rows are copied: in one moment, and with the trigger
that kept the copy in step gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbwright.migrate.plan.move import Move
from dbwright.migrate.plan.move import Sequence as Safe
from dbwright.migrate.plan.passed import way_back
from dbwright.migrate.plan.situation import Situation

__all__ = ["swapped"]

Found = tuple[Situation, Safe | None]


def swapped(found: Sequence[Found]) -> list[Found]:
    """The same, with the renames behind a copy as one move."""
    result = list(found)
    for place, (_, sequence) in enumerate(found):
        if sequence is None or not sequence.moves[0].words.startswith("mirror "):
            continue
        mirror = sequence.moves[0]
        away = next(
            (
                number
                for number in range(place + 1, len(found) - 1)
                if _is_rename(found[number][0], mirror.table) and _is_rename(found[number + 1][0])
            ),
            None,
        )
        if away is None:
            told = f"nothing takes the place of {mirror.table}: its rows are copied for ever"
            result[place] = (found[place][0], replace(sequence, left=(told,)))
            continue
        first, second = found[away][0], found[away + 1][0]
        result[away] = (first, _swap(mirror, first, second))
        del result[away + 1]
        return result
    return result


def _is_rename(situation: Situation, table: str | None = None) -> bool:
    if situation.kind != "RenameStmt" or situation.node.get("renameType") != "OBJECT_TABLE":
        return False
    found = situation.named(situation.node["relation"])
    return table is None or (found is not None and found.qualified == table)


def _swap(mirror: Move, first: Situation, second: Situation) -> Safe:
    back = (*way_back(second)[0], *way_back(first)[0])
    move = Move(
        "The copy takes the name, and the trigger has done its work: others see the one table, or "
        "the other.",
        (
            f"LOCK TABLE {mirror.table} IN ACCESS EXCLUSIVE MODE",
            *mirror.down,
            first.statement.text,
            second.statement.text,
        ),
        (*back, *mirror.up),
        table=mirror.table,
        words=f"swap {mirror.words.removeprefix('mirror ')}",
        lost="what was written since",
        verbatim=True,
    )
    return Safe((move,))
