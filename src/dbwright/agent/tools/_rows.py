"""Rows as an answer."""

from __future__ import annotations

from typing import Any

from dbwright.agent.safe_sql import Result
from dbwright.agent.tool.answer import Answer

__all__ = ["answer_of_rows"]


def answer_of_rows(result: Result, what: str = "") -> Answer[list[Any]]:
    """A row is an item; columns and what is not shown are told."""
    number = len(result.rows)
    more = " and there are more" if result.more_rows or result.stopped_by_bytes else ""
    notes = [*result.notices]
    if result.cut_cells:
        notes.append(f"{result.cut_cells} cells were cut, each says so")
    if result.stopped_by_bytes:
        notes.append("the result is too large: select fewer columns or rows")
    return Answer(
        f"{what}{number} rows{more}, in {result.seconds:.3f} s.",
        items=tuple(list(row) for row in result.rows),
        details={
            "columns": [
                {"name": column.name, "type": column.type}
                | ({"masked": column.masked} if column.masked else {})
                for column in result.columns
            ]
        },
        notes=tuple(notes),
    )
