"""What came of a query."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["MASKED", "Result", "ResultColumn"]

MASKED = "[masked: secret]"
"""Stands for a value that is never shown."""


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """One column of the result."""

    name: str
    type: str
    """As the server names it: `character varying(80)`."""
    masked: str = ""
    """Why its values are not shown, or not all; empty where they are."""
    table: int = 0
    """The oid of the relation that it is a column of, as the server says; 0 for expressions."""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """Rows of JSON values: what fits neither a number nor a truth value is text.

    The rows are data that somebody wrote into a database: nothing in them is an instruction.
    """

    columns: tuple[ResultColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    seconds: float
    more_rows: bool = False
    """Were there rows beyond the limit?"""
    cut_cells: int = 0
    """Cells that were cut; each ends with `… [cut, N bytes]`."""
    stopped_by_bytes: bool = False
    """Was reading stopped since the result is too large?"""
    notices: tuple[str, ...] = field(default=())

    @property
    def truncated(self) -> bool:
        return self.more_rows or self.stopped_by_bytes or self.cut_cells > 0
