"""A view, a function, a type or another thing is dropped that an application may know."""

from __future__ import annotations

from dataclasses import replace

from dbwright.migrate.plan.move import Form, Sequence
from dbwright.migrate.plan.passed import passed
from dbwright.migrate.plan.situation import Situation

__all__ = ["FORM"]


def _plan(situation: Situation) -> Sequence | None:
    if situation.kind != "DropStmt" or not (known := situation.known_that_go):
        return None
    move = replace(
        passed(situation),
        note=f"Nobody knows {', '.join(known)} any more.",
        deploy=f"the application that does not use {', '.join(known)}",
    )
    return Sequence((move,))


FORM = Form("something is dropped that an application may know", _plan)
