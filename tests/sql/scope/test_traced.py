"""Conditions land on the relations where the planner puts them, and nowhere else.

The planner's own placing is read from its plans: a condition that it applies while scanning a
relation stands in that scan's filter.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from dbwright.model.catalog import Catalog
from dbwright.sql.scope import CatalogRelations, Statement, analyse
from dbwright.sql.scope.predicate import ComparedKind, PredicateKind
from sql.scope.place import Place, queries_in

QUERIES = queries_in("traced")
WORD = re.compile(r'(?:"([^"]+)"|\b([a-z_]+)\b)(?!\s*\()')
NO_JOIN_CONDITIONS = (
    "SET enable_nestloop = off; SET enable_indexscan = off; "
    "SET enable_bitmapscan = off; SET enable_indexonlyscan = off"
)
"""Then a scan's filter holds nothing that depends on another relation's row."""
Filtered = list[tuple[str, tuple[str, ...]]]


def filters(plan: dict[str, Any], catalog: Catalog) -> Filtered:
    """Each scan of a relation, with the relation's columns in its filter."""
    found: Filtered = []
    if "Relation Name" in plan:
        relation = plan["Relation Name"]
        names = {c.name for r in catalog.relations() if r.name == relation for c in r.columns}
        text = re.sub(r"'[^']*'|::[a-z ]+", "", plan.get("Filter", ""))
        words = {quoted or plain for quoted, plain in WORD.findall(text)}
        found.append((relation, tuple(sorted(words & names))))
    for part in plan.get("Plans", ()):
        found += filters(part, catalog)
    return sorted(found)


def attributed(statement: Statement) -> Filtered:
    """Each use of a stored relation, with its columns that conditions filter before any join."""
    found: Filtered = []
    for relation in statement.relations:
        if relation.stored:
            columns = {
                column
                for predicate in statement.predicates_on(relation)
                if predicate.restricts
                and not predicate.path
                and predicate.compared.before_scan
                and predicate.compared.kind is not ComparedKind.SUBQUERY
                and predicate.kind is not PredicateKind.OTHER
                for column in predicate.columns
            }
            found.append((str(relation.name), tuple(sorted(columns))))
    return sorted(found)


@pytest.mark.parametrize("query", QUERIES)
def test_conditions_are_where_the_planner_puts_them(
    query: str, place_of: Callable[[str], Place]
) -> None:
    place = place_of("shop")
    place.connection.execute(NO_JOIN_CONDITIONS)
    try:
        cursor = place.connection.execute(
            f"EXPLAIN (VERBOSE, COSTS off, FORMAT json) {query}".encode()
        )
        row = cursor.fetchone()
    finally:
        place.connection.execute("RESET ALL")
    assert row is not None
    statement = analyse(query, CatalogRelations(place.catalog, ["public"]))
    assert not statement.unresolved
    assert attributed(statement) == filters(row[0][0]["Plan"], place.catalog)


def test_a_join_on_a_subquery_joins_the_tables_behind_it(place_of: Callable[[str], Place]) -> None:
    relations = CatalogRelations(place_of("shop").catalog, ["public"])
    text = (
        "WITH c AS (SELECT user_id AS k FROM orders) "
        "SELECT 1 FROM c JOIN active_users a ON a.id = c.k"
    )
    (join,) = analyse(text, relations).base_joins
    names = {(use.relation.name, use.column) for use in (join.left, join.right)}
    assert names == {("orders", "user_id"), ("users", "id")}
    assert join.traced
    fenced = text.replace("c AS (", "c AS MATERIALIZED (")
    assert analyse(fenced, relations).base_joins == ()


def test_views_are_left_alone_on_demand(place_of: Callable[[str], Place]) -> None:
    relations = CatalogRelations(place_of("shop").catalog, ["public"])
    statement = analyse("SELECT * FROM active_users WHERE id = 1", relations, expand_views=False)
    assert [relation.name for relation in statement.relations] == ["active_users"]
    assert statement.relations[0].source is None
