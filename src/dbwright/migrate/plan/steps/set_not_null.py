"""NOT NULL is said of a column with rows."""

from __future__ import annotations

from dbwright.migrate.plan.move import Form, Sequence
from dbwright.migrate.plan.phrases import not_null
from dbwright.migrate.plan.situation import Situation

__all__ = ["FORM"]


def _plan(situation: Situation) -> Sequence | None:
    command = situation.command("AT_SetNotNull")
    if command is None or (altered := situation.altered()) is None:
        return None
    table, later = altered
    if not situation.scans(table):
        return None  # proven already
    name = next((one.name for one in later.not_nulls if one.column == command["name"]), None)
    return Sequence(tuple(not_null(situation, table, command["name"], name)))


FORM = Form("NOT NULL is said of a column", _plan)
