"""Whatever query is written over a view gives the rows of the query itself, on real rows."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.tune.rewrites.place import execute, snapshot_of
from tests.tune.views.place import SHOP

from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.sandbox import Server
from dbwright.tune.views.costs import column_types
from dbwright.tune.views.definition import define
from dbwright.tune.views.reading import Unwritable, reading
from dbwright.tune.views.shape import shape_of
from dbwright.tune.workload.weighted import weighted

GROUPS = ("status", "day", "o.pieces", 'o."Size"', "c.country", "o.pieces % 3", "lower(status)")
SUMS = (
    "count(*)",
    "count(total)",
    "sum(total)",
    "sum(o.pieces)",
    "min(day)",
    "max(status)",
    "avg(pieces)",
    "avg(total)",
    "bool_or(pieces > 4)",
    "count(DISTINCT day)",
    "sum(o.id)",
    "count(*) FILTER (WHERE status = 'open')",
    "avg(weight)",
    "coalesce(sum(pieces), 0) + 1",
    "sum(CASE WHEN status = 'paid' THEN total END)",
)
CONDITIONS = (
    "status = 'paid'",
    "'open' = o.status",
    "status <> 'open'",
    "status IS NULL",
    "day BETWEEN '2025-01-04' AND '2025-01-06'",
    "day = '2025-01-05'",
    "pieces IN (1, 2, 7)",
    "(pieces = 3 OR status = 'open')",
    "country = 'c1'",
    "country LIKE 'c%'",
    "pieces > 2.5",
    "NOT pieces = 3",
    "lower(status) = 'paid'",
    "c.name IS NOT NULL",
    "total = 4",
    "pieces = 1.0",
    "status IS DISTINCT FROM 'paid'",
    "(status, pieces) = ('open', 3)",
    "NULLIF(pieces, 4) = 5",
    "date_trunc('month', day) = '2025-01-01'",
    "extract(dow FROM day) IN (1, 3)",
    "at::date > '2025-01-03'",
    "o.\"Size\" = 'large'",
    "o.\"Size\" > 'small'",
)
HAVING = ("count(*) > 40", "sum(pieces) IS NOT NULL", "min(day) < '2025-01-09'")
FROM = (
    "shop.orders o JOIN shop.customers c ON c.id = o.customer_id",
    "shop.orders o LEFT JOIN shop.customers c ON c.id = o.customer_id AND c.country = o.status",
    "shop.orders o RIGHT JOIN shop.customers c ON c.id = o.customer_id",
)
queries = st.builds(
    lambda groups, sums, conditions, having, source: (
        f"SELECT {', '.join([*groups, *sums])} FROM {source}"
        + (f" WHERE {' AND '.join(conditions)}" if conditions else "")
        + (f" GROUP BY {', '.join(groups)}" if groups else "")
        + (f" HAVING {having}" if having else "")
    ),
    st.lists(st.sampled_from(GROUPS), max_size=3, unique=True),
    st.lists(st.sampled_from(SUMS), min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from(CONDITIONS), max_size=3, unique=True),
    st.one_of(st.none(), st.sampled_from(HAVING)),
    st.sampled_from(FROM),
)


@pytest.fixture(scope="module")
def place(postgresql: Server) -> tuple[str, Snapshot]:
    postgresql.create_database("generated_views")
    url = postgresql.url("generated_views")
    execute(url, SHOP)
    execute(url, "DELETE FROM shop.orders WHERE id % 10 > 0; ANALYZE shop.orders")
    return url, snapshot_of(url)


def _judge(place: tuple[str, Snapshot], query: str) -> bool:
    """Was there a view for it? Then the rows are compared."""
    url, snapshot = place
    with psycopg.connect(url, autocommit=True) as connection:
        (known,), _ = weighted([Query(query, example=query)], snapshot, connection)
        shape = shape_of(known, snapshot.catalog)
        view = None if shape is None else define([shape], snapshot.catalog)
        types = None if view is None else column_types(connection, view)
        if shape is None or view is None or types is None:
            return False
        try:
            text = reading(shape, view, types, inlined=True)
        except Unwritable:
            return False
        results = []
        for each in (query, text):
            cursor = connection.execute(each.encode())
            columns = [(c.name, c.type_code) for c in cursor.description or ()]
            results.append((columns, sorted(map(repr, cursor.fetchall()))))
        assert results[0] == results[1], text
        keys = ", ".join(view.keys)
        same = connection.execute(
            f"SELECT {keys} FROM ({view.query}) v GROUP BY {keys} HAVING count(*) > 1".encode()
        )
        assert same.fetchall() == [], view.query  # the unique index can be made
    return True


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(query=queries)
def test_rows_over_a_view_are_those_of_the_query(place: tuple[str, Snapshot], query: str) -> None:
    _judge(place, query)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_conditions_are_left_to_the_reader(place: tuple[str, Snapshot], condition: str) -> None:
    assert _judge(place, f"SELECT day, sum(pieces) FROM {FROM[0]} WHERE {condition} GROUP BY day")


@pytest.mark.slow
@settings(
    max_examples=3000,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(query=queries)
def test_rows_over_a_view_are_those_of_the_query_much_longer(
    place: tuple[str, Snapshot], query: str
) -> None:
    _judge(place, query)
