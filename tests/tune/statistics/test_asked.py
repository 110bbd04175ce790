"""What queries ask of one table alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tune.statistics.place import Place, place

from dbwright.model.workload import Query
from dbwright.sandbox import Server
from dbwright.tune.statistics.known import error

SCHEMA = """
CREATE TABLE orders (
    id int PRIMARY KEY, status text, "Shipped At" timestamptz, paid boolean, customer int, tags int[]
);
CREATE TABLE customers (id int PRIMARY KEY, country text, city text);
CREATE VIEW open_orders AS SELECT * FROM orders WHERE status = 'open';
"""


@pytest.fixture(scope="module")
def here(postgresql: Server) -> Iterator[Place]:
    postgresql.create_database("asked")
    with place(postgresql.url("asked"), SCHEMA) as found:
        yield found


ASKED = {
    "SELECT 1 FROM orders WHERE status = 'a' AND \"Shipped At\" > '2024-01-01'": [
        '"Shipped At" > … AND status = …'
    ],
    "SELECT 1 FROM orders WHERE paid AND status IN ('a', 'b') AND customer IS NOT NULL": [
        "customer IS NOT NULL AND paid AND status IN …"
    ],
    "SELECT 1 FROM orders WHERE NOT paid AND status <> 'a' AND id BETWEEN 1 AND 9": [
        "NOT paid AND id <= … AND id >= … AND status <> …"
    ],
    "SELECT 1 FROM orders WHERE customer = ANY ('{1,2}') AND lower(status) = 'a'": [
        "customer = ANY … AND lower(status) = …"
    ],
    "SELECT 1 FROM open_orders WHERE customer = 3": ["customer = … AND status = …"],
    "SELECT 1 FROM orders o JOIN customers c ON c.id = o.customer WHERE o.status = 'a' AND c.city = 'b' AND c.country = 'c'": [
        "city = … AND country = …",
        "status = …",
    ],
    "UPDATE orders SET paid = true WHERE status = 'a' AND customer = 3": [
        "customer = … AND status = …"
    ],
    "SELECT status, customer, count(*) FROM orders WHERE paid GROUP BY status, customer": [
        "GROUP BY customer, status of rows with paid",
        "paid",
    ],
    "SELECT DISTINCT city, country FROM customers": ["GROUP BY city, country"],
    "SELECT country, sum(id) FROM customers GROUP BY ROLLUP (country, city)": [],
    # Not of every row; not known before rows are read; nothing that statistics say.
    "SELECT 1 FROM orders WHERE status = 'a' OR customer = 3": [],
    "SELECT 1 FROM orders WHERE customer = (SELECT max(id) FROM customers)": [],
    "SELECT 1 FROM orders WHERE status LIKE '%a%' AND tags @> '{1}'": [],
    "SELECT 1 FROM orders WHERE (customer, id) > (1, 2)": [],
}


@pytest.mark.parametrize("query", ASKED)
def test_what_a_query_asks(here: Place, query: str) -> None:
    assert sorted(question.shown for question in here.asked(query)) == ASKED[query]


def test_constants_are_kept_as_they_are_written(here: Place) -> None:
    (question,) = here.asked(
        "SELECT 1 FROM orders WHERE status = E'it\\'s' AND \"Shipped At\" > now() - interval '1 day'"
    )
    (asking,) = question.askings
    assert {term.condition for term in asking.terms} == {
        "status = E'it\\'s'",
        "\"Shipped At\" > now() - '1 day'::interval",
    }
    assert asking.own


def test_made_up_constants_are_told_apart(here: Place) -> None:
    asked = here.asked(
        Query("SELECT 1 FROM orders WHERE status = $1 AND customer = $2", calls=7),
        "SELECT 1 FROM orders WHERE status = 'x' AND customer = 1",
    )
    (question,) = asked
    assert question.weight == pytest.approx(8)
    assert [asking.own for asking in question.askings].count(True) == 1


def test_each_column_alone(here: Place) -> None:
    asked = here.asked(
        "SELECT 1 FROM orders WHERE status = 'a' AND id > 3 AND id < 5 GROUP BY paid", alone=True
    )
    assert [(q.keys, q.shown) for q in asked] == [
        (("id",), "id < … AND id > …"),
        (("status",), "status = …"),
    ]


@given(st.floats(0, 1e12), st.integers(0, 10**12))
def test_an_error_has_no_direction(expected: float, real: int) -> None:
    assert error(expected, real) == error(real, expected) >= 1.0
