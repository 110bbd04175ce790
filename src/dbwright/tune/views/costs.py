"""What a view costs and saves, by the planner of a twin.

The view is made there without rows, with as many rows and bytes as the planner expects of its
query, and the statistics of the columns that its groups are made of. All in a transaction that is
rolled back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.model.names import quote
from dbwright.model.statistics import ColumnStatistics, Statistics
from dbwright.sandbox.twin.files import PAGE, resize
from dbwright.sandbox.twin.statistics import put_column_statistics
from dbwright.sandbox.twin.twin import Twin
from dbwright.tune.explained import explained
from dbwright.tune.views.definition import ViewDefinition
from dbwright.tune.views.group_counts import group_count
from dbwright.tune.views.normal import columns_of
from dbwright.tune.views.shape import Shape

__all__ = ["CostedView", "column_types", "costed_view"]

ROW_BYTES = 28
"""Of a row beside its columns: header and line pointer."""
FILL = 0.95


@dataclass(frozen=True)
class CostedView:
    """A view that is there for the length of a block."""

    connection: psycopg.Connection[Any]
    rows: float
    """That it would have."""
    bytes: int
    input_rows: float
    """The most that a step of its query gives."""
    query_cost: float
    refresh_cost: float
    """Of REFRESH CONCURRENTLY: the query, and the comparison with what is there."""

    def cost(self, statement: str) -> float | None:
        """None where the server can't plan it."""
        plan = _plan(self.connection, statement)
        return None if plan is None else float(plan["Total Cost"])


def column_types(
    connection: psycopg.Connection[Any], view: ViewDefinition
) -> dict[str, str] | None:
    """The type of each column, as the server writes it; None where it does not take the query."""
    with connection.transaction(force_rollback=True):
        try:
            with connection.transaction():
                connection.execute(f"CREATE TEMP VIEW dbwright_types AS {view.query}".encode())
        except psycopg.Error as problem:
            if problem.sqlstate is None:
                raise
            return None
        rows = connection.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = 'pg_temp.dbwright_types'::regclass AND attnum > 0"
        )
        return {row[0]: row[1] for row in rows}


@contextmanager
def costed_view(
    twin: Twin, view: ViewDefinition, shape: Shape, statistics: Statistics
) -> Iterator[CostedView]:
    """Make the view on the twin for the block. Raises psycopg.Error where it can't be made."""
    with twin.connect() as connection, connection.transaction(force_rollback=True):
        plan = _plan(connection, view.query)
        if plan is None:
            raise psycopg.ProgrammingError("the view's query can't be planned")
        most = group_count(shape, statistics)
        rows = float(plan["Plan Rows"])
        rows = max(1.0, rows if most is None else min(rows, most))
        width = int(plan["Plan Width"])
        pages = math.ceil(rows * (width + ROW_BYTES) / (PAGE * FILL))
        _make(connection, twin, view, rows, pages)
        put_column_statistics(connection, _statistics(connection, view, shape, statistics, rows))
        compared = _plan(connection, _comparison(view))
        comparison = 0.0 if compared is None else float(compared["Total Cost"])
        query_cost = float(plan["Total Cost"])
        yield CostedView(
            connection,
            rows,
            pages * PAGE,
            max(_most_rows(plan)),
            query_cost,
            query_cost + comparison,
        )


def _make(
    connection: psycopg.Connection[Any], twin: Twin, view: ViewDefinition, rows: float, pages: int
) -> None:
    connection.execute(
        f"CREATE MATERIALIZED VIEW {view.qualified} AS {view.query} WITH NO DATA".encode()
    )
    keys = ", ".join(map(quote, view.keys))
    connection.execute(
        f"CREATE UNIQUE INDEX dbwright_view_key ON {view.qualified} ({keys})".encode()
    )
    found = connection.execute(
        "SELECT c.oid, pg_relation_filepath(c.oid), c.relkind FROM pg_class c WHERE c.oid IN "
        "(SELECT indexrelid FROM pg_index WHERE indrelid = %s::regclass UNION "
        "SELECT %s::regclass)",
        (view.qualified, view.qualified),
    ).fetchall()
    for oid, path, kind in found:
        # An entry of the index is about as wide as a row: it has most of the columns.
        own = max(2, pages) if kind == "i" else pages
        resize(twin.server.data_directory / path, own)
        connection.execute(
            "UPDATE pg_class SET reltuples = %s, relpages = %s WHERE oid = %s", (rows, own, oid)
        )


def _statistics(
    connection: psycopg.Connection[Any],
    view: ViewDefinition,
    shape: Shape,
    statistics: Statistics,
    rows: float,
) -> list[tuple[int, ColumnStatistics]]:
    """Of the groups that are plain columns: as many different values as the column has, all alike
    often."""
    row = connection.execute("SELECT %s::regclass::oid", (view.qualified,)).fetchone()
    assert row is not None
    found: list[tuple[int, ColumnStatistics]] = []
    for column in view.columns.values():
        named = columns_of(shape.level, column.node) if "ColumnRef" in column.node else []
        known = statistics.of_column(named[0].table, named[0].column) if named else None
        counted = statistics.of(named[0].table) if named else None
        if known is None or counted is None:
            continue
        many = known.distinct if known.distinct > 0 else -known.distinct * counted.best_rows
        own = ColumnStatistics(
            row[0], column.name, 0.0, known.average_width, max(1.0, min(many, rows))
        )
        found.append((row[0], own))
    return found


def _comparison(view: ViewDefinition) -> str:
    """What REFRESH CONCURRENTLY runs to find what changed (matview.c, refresh_by_match_merge)."""
    equal = " AND ".join(f"n.{quote(key)} = o.{quote(key)}" for key in view.keys)
    return (
        f"SELECT o.ctid, n FROM {view.qualified} o FULL JOIN {view.qualified} n ON ({equal}) "
        "WHERE o.* IS NULL OR n.* IS NULL"
    )


def _plan(connection: psycopg.Connection[Any], statement: str) -> Mapping[str, Any] | None:
    document = explained(connection, statement)
    return None if document is None else document["Plan"]


def _most_rows(plan: Mapping[str, Any]) -> Sequence[float]:
    return [
        float(plan["Plan Rows"]),
        *(rows for child in plan.get("Plans", ()) for rows in _most_rows(child)),
    ]
