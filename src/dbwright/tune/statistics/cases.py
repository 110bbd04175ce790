"""A question with constants: as the workload asks it, and as rows of the table would answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.model.names import literal
from dbwright.tune.copied_rows import evenly
from dbwright.tune.statistics.asked import Asking, Question

__all__ = ["Case", "cases_of"]

OWN = 8
"""Constants of the workload that are tried, those of most calls."""
TYPICAL = 5
"""Values of rows that are tried."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question with its constants."""

    condition: str
    """As SQL; empty for all rows."""
    groups: tuple[str, ...]
    own: bool
    """Are the constants those of a query (and not values of rows)?"""

    def selecting(self, table: str) -> str:
        """The query whose rows are estimated."""
        if not self.groups:
            return f"SELECT FROM {table}{self._where}"
        keys = ", ".join(self.groups)
        return f"SELECT {keys} FROM {table}{self._where} GROUP BY {keys}"

    @property
    def _where(self) -> str:
        return f" WHERE {self.condition}" if self.condition else ""


def cases_of(
    connection: psycopg.Connection[Any], question: Question, rows: int
) -> tuple[Case, ...]:
    """The constants of the workload, then some values of the table's `rows` rows: where values were
    made up for a query, it is not known that they ever come together. Raises psycopg.Error.
    """
    ordered = sorted(question.askings, key=lambda asking: -asking.asked.weight)
    own = [_case(asking, question, own=True) for asking in ordered if asking.own][:OWN]
    like = next((asking for asking in ordered if not asking.own), ordered[0])
    typical = _typical(connection, question, like, rows)
    return tuple({case.condition: case for case in (*typical, *own)}.values())


def _case(asking: Asking, question: Question, own: bool) -> Case:
    condition = " AND ".join(term.condition for term in asking.terms)
    return Case(condition, question.groups, own)


def _typical(
    connection: psycopg.Connection[Any], question: Question, like: Asking, rows: int
) -> list[Case]:
    """The asking with values of rows in place of those it compares with for equality."""
    keys = list(dict.fromkeys(term.key for term in like.terms if term.equality))
    if not keys:
        return [] if like.own else [_case(like, question, own=False)]
    others = [term.condition for term in like.terms if not term.equality]
    there = [*others, *(f"({key}) IS NOT NULL" for key in keys)]
    found = evenly(connection, question.table, rows, keys, " AND ".join(there), most=TYPICAL)
    made: list[Case] = []
    for values in found:
        same = [
            f"({key}) = {literal(value)}"
            for key, value in zip(keys, values, strict=True)
            if value is not None
        ]
        made.append(Case(" AND ".join([*same, *others]), question.groups, own=False))
    return made
