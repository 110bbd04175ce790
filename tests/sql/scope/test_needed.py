"""Needed columns are those, and only those, that an index must hold to answer without the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from psycopg import sql

from dbwright.sql.scope import CatalogRelations, analyse
from dbwright.sql.scope.needed import needed_columns
from sql.scope.place import Place, queries_in

QUERIES = queries_in("tpch")
SUBQUERIES = [
    "SELECT count(*) FROM (SELECT * FROM orders WHERE o_orderdate > '1995-01-01') s",
    "SELECT o_custkey FROM (SELECT * FROM orders ORDER BY o_totalprice LIMIT 5) s",
    "SELECT a FROM (SELECT o_orderkey, o_comment FROM orders UNION ALL SELECT c_custkey, c_name FROM customer) s (a, b)",
    "WITH c AS (SELECT * FROM orders) SELECT o_clerk FROM c WHERE o_custkey = 5",
    "SELECT DISTINCT o_clerk FROM (SELECT DISTINCT o_clerk, o_comment FROM orders) s",
    "SELECT c_name FROM customer WHERE EXISTS (SELECT * FROM orders WHERE o_custkey = c_custkey)",
    "SELECT 1 FROM orders o JOIN customer c ON c.c_custkey = o.o_custkey WHERE c.c_name LIKE 'x%'",
]


def index_only(place: Place, query: str, table: str, columns: tuple[str, ...]) -> bool:
    """Does the planner read the table by nothing but an index of these columns?"""
    names = sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    statement = sql.SQL("CREATE INDEX covering ON {} ({})").format(sql.Identifier(table), names)
    with place.connection.transaction(force_rollback=True):
        place.connection.execute(statement)
        place.connection.execute("SET LOCAL enable_seqscan = off")
        place.connection.execute("SET LOCAL enable_bitmapscan = off")
        explain = f"EXPLAIN (COSTS off, FORMAT json) {query}".encode()
        row = place.connection.execute(explain).fetchone()
    assert row is not None
    return scans(row[0][0]["Plan"], table) == {"Index Only Scan"}


def scans(plan: dict[str, Any], table: str) -> set[str]:
    found = {plan["Node Type"]} if plan.get("Relation Name") == table else set()
    for part in plan.get("Plans", ()):
        found |= scans(part, table)
    return found


@pytest.mark.parametrize("query", [*QUERIES, *SUBQUERIES])
def test_an_index_of_the_needed_columns_is_enough_and_no_smaller_one(
    query: str, place_of: Callable[[str], Place]
) -> None:
    place = place_of("tpch")
    statement = analyse(query, CatalogRelations(place.catalog, ["public"]))
    uses: dict[str, list[tuple[str, ...]]] = {}
    for relation in statement.relations:
        if relation.stored:
            uses.setdefault(str(relation.name), []).append(needed_columns(statement, relation))
    assert uses
    for table, needed in uses.items():
        columns = tuple(sorted({column for one in needed for column in one}))
        assert index_only(place, query, table, columns), (table, columns)
        if len(needed) == 1 and len(columns) > 1:
            for column in columns:
                smaller = tuple(other for other in columns if other != column)
                assert not index_only(place, query, table, smaller), (table, column)
