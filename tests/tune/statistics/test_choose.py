"""Statistics are tried on real rows: what mends an estimate is found, and no more than that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.tune.statistics.place import Place, place

from dbwright.model.workload import Query
from dbwright.sandbox import Server
from dbwright.tune.statistics.create import create_fix
from dbwright.tune.statistics.trial import Option
from servers.postgresql import Database

ADDRESSES = """
CREATE TABLE addresses (
    id int PRIMARY KEY, city text NOT NULL, zip text NOT NULL, floor int, seen xid, street text
);
INSERT INTO addresses
SELECT n, 'city ' || n % 500 / 5, 'zip ' || n % 500, n / 500 % 4, (n % 2)::text::xid,
       CASE WHEN n % 2 = 0 THEN 'Street ' ELSE 'STREET ' END || n % 500
FROM generate_series(1, 60000) n;
"""
OTHERS = """
CREATE TABLE events (at date NOT NULL, kind int NOT NULL, source int NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
INSERT INTO events SELECT date '2024-01-01' + n % 60, n % 100, n % 100 FROM generate_series(1, 40000) n;
CREATE MATERIALIZED VIEW summary AS SELECT city, zip FROM addresses;
CREATE TABLE copies (a int, b int, c int, d int, e int, f int);
INSERT INTO copies SELECT k, k, k, k, k, k FROM generate_series(1, 20000) n, mod(n, 100) k;
CREATE TABLE shipments (status text, sent date);
INSERT INTO shipments
SELECT CASE WHEN n % 10 = 0 THEN 'open' ELSE 'sent' END,
       CASE WHEN n % 10 <> 0 THEN date '2025-01-01' + n % 300 END FROM generate_series(1, 9000) n;
"""
BY_BOTH = "SELECT id FROM addresses WHERE city = 'city 7' AND zip = 'zip 36'"
GROUPED = "SELECT city, zip, count(*) FROM addresses GROUP BY city, zip"


@pytest.fixture(scope="module")
def here(postgresql: Server) -> Iterator[Place]:
    postgresql.create_database("correlated")
    with place(postgresql.url("correlated"), ADDRESSES + OTHERS) as found:
        yield found


def test_each_version_finds_the_kind_that_helps(any_database: Database) -> None:
    with place(any_database.url, ADDRESSES) as here:
        more = (
            "SELECT id FROM addresses WHERE city IN ('city 7', 'city 8') "
            "AND zip IN ('zip 36', 'zip 37', 'zip 41', 'zip 42')"
        )
        (mend,) = here.mends("public.addresses", more, GROUPED)
        assert mend.option.members == ("city", "zip")
        assert "ndistinct" in mend.option.kinds
        assert mend.real in (480, 500)
        assert mend.after == pytest.approx(mend.real, rel=0.5)


def test_a_column_that_says_the_other_needs_dependencies_alone(here: Place) -> None:
    (mend,) = here.mends("public.addresses", BY_BOTH)
    assert mend.option == Option(("city", "zip"), ("dependencies",))
    assert (round(mend.before), mend.real) == (1, 120)
    assert mend.after == pytest.approx(120, rel=0.3)
    assert mend.question.shown == "city = … AND zip = …"  # no value is told


def test_a_null_that_goes_with_a_value_needs_common_values(here: Place) -> None:
    query = "SELECT * FROM shipments WHERE status = 'open' AND sent IS NULL"
    (mend,) = here.mends("public.shipments", query)
    assert mend.option.kinds == ("mcv",)
    assert mend.after == pytest.approx(mend.real, rel=0.3)


def test_rows_tell_which_values_come_together(here: Place) -> None:
    """A query without constants: a common city and a common postcode hardly ever do."""
    query = Query("SELECT at FROM events WHERE kind = $1 AND source = $2", calls=10)
    (mend,) = here.mends("public.events", query)
    assert mend.option.members == ("kind", "source")
    assert mend.real == 400


def test_only_the_columns_that_depend_on_each_other(here: Place) -> None:
    query = "SELECT * FROM events WHERE kind = 3 AND source = 3 AND at >= '2024-01-05'"
    (mend,) = here.mends("public.events", query)
    assert mend.option.members == ("kind", "source")


def test_one_object_serves_all_that_it_can(here: Place) -> None:
    found = here.mends(
        "public.events",
        "SELECT * FROM events WHERE kind = 3 AND source = 3",
        "SELECT * FROM events WHERE kind = 4 AND source = 4 AND at >= '2024-01-05'",
        "SELECT kind, source, count(*) FROM events GROUP BY kind, source",
    )
    (mend,) = found
    assert mend.option == Option(("kind", "source"), ("ndistinct", "dependencies"))
    assert len(mend.served) == 3


def test_expressions_from_version_14_on(here: Place, database_15: Database) -> None:
    query = "SELECT lower(street), zip FROM addresses GROUP BY lower(street), zip"
    (mend,) = here.mends("public.addresses", query)
    assert mend.option == Option(("lower(street)", "zip"), ("ndistinct",))
    with place(database_15.url, ADDRESSES) as older:
        (mend,) = older.mends("public.addresses", query)
        fix = create_fix(
            older.snapshot.catalog,
            older.snapshot.catalog.table("public.addresses"),
            mend.option,
            set(),
        )
        assert fix is not None
        older.execute(fix.up)
        assert older.expected(query) == pytest.approx(500, rel=0.2)
        older.execute(fix.down)
        assert older.expected(query) > 1000


def test_a_materialized_view(here: Place) -> None:
    query = "SELECT count(*) FROM summary WHERE city = 'city 7' AND zip = 'zip 36'"
    (mend,) = here.mends("public.summary", query)
    view = here.snapshot.catalog.materialized_views[0]
    fix = create_fix(here.snapshot.catalog, view, mend.option, set())
    assert fix is not None
    here.execute(fix.up)
    here.execute(fix.down)


def test_many_questions_are_tried_in_several_turns(here: Place) -> None:
    """Three questions of four columns each would be 66 objects at a time."""
    found = here.mends(
        "public.copies",
        "SELECT 1 FROM copies WHERE a = 3 AND b = 3 AND c = 3 AND d = 3",
        "SELECT 1 FROM copies WHERE c = 4 AND d = 4 AND e = 4 AND f = 4",
        "SELECT 1 FROM copies WHERE a = 5 AND b = 5 AND e = 5 AND f = 5",
    )
    assert {question.shown for mend in found for question in mend.served} == {
        "a = … AND b = … AND c = … AND d = …",
        "c = … AND d = … AND e = … AND f = …",
        "a = … AND b = … AND e = … AND f = …",
    }
    assert all(mend.mean_after < 1.5 for mend in found)


def test_what_the_server_refuses_is_left_out(here: Place) -> None:
    """xid has no order, so there are no statistics of it with others."""
    query = "SELECT id FROM addresses WHERE seen = '0' AND city = 'city 7' AND zip = 'zip 36'"
    (mend,) = here.mends("public.addresses", query)
    assert mend.option.members == ("city", "zip")
    assert "seen" in mend.question.keys


def test_columns_that_are_independent_need_nothing(here: Place) -> None:
    query = "SELECT * FROM events WHERE at >= '2024-02-01' AND kind IN (3, 4, 5)"
    assert here.mends("public.events", query, "SELECT DISTINCT floor, zip FROM addresses") == ()


@pytest.mark.parametrize(
    ("query", "objects", "rows"),
    [
        ("SELECT * FROM events WHERE kind = 3 AND source = 3", 2, 400),
        ("SELECT kind, source FROM events GROUP BY kind, source", 1, 100),
    ],
)
def test_a_partitioned_table(here: Place, query: str, objects: int, rows: int) -> None:
    """Conditions are estimated for each partition, groups for the whole table."""
    (mend,) = here.mends("public.events", query)
    catalog = here.snapshot.catalog
    fix = create_fix(catalog, catalog.table("public.events"), mend.option, set())
    assert fix is not None
    assert fix.up.count("CREATE STATISTICS") == objects
    assert bool(fix.risk) is (objects == 2)
    here.execute(fix.up)
    assert here.expected(query) == pytest.approx(rows, rel=0.3)
    here.execute(fix.down)
    assert here.expected(query) != pytest.approx(rows, rel=0.3)
    assert here.connection.execute("SELECT FROM pg_statistic_ext").fetchall() == []


def test_a_trial_leaves_nothing(here: Place) -> None:
    here.mends("public.events", "SELECT * FROM events WHERE kind = 3 AND source = 3")
    assert here.connection.execute("SELECT FROM pg_statistic_ext").fetchall() == []
