"""Statements around a change of type that only make room for it: they move into its moment.

A view over the column has to go before its type changes, and comes again after; so has a default of
the old type. In a plan that takes hours they must not be away for hours: they go and come in the
exchange.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dbwright.migrate.plan.dollars import dollars
from dbwright.migrate.plan.enum_rebuilt import is_type_renamed, with_types
from dbwright.migrate.plan.move import Manner, Move
from dbwright.migrate.plan.move import Sequence as Safe
from dbwright.migrate.plan.passed import passed, way_back
from dbwright.migrate.plan.situation import Situation

__all__ = ["gathered"]

LEAVES = frozenset(("OBJECT_VIEW", "OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"))
COMES = frozenset(
    ("ViewStmt", "CreateTrigStmt", "CreatePolicyStmt", "RuleStmt", "GrantStmt", "CommentStmt")
)
SWITCHES = (
    *("AT_EnableTrig", "AT_EnableAlwaysTrig", "AT_EnableReplicaTrig", "AT_DisableTrig"),
    *("AT_EnableRule", "AT_EnableAlwaysRule", "AT_EnableReplicaRule", "AT_DisableRule"),
)
"""Of triggers and rules that come: those of the table that stay are not switched in such a file."""
VIEWS = frozenset(("OBJECT_VIEW", "OBJECT_MATVIEW"))
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
        while pending and _is_plain(pending[0]) and is_type_renamed(pending[0][0]):
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
    if situation.kind in COMES or situation.command(*SWITCHES) is not None:
        return True
    if situation.kind == "AlterTableStmt" and situation.node.get("objtype") in VIEWS:
        return True
    if situation.kind == PUBLICATION:
        return any(one.kind == PUBLICATION for one in before)
    come = situation.objects_that_come
    if any(not come.isdisjoint(one.objects_that_go) for one in before):
        return True
    return situation.kind == "IndexStmt"  # of a view that comes: others have a form of their own


def _exchanges(sequence: Safe) -> bool:
    return any(_is_moment(move) for move in sequence.moves)


def _is_moment(move: Move) -> bool:
    """Is it where the type changes: two columns change places, or the rows stay as they are?"""
    return _is_exchange(move) or (move.words.startswith("type ") and not move.verbatim)


def _is_exchange(move: Move) -> bool:
    return move.words.startswith("exchange ")


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
        moves += [*away, move, *again] if _is_moment(move) else [move]
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
    moves: list[Move] = []
    renamed: dict[str, dict[str, str]] = {}
    for move in sequence.moves:
        if _is_moment(move):
            move = _widened(move, before, after)
            renamed = _renamed_types(after)
        moves.append(_called(move, renamed))
    return tuple(moves)


def _renamed_types(after: Sequence[Situation]) -> dict[str, dict[str, str]]:
    """By schema, the names of types from the moment of the exchange on."""
    names: dict[str, dict[str, str]] = {}
    for one in after:
        if is_type_renamed(one):
            *schema, name = [item["String"]["sval"] for item in one.node["object"]["List"]["items"]]
            # Written by `rebuilt`, which names the schema; of others no text speaks.
            names.setdefault("".join(schema), {})[name] = one.node["newname"]
    return names


def _called(move: Move, renamed: Mapping[str, Mapping[str, str]]) -> Move:
    """Its way back with the names that types have when it is run: up to the exchange's own."""
    if not renamed or not move.down:
        return move
    border = _place(move.down) if _is_exchange(move) else len(move.down)
    down = list(move.down)
    for schema, names in renamed.items():
        down[:border] = [with_types(text, names, schema) or text for text in down[:border]]
    return replace(move, down=tuple(down))


def _widened(move: Move, before: Sequence[Situation], after: Sequence[Situation]) -> Move:
    """Both blocks with what goes first and what comes last in them."""
    up = [one.statement.text for one in before], [one.statement.text for one in after]
    gone = [text for one in reversed(after) for text in way_back(one)[0]]
    again = [text for one in reversed(before) for text in way_back(one)[0]]
    if not _is_exchange(move):
        whole = (*up[0], *move.up, *up[1]), (*gone, *move.down, *again)
        return replace(move, up=whole[0], down=whole[1], verbatim=True)
    return replace(move, up=_all(move.up, *up), down=_all(move.down, gone, again), verbatim=True)


def _all(texts: Sequence[str], first: Sequence[str], last: Sequence[str]) -> tuple[str, ...]:
    """The statements with the block among them widened; what is proven after it stays there."""
    at = _place(texts)
    return (*texts[:at], _block(texts[at], first, last), *texts[at + 1 :])


def _place(texts: Sequence[str]) -> int:
    """Where the block is."""
    return max(number for number, text in enumerate(texts) if text.startswith("DO $exchange"))


def _block(block: str, first: Sequence[str], last: Sequence[str]) -> str:
    head, _, rest = block.partition(BEGIN)
    body, _, tail = rest.rpartition(END)
    lines = [*(f"  {text};" for text in first), body, *(f"  {text};" for text in last)]
    steps = "\n".join(lines)
    tag = dollars("exchange", steps)
    return f"{head.replace(tail, tag, 1)}{BEGIN}{steps}{END}{tag}"
