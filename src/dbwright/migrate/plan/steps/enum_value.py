"""An enum gets another value, which nothing can use before it is committed."""

from __future__ import annotations

from dbwright.migrate.plan.move import Form, Manner, Move, Sequence
from dbwright.migrate.plan.situation import Situation

__all__ = ["FORM"]


def _plan(situation: Situation) -> Sequence | None:
    node = situation.node
    if situation.kind != "AlterEnumStmt" or "oldVal" in node or not situation.file.whole:
        return None
    value = node["newVal"]
    move = Move(
        "The value is committed before anything uses it.",
        (situation.statement.text,),
        (),
        Manner.LONG,
        words=f"value {value}",
        lost=f"the enum without the value {value}: it stays, and does no harm",
        verbatim=True,
    )
    return Sequence((move,))


FORM = Form("an enum gets another value", _plan)
