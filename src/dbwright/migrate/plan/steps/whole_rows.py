"""Rows of a whole table are changed or deleted by one statement."""

from __future__ import annotations

from dbwright.migrate.plan.move import Form, Manner, Move, Sequence
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Table
from dbwright.sql.scope.canonical import deparse

__all__ = ["FORM"]

NOT_CUT = ("fromClause", "usingClause", "withClause", "returningList")


def _plan(situation: Situation) -> Sequence | None:
    node = situation.node
    if situation.kind not in ("UpdateStmt", "DeleteStmt"):
        return None
    table = situation.named(node["relation"])
    if table is None or not situation.is_busy(table):
        return None
    if any(node.get(part) for part in NOT_CUT) or not _has_key(table):
        return None
    relation = {**node["relation"], "schemaname": table.schema}
    text = deparse(situation.kind, {**node, "relation": relation})
    if text is None:
        return None
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


def _has_key(table: Table) -> bool:
    """Something that the batches follow."""
    required = {column.name for column in table.columns if column.not_null}
    return table.primary_key is not None or any(
        set(key.columns) <= required for key in table.unique_constraints
    )


FORM = Form("rows of a whole table are changed", _plan)
