"""What ANALYZE would find for an expression that no index has yet.

Without it the planner takes every two-hundredth row to match, and an index on an expression looks
dearer than it is. The server computes the expression for the values that the statistics of its
column hold; what comes out is counted as ANALYZE counts: equal values, bounds of equal shares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import psycopg

from dbwright.model.catalog import MaterializedView, Table
from dbwright.model.names import quote
from dbwright.model.statistics import ColumnStatistics, Statistics
from dbwright.sql.parse import parse, walk
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.indexes.computed import Computed
from dbwright.tune.indexes.results import FEWEST, Result, computed_statistics

__all__ = ["Expressions", "by_number"]

Relation = Table | MaterializedView


class Expressions:
    """Computes each expression of each table once. `connection` is to a server with the tables'
    types and functions."""

    def __init__(self, statistics: Statistics, connection: psycopg.Connection[Any]) -> None:
        self._statistics = statistics
        self._connection = connection
        self._known: dict[tuple[int, str], Computed | None] = {}

    def described(self, candidate: CandidateIndex, relation: Relation) -> CandidateIndex:
        """The candidate with what is known of its keys that are expressions."""
        if all(key.expression is None for key in candidate.keys):
            return candidate
        keys = tuple(
            key
            if key.expression is None
            else replace(key, computed=self._of(key.expression, relation))
            for key in candidate.keys
        )
        return replace(candidate, keys=keys)

    def _of(self, expression: str, relation: Relation) -> Computed | None:
        """None for an expression of several columns, and where nothing is known of its column."""
        place = relation.oid, expression
        if place not in self._known:
            self._known[place] = self._computed(expression, relation)
        return self._known[place]

    def _computed(self, expression: str, relation: Relation) -> Computed | None:
        names = columns_of(expression)
        column = next((c for c in relation.columns if {c.name} == names), None)
        counted = None if column is None else self._statistics.of_column(relation, column)
        if column is None or counted is None or not counted.sample:
            return None
        if counted.histogram and len(counted.sample) < FEWEST:
            return None  # too few of the values are known to tell of the others
        results = self._results(expression, column.name, column.type, counted)
        if results is None:
            return None
        table = self._statistics.of(relation)
        return computed_statistics(counted, results, 0.0 if table is None else table.best_rows)

    def _results(
        self, expression: str, column: str, type_: str, counted: ColumnStatistics
    ) -> list[Result] | None:
        """Of each value of the statistics, in their order; None where the server can't compute
        them all (a text that is no number)."""
        query = (
            "SELECT e::text, r, pg_column_size(e), pg_typeof(e)::text,"
            "       (SELECT typlen FROM pg_type WHERE oid = pg_typeof(e)) "
            "FROM (SELECT o, e, dense_rank() OVER (ORDER BY e) AS r FROM ("
            f"  SELECT o, (\n{expression}\n) AS e FROM ("
            f"    SELECT o, v::{type_} AS {quote(column)}"
            "    FROM unnest($1::text[]) WITH ORDINALITY u (v, o) OFFSET 0"
            "  ) s"
            ") c) d ORDER BY o"
        )
        try:
            # A raw cursor: an expression may hold what psycopg takes for its own parameters.
            with (
                self._connection.transaction(force_rollback=True),
                psycopg.RawCursor(self._connection) as cursor,
            ):
                rows = cursor.execute(query.encode(), (list(counted.sample),)).fetchall()
        except psycopg.Error:
            return None
        return [Result(*row) for row in rows]


@cache
def columns_of(expression: str) -> frozenset[str]:
    """The names of the columns in it."""
    statement = parse(f"SELECT {expression}").statements[0]
    return frozenset(
        node["fields"][-1]["String"]["sval"]
        for kind, node in walk(statement.node)
        if kind == "ColumnRef" and "String" in node["fields"][-1]
    )


def by_number(candidate: CandidateIndex) -> Iterator[tuple[int, ColumnStatistics]]:
    """The statistics of the keys that are expressions, by their number from 1."""
    for number, key in enumerate(candidate.keys, start=1):
        if key.computed is not None:
            yield number, key.computed.statistics
