"""Statements that stay as they are, with the way back that two catalogs tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbwright.diff.plan import plan as difference
from dbwright.migrate.plan.move import Manner, Move, Sequence
from dbwright.migrate.plan.situation import Situation
from dbwright.sql.scope.canonical import deparse

__all__ = ["is_as_it_is", "passed", "way_back"]

AS_IT_IS = "As it is."
DATA = frozenset(
    {"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CopyStmt", "TruncateStmt"}
)
TARGETS = {
    "OBJECT_COLUMN": "subname",
    "OBJECT_TABCONSTRAINT": "subname",
    "OBJECT_DOMCONSTRAINT": "subname",
    "OBJECT_ATTRIBUTE": "subname",
    "OBJECT_TRIGGER": "subname",
    "OBJECT_POLICY": "subname",
    "OBJECT_RULE": "subname",
    "OBJECT_SCHEMA": "subname",
    "OBJECT_ROLE": "subname",
}
"""Where a RENAME has the name that goes; of others the relation has it."""


def is_as_it_is(found: tuple[Situation, Sequence | None]) -> bool:
    """Is nothing else made of the statement than what it says?"""
    sequence = found[1]
    return sequence is None or [move.note for move in sequence.moves] == [AS_IT_IS]


def passed(situation: Situation) -> Move:
    """The statement itself."""
    down, lost = way_back(situation)
    manner = Manner.QUICK if situation.effects.transactional else Manner.ALONE
    return Move(
        AS_IT_IS,
        (situation.statement.text,),
        down,
        manner,
        _table(situation),
        words=_words(situation),
        lost=lost,
        verbatim=True,
    )


def way_back(situation: Situation) -> tuple[tuple[str, ...], str]:
    """Statements that make the schema of before again, and what they can't bring again."""
    if situation.kind in DATA:
        return (), "rows as they were before"
    node = _qualified(situation)
    if situation.kind == "RenameStmt" and (text := _renamed_back(node)) is not None:
        return (text,), ""
    there = difference(situation.before, situation.after, owners=False)
    back = difference(situation.after, situation.before, owners=False)
    lost = [step.loses for step in there.steps if step.loses]
    lost += [f"{object}: {why}" for object, why in back.unwritten]
    return tuple(step.sql for step in back.steps), "; ".join(dict.fromkeys(lost))


def _qualified(situation: Situation) -> Mapping[str, Any]:
    """The tree with the schema of its relation, which the way back has to find by itself."""
    relation = situation.node.get("relation")
    table = None if relation is None else situation.named(relation)
    if relation is None or table is None:
        return situation.node
    return {**situation.node, "relation": {**relation, "schemaname": table.schema}}


def _renamed_back(node: Mapping[str, Any]) -> str | None:
    field = TARGETS.get(node.get("renameType", ""))
    if field is not None and field in node:
        other = {**node, field: node["newname"], "newname": node[field]}
        return deparse("RenameStmt", other)
    if node.get("renameType") == "OBJECT_TYPE":
        return _type_renamed_back(node)
    relation = node.get("relation")
    if relation is None:
        return None
    other = {**node, "relation": {**relation, "relname": node["newname"]}}
    return deparse("RenameStmt", {**other, "newname": relation["relname"]})


def _type_renamed_back(node: Mapping[str, Any]) -> str | None:
    *schema, name = node["object"]["List"]["items"]
    items = [*schema, {"String": {"sval": node["newname"]}}]
    other = {**node, "object": {"List": {"items": items}}, "newname": name["String"]["sval"]}
    return deparse("RenameStmt", other)


def _table(situation: Situation) -> str:
    """What it locks most; neighbours of one table may share a file."""
    locks = situation.effects.locks
    strongest = situation.effects.strongest
    return next((one.object.name for one in locks if one.mode is strongest), "")


def _words(situation: Situation) -> str:
    made = situation.effects.created or situation.effects.dropped
    name = made[0].name.rpartition(".")[2] if made else _table(situation).rpartition(".")[2]
    kind = situation.kind.removesuffix("Stmt").lower()
    verb = {"create": "create", "drop": "drop", "rename": "rename"}.get(kind, "change")
    return f"{verb} {name}".strip()
