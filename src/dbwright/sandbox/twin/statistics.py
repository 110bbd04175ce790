"""Production's statistics, put where the planner of a twin looks for them.

Written to the system catalogs themselves, which a superuser may do on every major; the functions
of version 18 (pg_restore_attribute_stats …) do the same, on 18 only.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import psycopg

from dbwright.model.statistics import ColumnStatistics

__all__ = ["put_column_statistics", "put_relation_statistics"]


def put_relation_statistics(
    connection: psycopg.Connection[Any],
    rows: Iterable[tuple[int, int, float, int]],
) -> None:
    """`rows`: oid on this server, pages, rows (-1: not known), all-visible pages."""
    with connection.transaction():
        connection.execute(
            "CREATE TEMP TABLE twin_relation (oid oid, pages int, rows real, visible int) "
            "ON COMMIT DROP"
        )
        with connection.cursor().copy("COPY twin_relation FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.execute(
            "UPDATE pg_class c SET relpages = t.pages, reltuples = t.rows, "
            "relallvisible = t.visible FROM twin_relation t WHERE t.oid = c.oid"
        )


def put_column_statistics(
    connection: psycopg.Connection[Any], columns: Iterable[tuple[int, ColumnStatistics]]
) -> list[tuple[int, str, str]]:
    """`columns`: the oid on this server, and the statistics. What did not fit: oid, column, why."""
    connection.execute(_sql("prepare_statistics"))
    with connection.cursor().copy("COPY pg_temp.twin_column FROM STDIN") as copy:
        for oid, column in columns:
            copy.write_row(_row(oid, column))
    connection.execute("ANALYZE pg_temp.twin_column")
    connection.execute(_sql("put_statistics"))
    failed = connection.execute("SELECT relation, name, message FROM pg_temp.twin_failed")
    found = [(int(row[0]), str(row[1]), str(row[2])) for row in failed]
    connection.execute("DROP TABLE pg_temp.twin_column, pg_temp.twin_failed, pg_temp.twin_type")
    return found


def _row(oid: int, column: ColumnStatistics) -> tuple[object, ...]:
    elements, ranges = column.elements, column.ranges
    return (
        oid,
        column.column,
        column.inherited,
        column.null_fraction,
        column.average_width,
        column.distinct,
        _array(column.common_values),
        list(column.common_frequencies) or None,
        _array(column.histogram),
        column.correlation,
        _array(elements.common_elements) if elements else None,
        list(elements.common_frequencies) or None if elements else None,
        list(elements.count_histogram) or None if elements else None,
        _array(ranges.length_histogram) if ranges else None,
        ranges.empty_fraction if ranges else None,
        _array(ranges.bounds_histogram) if ranges else None,
    )


def _array(values: tuple[str, ...]) -> str | None:
    """As the text of an array; each value in quotes."""
    if not values:
        return None
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


def _sql(name: str) -> bytes:
    return (files("dbwright.sandbox.twin") / f"{name}.sql").read_bytes()
