"""Two queries are told apart wherever they differ, and not where they are equal; what can't be
told is said."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from tests.tune.rewrites.place import execute, snapshot_of

from dbwright.sandbox import Server
from dbwright.tune.rewrites.proof import Prover, prove_equal
from dbwright.tune.rewrites.verdict import Outcome, Verdict

SCHEMA = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN small AS int CHECK (VALUE < 100);
CREATE TABLE customers (
    id int PRIMARY KEY, email text UNIQUE, name text NOT NULL, mood mood, size small,
    code varchar(3) CHECK (code IN ('new', 'old'))
);
CREATE TABLE orders (
    id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric(10,2),
    placed timestamp, status text NOT NULL
);
CREATE TABLE lines (order_id int NOT NULL REFERENCES orders, place int, PRIMARY KEY (order_id, place));
CREATE TABLE events (id int NOT NULL, at timestamptz NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE VIEW paid AS SELECT * FROM orders WHERE status = 'paid';
CREATE TABLE loose (id int PRIMARY KEY, parent int);
ALTER TABLE loose ADD CONSTRAINT later FOREIGN KEY (parent) REFERENCES customers NOT VALID;
CREATE FUNCTION rate() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
"""


@pytest.fixture(scope="module")
def prover(postgresql: Server) -> Iterator[Prover]:
    postgresql.create_database("proofs")
    execute(postgresql.url("proofs"), SCHEMA)
    with Prover(snapshot_of(postgresql.url("proofs")), postgresql) as found:
        assert found.skipped == ()
        yield found


DIFFERENT = {
    "GROUP BY made a window": (
        "SELECT customer_id, count(*) FROM orders GROUP BY customer_id",
        "SELECT customer_id, count(*) OVER (PARTITION BY customer_id) FROM orders",
    ),
    "NOT IN over NULLs": (
        "SELECT id FROM customers WHERE id NOT IN (SELECT customer_id FROM orders)",
        "SELECT id FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id)",
    ),
    "filter of a LEFT JOIN moved to ON": (
        "SELECT c.id, o.id AS o FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.status = 'paid'",
        "SELECT c.id, o.id AS o FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.status = 'paid'",
    ),
    "UNION of duplicates": (
        "SELECT status FROM orders UNION SELECT name FROM customers",
        "SELECT status FROM orders UNION ALL SELECT name FROM customers",
    ),
    "UNION of what meets": (
        "SELECT id FROM orders UNION SELECT id FROM customers",
        "SELECT id FROM orders UNION ALL SELECT id FROM customers",
    ),
    "DISTINCT dropped": (
        "SELECT DISTINCT customer_id FROM orders",
        "SELECT customer_id FROM orders",
    ),
    "outer join made inner": (
        "SELECT o.id, c.name FROM orders o LEFT JOIN customers c ON c.id = o.customer_id",
        "SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id",
    ),
    "join dropped over a nullable reference": (
        "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id",
        "SELECT o.id FROM orders o",
    ),
    "join dropped over a NOT VALID reference": (
        "SELECT l.id FROM loose l JOIN customers c ON c.id = l.parent",
        "SELECT l.id FROM loose l WHERE l.parent IS NOT NULL",
    ),
    "day ends too early": (
        "SELECT id FROM orders WHERE placed::date = '2024-05-17'",
        "SELECT id FROM orders WHERE placed BETWEEN '2024-05-17' AND '2024-05-17 23:59:59'",
    ),
    "month too long": (
        "SELECT id FROM orders WHERE date_trunc('month', placed) = '2024-05-01'",
        "SELECT id FROM orders WHERE placed >= '2024-05-01' AND placed <= '2024-06-01'",
    ),
    "count of a column": (
        "SELECT count(*) FROM orders", "SELECT count(customer_id) FROM orders"),
    "OR made UNION ALL": (
        "SELECT id FROM orders WHERE customer_id = 1 OR status = 'new'",
        "SELECT id FROM orders WHERE customer_id = 1 UNION ALL SELECT id FROM orders WHERE status = 'new'",
    ),
    "empty group lost": (
        "SELECT c.id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) AS n FROM customers c",
        "SELECT c.id, s.n FROM customers c LEFT JOIN (SELECT customer_id, count(*) AS n FROM orders GROUP BY 1) s ON s.customer_id = c.id",
    ),
    "tie cut": (
        "SELECT o.id FROM orders o WHERE o.placed = (SELECT max(p.placed) FROM orders p WHERE p.customer_id = o.customer_id)",
        "SELECT o.id FROM orders o, LATERAL (SELECT p.id FROM orders p WHERE p.customer_id = o.customer_id ORDER BY p.placed DESC, p.id LIMIT 1) l WHERE l.id = o.id",
    ),
    "other direction": (
        "SELECT id, status FROM orders ORDER BY status", "SELECT id, status FROM orders ORDER BY status DESC"),
    "NULLs elsewhere": (
        "SELECT id FROM orders ORDER BY placed", "SELECT id FROM orders ORDER BY placed NULLS FIRST"),
    "order lost": ("SELECT id FROM customers ORDER BY name, id", "SELECT id FROM customers"),
    "column called otherwise": ("SELECT id FROM orders", "SELECT id AS order_id FROM orders"),
    "another type": ("SELECT id FROM orders", "SELECT id::bigint FROM orders"),
    "another modifier": ("SELECT total FROM orders", "SELECT total::numeric(9,2) AS total FROM orders"),
    "fails": ("SELECT id FROM orders", "SELECT 1 / (total - 1)::int AS id FROM orders"),
    "three tables": (
        "SELECT DISTINCT c.id FROM customers c JOIN orders o ON o.customer_id = c.id JOIN lines l ON l.order_id = o.id WHERE l.place = 42",
        "SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id JOIN lines l ON l.order_id = o.id WHERE l.place = 42",
    ),
    "rare constant of an enum": (
        "SELECT id FROM customers WHERE mood = 'sad' AND code = 'old' AND size > 98",
        "SELECT id FROM customers WHERE mood = 'sad' AND code = 'old' AND size > 99",
    ),
    "through a view": (
        "SELECT id FROM paid", "SELECT id FROM orders WHERE status LIKE 'pai%'"),
    "of a partitioned table": (
        "SELECT id FROM events WHERE at < '2024-01-15'", "SELECT id FROM events WHERE at <= '2024-01-15'"),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_differs_is_refused_with_the_rows(prover: Prover, name: str) -> None:
    verdict = prover.prove(*DIFFERENT[name])
    assert verdict.outcome is Outcome.DIFFERENT, verdict
    example = verdict.counter_example
    assert example is not None and example.difference
    assert sum(len(rows) for rows in example.rows.values()) <= 5


EQUAL = {
    "itself": ("SELECT * FROM orders ORDER BY id", "SELECT * FROM orders ORDER BY id"),
    "ties in any order": (
        "SELECT id, status FROM orders ORDER BY status",
        "SELECT id, status FROM orders ORDER BY status, id DESC",
    ),
    "ties of what is not shown": (
        "SELECT id FROM orders o ORDER BY o.total, lower(status)",
        "SELECT id FROM orders o ORDER BY o.total, lower(status), id",
    ),
    "no order": (
        "SELECT status FROM orders ORDER BY 1",
        "SELECT status FROM (SELECT status FROM orders OFFSET 0) s ORDER BY 1",
    ),
    "NOT IN with its NULLs": (
        "SELECT id FROM customers WHERE id NOT IN (SELECT customer_id FROM orders)",
        "SELECT id FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE (o.customer_id = c.id) IS NOT FALSE)",
    ),
    "a day": (
        "SELECT id FROM orders WHERE placed::date = '2024-05-17'",
        "SELECT id FROM orders WHERE placed >= '2024-05-17' AND placed < '2024-05-18'",
    ),
    "distinct of a key": (
        "SELECT DISTINCT id, status FROM orders ORDER BY status",
        "SELECT id, status FROM orders ORDER BY status",
    ),
    "last of each group": (
        "SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY placed DESC, id) AS n FROM orders) s WHERE n = 1",
        "SELECT id FROM (SELECT DISTINCT ON (customer_id) id FROM orders ORDER BY customer_id, placed DESC, id) s",
    ),
    "ties that a LIMIT cuts": (
        "SELECT id FROM orders ORDER BY status LIMIT 2",
        "SELECT id FROM (SELECT id, status FROM orders) s ORDER BY s.status LIMIT 2",
    ),
    "of a partitioned table": (
        "SELECT id FROM events WHERE at < '2024-01-15'",
        "SELECT id FROM events WHERE NOT at >= '2024-01-15'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EQUAL)
def test_what_is_equal_is_told_so(prover: Prover, name: str) -> None:
    verdict = prover.prove(*EQUAL[name])
    assert verdict.equal, verdict
    assert verdict.telling >= 2 and verdict.data_sets >= verdict.telling


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT id FROM orders WHERE random() < 0.5", "calls random"),
        ("SELECT id FROM orders WHERE id = rate()", "calls public.rate"),
        ("SELECT id FROM (SELECT id FROM orders LIMIT 1) s", "LIMIT without ORDER BY"),
        ("SELECT id FROM orders TABLESAMPLE SYSTEM (10)", "random sample"),
        ("SELECT id FROM orders WHERE id = $1", "parameters"),
        ("SELECT id FROM orders FOR UPDATE", "locks rows"),
        ("DELETE FROM orders", "no SELECT"),
        ("SELECT id FROM nowhere", "no SELECT of which every name is known"),
        ("SELECT 1", "no table"),
        ("SELEC", "does not parse"),
        ("SELECT id FROM orders WHERE false", "answer changes"),
        ("SELECT string_agg(status, '' ORDER BY 1) OVER () FROM orders", "fails"),
    ],
)
def test_what_has_no_one_right_answer_is_not_comparable(
    prover: Prover, query: str, reason: str
) -> None:
    verdict = prover.prove(query, query)
    assert verdict.outcome is Outcome.NOT_COMPARABLE
    assert reason in verdict.reason


def test_sampled_rows_are_tried_too(prover: Prover) -> None:
    rows = {"public.customers": [{"id": "7", "name": "zebra", "code": "new"}]}
    before = prover.prove(
        "SELECT id FROM customers WHERE length(name) < 5",
        "SELECT id FROM customers WHERE length(name) <= 5",
    )
    assert before.outcome is not Outcome.DIFFERENT
    verdict = prover.prove(
        "SELECT id FROM customers WHERE length(name) < 5",
        "SELECT id FROM customers WHERE length(name) <= 5",
        samples=rows,
    )
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.counter_example is not None
    assert verdict.counter_example.data_set == "rows of the database"
    assert verdict.counter_example.rewritten == (("7",),)


def test_two_runs_say_the_same(prover: Prover) -> None:
    def once() -> Verdict:
        return prover.prove(*DIFFERENT["NOT IN over NULLs"])

    assert once() == once()


def test_nothing_stays_behind(postgresql: Server, prover: Prover) -> None:
    query = "SELECT id FROM orders"
    assert prove_equal(query, query, prover.snapshot, postgresql).equal
    with psycopg.connect(postgresql.url()) as connection:
        rows = connection.execute(
            "SELECT count(*) FROM pg_database WHERE datname LIKE 'dbwright_proof%'"
        ).fetchall()
    assert rows == [(1,)]  # the fixture's own


def test_a_query_that_takes_too_long_is_not_comparable(postgresql: Server, prover: Prover) -> None:
    slow = "SELECT count(*) FROM orders, generate_series(1, 100000) a, generate_series(1, 100000) b"
    with Prover(prover.snapshot, postgresql, timeout_seconds=0.05) as hurried:
        verdict = hurried.prove(slow, slow)
    assert verdict.outcome is Outcome.NOT_COMPARABLE
    assert "time-out" in verdict.reason


def test_an_older_server_will_do(postgresql_15: Server, prover: Prover) -> None:
    with Prover(prover.snapshot, postgresql_15) as older:
        for name in ("NOT IN over NULLs", "UNION of duplicates", "order lost"):
            assert older.prove(*DIFFERENT[name]).outcome is Outcome.DIFFERENT
        for name in ("a day", "ties in any order"):
            assert older.prove(*EQUAL[name]).equal
