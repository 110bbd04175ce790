"""Rows of a whole table are changed or deleted by one statement."""

from __future__ import annotations

from dbwright.migrate.plan.move import Form, Manner, Move, Sequence
from dbwright.migrate.plan.passed import passed
from dbwright.migrate.plan.situation import Situation
from dbwright.sql.ranges import NotInRanges, ranged
from dbwright.sql.scope.canonical import deparse

__all__ = ["FORM", "reaches_all_rows"]


def _plan(situation: Situation) -> Sequence | None:
    node = situation.node
    if situation.kind not in ("UpdateStmt", "DeleteStmt"):
        return None
    table = situation.named(node["relation"])
    if table is None or not situation.is_busy(table):
        return None
    if not reaches_all_rows(situation, table.qualified):
        return None
    relation = {**node["relation"], "schemaname": table.schema}
    text = deparse(situation.kind, {**node, "relation": relation})
    if text is None:
        return None
    if why := situation.without_key(table) or _why_not(text, table.schema, table.name):
        told = f"`{situation.short}` changes rows of {table.qualified} in one transaction: {why}"
        return Sequence((passed(situation),), left=(told,))
    word = "update" if situation.kind == "UpdateStmt" else "delete from"
    move = Move(
        "Some rows at a time, so that none is locked for long, and dead ones can be cleaned away.",
        (text,),
        (),
        Manner.ROWS,
        table.qualified,
        f"{word} {table.name}",
        lost="rows as they were before",
        verbatim=True,
    )
    return Sequence((move,))


def reaches_all_rows(situation: Situation, table: str) -> bool:
    """Does it change all rows of the table, or read all of them for those that it changes?"""
    about = situation.node.get("relation")
    own = None if about is None else situation.named(about)
    if own is not None and own.qualified == table:
        if situation.kind == "InsertStmt":
            return False
        joined = "fromClause" in situation.node or "usingClause" in situation.node
        if situation.kind == "MergeStmt" or joined or "whereClause" not in situation.node:
            return True
    return any(one.name == table for one in situation.effects.scanned)


def _why_not(text: str, schema: str, name: str) -> str:
    """Why it can't run in batches; empty where it can."""
    try:
        found = ranged(text, (schema, name))
    except NotInRanges as reason:
        return f"it can't run in batches, for it {reason}"
    return "" if found is not None else "it can't run in batches"


FORM = Form("rows of a whole table are changed", _plan)
