"""Production's statistics, put where the planner of a twin looks for them.

Written to the system catalogs themselves, which a superuser may do on every major; the functions
of version 18 (pg_restore_attribute_stats …) do the same, on 18 only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog, MaterializedView, Table
from dbwright.model.report import Skipped
from dbwright.model.statistics import ColumnStatistics, Statistics
from dbwright.sandbox.twin.renumber import renumbered

__all__ = ["put_column_statistics", "put_extended_statistics", "put_relation_statistics"]

BINARY_TYPES = {
    "ndistinct": "pg_ndistinct",
    "dependencies": "pg_dependencies",
    "mcv": "pg_mcv_list",
}


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


def put_extended_statistics(
    connection: psycopg.Connection[Any], catalog: Catalog, statistics: Statistics, major: int
) -> Iterator[Skipped]:
    """The data of CREATE STATISTICS objects, as the server's own bytes."""
    if not statistics.extended:
        return
    for type_ in BINARY_TYPES.values():
        # These types take no text; but their bytes are a bytea's bytes.
        connection.execute(f"CREATE CAST (bytea AS {type_}) WITHOUT FUNCTION".encode())
    for data in statistics.extended:
        parts = dict(data.parts)
        found = connection.execute(
            "SELECT s.oid, t.nspname, c.relname, array_agg(a.attname::text), array_agg(a.attnum) "
            "FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace "
            "JOIN pg_class c ON c.oid = s.stxrelid JOIN pg_namespace t ON t.oid = c.relnamespace "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
            "WHERE n.nspname = %s AND s.stxname = %s GROUP BY 1, 2, 3",
            (data.schema, data.name),
        ).fetchone()
        if found is None:
            continue
        numbers = _numbers(catalog, found[1], found[2], dict(zip(found[3], found[4], strict=True)))
        try:
            values = [
                renumbered(kind, bytes.fromhex(parts[kind]), numbers) if kind in parts else None
                for kind in BINARY_TYPES
            ]
        except ValueError as problem:
            yield Skipped("twin.statistics", str(problem), "", (data.name,))
            continue
        kinds = ", ".join(f"%s::bytea::{type_}" for type_ in BINARY_TYPES.values())
        inherit, flag = (", stxdinherit", ", %s") if major >= 15 else ("", "")
        arguments = [found[0], *values, *([data.inherited] if major >= 15 else [])]
        try:
            with connection.transaction():
                connection.execute(
                    "DELETE FROM pg_statistic_ext_data WHERE stxoid = %s"
                    + (" AND stxdinherit = %s" if major >= 15 else ""),
                    [found[0], *([data.inherited] if major >= 15 else [])],
                )
                connection.execute(
                    f"INSERT INTO pg_statistic_ext_data (stxoid, stxdndistinct, stxddependencies, "
                    f"stxdmcv{inherit}) VALUES (%s, {kinds}{flag})".encode(),
                    arguments,
                )
        except psycopg.Error as problem:
            yield Skipped("twin.statistics", str(problem.diag.message_primary), "", (data.name,))


def _numbers(catalog: Catalog, schema: str, name: str, here: dict[str, int]) -> dict[int, int]:
    """Of production's columns: their numbers on the twin, whose tables have no gaps."""
    relations: tuple[Table | MaterializedView, ...] = (*catalog.tables, *catalog.materialized_views)
    for relation in relations:
        if (relation.schema, relation.name) == (schema, name):
            return {c.position: here[c.name] for c in relation.columns if c.name in here}
    return {}


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
