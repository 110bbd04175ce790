"""What ANALYZE would find for an expression that no index has yet.

Without it the planner takes every two-hundredth row to match, and an index on an expression looks
dearer than it is. The server computes the expression for the values that the statistics of its
column hold: as many different results tell how far it joins values.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg

from dbwright.model.catalog import MaterializedView, Table
from dbwright.model.names import quote
from dbwright.model.statistics import ColumnStatistics, Statistics
from dbwright.sql.parse import parse, walk
from dbwright.tune.indexes.candidate import CandidateIndex

__all__ = ["expression_statistics"]

JOINS = 0.7
"""With fewer different results for a value than this, the results are counted as they are."""
FEWEST_VALUES = 20


def expression_statistics(
    candidate: CandidateIndex,
    relation: Table | MaterializedView,
    statistics: Statistics,
    connection: psycopg.Connection[Any],
) -> Iterator[tuple[int, ColumnStatistics]]:
    """By the number of the key (from 1), for those that are expressions of one column with
    statistics. `connection` is to a server with the relation's types and functions."""
    for number, key in enumerate(candidate.keys, start=1):
        if key.expression is None:
            continue
        names = sorted(_columns(key.expression))
        counted = statistics.of_column(relation, names[0]) if len(names) == 1 else None
        if counted is None or len(counted.sample) < FEWEST_VALUES:
            continue
        type_ = next(column.type for column in relation.columns if column.name == names[0])
        found = _computed(key.expression, names[0], type_, counted, connection)
        if found is not None:
            yield number, found


def _columns(expression: str) -> set[str]:
    statement = parse(f"SELECT {expression}").statements[0]
    return {
        node["fields"][-1]["String"]["sval"]
        for kind, node in walk(statement.node)
        if kind == "ColumnRef" and "String" in node["fields"][-1]
    }


def _computed(
    expression: str,
    column: str,
    type_: str,
    counted: ColumnStatistics,
    connection: psycopg.Connection[Any],
) -> ColumnStatistics | None:
    """None where the server can't compute it."""
    query = (
        f"SELECT count(DISTINCT e), count(*), avg(pg_column_size(e)) FROM ("
        f"  SELECT ({expression}) AS e FROM ("
        f"    SELECT v::{type_} AS {quote(column)} FROM unnest(%b::text[]) v"
        f"  ) s"
        f") r"
    )
    try:
        with connection.transaction(force_rollback=True):
            row = connection.execute(query.encode(), (list(counted.sample),)).fetchone()
    except psycopg.Error:
        return None
    assert row is not None
    different, computed, width = row
    if not computed:
        return None
    return ColumnStatistics(
        table_oid=0,
        column="",
        null_fraction=counted.null_fraction,
        average_width=round(float(width or counted.average_width)),
        distinct=counted.distinct if different >= JOINS * computed else float(different),
    )
