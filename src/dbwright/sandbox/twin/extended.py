"""Production's data of CREATE STATISTICS objects, put where the planner of a twin looks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog, MaterializedView, Table
from dbwright.model.report import Skipped
from dbwright.model.statistics import ColumnStatistics, ExtendedStatisticsData, Statistics
from dbwright.sandbox.twin.renumber import renumbered
from dbwright.sandbox.twin.statistics import put_column_statistics

__all__ = ["put_extended_statistics"]

BINARY_TYPES = {
    "ndistinct": "pg_ndistinct",
    "dependencies": "pg_dependencies",
    "mcv": "pg_mcv_list",
}
INHERITED_SINCE = 15
EXPRESSIONS_SINCE = 14
OBJECT = """
SELECT s.oid, t.nspname, c.relname, array_agg(a.attname::text), array_agg(a.attnum)
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
JOIN pg_class c ON c.oid = s.stxrelid JOIN pg_namespace t ON t.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE n.nspname = %s AND s.stxname = %s GROUP BY 1, 2, 3
"""
"""The object on this server, its table, and the numbers of the table's columns."""
EXPRESSIONS = """
SELECT string_agg(format('(%%s) AS "%%s"', e.text, e.place), ', ' ORDER BY e.place),
       x.stxrelid::regclass::text
FROM pg_statistic_ext x,
     unnest(pg_get_statisticsobjdef_expressions(x.oid)) WITH ORDINALITY e (text, place)
WHERE x.oid = %s GROUP BY x.stxrelid
"""


def put_extended_statistics(
    connection: psycopg.Connection[Any], catalog: Catalog, statistics: Statistics, major: int
) -> Iterator[Skipped]:
    """As the server's own bytes, and of expressions as statistics of columns; what failed."""
    if not statistics.extended:
        return
    for type_ in BINARY_TYPES.values():
        # These types take no text; but their bytes are a bytea's bytes.
        connection.execute(f"CREATE CAST (bytea AS {type_}) WITHOUT FUNCTION".encode())
    for data in statistics.extended:
        try:
            with connection.transaction():
                _put(connection, catalog, data, major)
        except ValueError as problem:
            yield Skipped("twin.statistics", str(problem), "", (data.name,))
        except psycopg.Error as problem:
            message = problem.diag.message_primary or str(problem)
            yield Skipped("twin.statistics", message, "", (data.name,))


def _put(
    connection: psycopg.Connection[Any], catalog: Catalog, data: ExtendedStatisticsData, major: int
) -> None:
    """Raises ValueError, psycopg.Error."""
    found = connection.execute(OBJECT, (data.schema, data.name)).fetchone()
    if found is None:
        return
    numbers = _numbers(catalog, found[1], found[2], dict(zip(found[3], found[4], strict=True)))
    parts = dict(data.parts)
    values: list[object] = [
        renumbered(kind, bytes.fromhex(parts[kind]), numbers) if kind in parts else None
        for kind in BINARY_TYPES
    ]
    names = ["stxdndistinct", "stxddependencies", "stxdmcv"]
    marks = [f"%s::bytea::{type_}" for type_ in BINARY_TYPES.values()]
    which = "stxoid = %s"
    key: list[object] = [found[0]]
    if major >= INHERITED_SINCE:
        which += " AND stxdinherit = %s"
        key.append(data.inherited)
        names, marks = [*names, "stxdinherit"], [*marks, "%s"]
        values.append(data.inherited)
    connection.execute(f"DELETE FROM pg_statistic_ext_data WHERE {which}".encode(), key)
    connection.execute(
        f"INSERT INTO pg_statistic_ext_data (stxoid, {', '.join(names)}) "
        f"VALUES (%s, {', '.join(marks)})".encode(),
        [found[0], *values],
    )
    if data.expressions and major >= EXPRESSIONS_SINCE:
        statistics = _of_expressions(connection, found[0], data.expressions)
        connection.execute(
            f"UPDATE pg_statistic_ext_data SET stxdexpr = ({statistics}) WHERE {which}".encode(),
            key,
        )
        connection.execute("DROP TABLE pg_temp.twin_expression")


def _of_expressions(
    connection: psycopg.Connection[Any], oid: int, expressions: Sequence[ColumnStatistics]
) -> str:
    """The query of an array of rows of pg_statistic: those of a table whose columns have the
    expressions' types."""
    row = connection.execute(EXPRESSIONS, (oid,)).fetchone()
    assert row is not None
    connection.execute(
        f"CREATE TEMP TABLE twin_expression AS SELECT {row[0]} FROM {row[1]} LIMIT 0".encode()
    )
    made = connection.execute("SELECT 'pg_temp.twin_expression'::regclass::oid").fetchone()
    assert made is not None
    table = int(made[0])
    failed = put_column_statistics(
        connection, [(table, replace(each, inherited=False)) for each in expressions]
    )
    if failed:
        raise ValueError(f"of an expression: {failed[0][2]}")
    return f"SELECT array_agg(s ORDER BY staattnum) FROM pg_statistic s WHERE starelid = {table}"


def _numbers(catalog: Catalog, schema: str, name: str, here: dict[str, int]) -> dict[int, int]:
    """Of production's columns: their numbers on the twin."""
    relations: tuple[Table | MaterializedView, ...] = (*catalog.tables, *catalog.materialized_views)
    for relation in relations:
        if (relation.schema, relation.name) == (schema, name):
            return {c.position: here[c.name] for c in relation.columns if c.name in here}
    return {}
