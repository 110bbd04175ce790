"""What the advisors about statistics say of a database and its workload, in all its circumstances."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.tune.statistics.place import LIMITS, Place, advised, place, workbench

from dbwright.model.finding import Confidence, ProofLevel
from dbwright.model.workload import Query
from dbwright.sandbox import Server
from dbwright.tune.advisors.rules.correlated_columns import correlated_columns
from dbwright.tune.advisors.rules.statistics_target_too_low import statistics_target_too_low
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.statistics.unfilled import filled, unfilled
from servers.postgresql import Database

ADDRESSES = """
CREATE SCHEMA shop;
CREATE TABLE shop.addresses (id int PRIMARY KEY, city text NOT NULL, zip text NOT NULL, kind int);
INSERT INTO shop.addresses
SELECT n, 'city ' || n % 500 / 5, 'zip ' || n % 500, n % 3 FROM generate_series(1, 60000) n;
"""
ORDERS = """
CREATE TABLE shop.orders (id int PRIMARY KEY, address int NOT NULL, note text);
INSERT INTO shop.orders SELECT n, n % 60000 + 1, 'note' FROM generate_series(1, 100000) n;
CREATE INDEX ON shop.orders (address);
"""
BY_BOTH = "SELECT id FROM shop.addresses WHERE city = 'city 7' AND zip = 'zip 36'"
JOINED = "SELECT o.note FROM shop.addresses a JOIN shop.orders o ON o.address = a.id WHERE a.city = 'city 7' AND a.zip IN ('zip 35', 'zip 36', 'zip 37', 'zip 38', 'zip 39')"


@pytest.fixture(scope="module")
def here(postgresql: Server) -> Iterator[Place]:
    postgresql.create_database("statistics")
    with place(postgresql.url("statistics"), ADDRESSES + ORDERS) as found:
        yield found


@pytest.fixture(scope="module")
def bench(here: Place) -> Iterator[Workbench]:
    with workbench(here) as found:
        yield found


def test_a_query_that_is_planned_another_way_is_told(here: Place, bench: Workbench) -> None:
    (found,), skipped = advised(correlated_columns, bench, here.weighted(JOINED))
    assert skipped == ()
    assert found.evidence["queries_planned_another_way"] == 1
    assert found.proof.level is ProofLevel.MEASURED
    assert found.confidence is Confidence.HIGH
    assert found.key == "tune/correlated-columns:table shop.addresses:city, zip"
    assert found.fix is not None
    assert found.fix.up.startswith("CREATE STATISTICS shop.addresses_city_zip_stats (")
    assert found.fix.up.endswith(" ON city, zip FROM shop.addresses;\nANALYZE shop.addresses;")
    assert found.fix.down == "DROP STATISTICS shop.addresses_city_zip_stats;"
    # What rows hold is nobody's business.
    assert "city 7" not in repr(found)
    assert "zip 3" not in repr(found)


def test_of_a_sample_it_is_an_estimate(here: Place) -> None:
    with workbench(here, rows=30_000) as sample:
        (found,), _ = advised(correlated_columns, sample, here.weighted(JOINED))
        # Its rows lie in this order: a sample has whole pages of some hundreds, and none of others.
        ranges = [f"id >= {n} AND id < {n + 400}" for n in range(10_000, 20_000, 400)]
        ranges = [f"SELECT note FROM shop.orders WHERE {one}" for one in ranges]
        assert advised(statistics_target_too_low, sample, here.weighted(*ranges)) == ((), ())
    assert found.proof.level is ProofLevel.ESTIMATED
    assert found.confidence is Confidence.MEDIUM
    assert found.evidence["sampled"] is True
    assert "a sample of" in found.proof.reproduce


def test_thresholds(here: Place, bench: Workbench) -> None:
    asked = here.weighted(BY_BOTH)
    assert advised(correlated_columns, bench, asked, threshold=1000.0) == ((), ())
    assert advised(correlated_columns, bench, asked, min_rows=100_000.0) == ((), ())
    found, (left,) = advised(correlated_columns, bench, asked, seconds=-1.0)
    assert found == ()
    assert left.objects == ("shop.addresses",)


def test_without_rows_it_says_what_to_do(here: Place, bench: Workbench) -> None:
    bare = replace(bench, copy=None)
    found, (left,) = advised(correlated_columns, bare, here.weighted(BY_BOTH))
    assert found == ()
    assert left.rules == ("tune/correlated-columns",)
    assert left.objects == ("shop.addresses",)
    assert "without rows" in left.reason
    # One condition by itself is no question of columns that depend on each other.
    alone = here.weighted("SELECT id FROM shop.addresses WHERE city = 'city 7'")
    assert advised(correlated_columns, bare, alone) == ((), ())
    _, (left,) = advised(statistics_target_too_low, bare, alone)
    assert left.rules == ("tune/statistics-target-too-low",)


def test_plans_of_the_workload_are_told(here: Place, bench: Workbench) -> None:
    row = here.connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {BY_BOTH}".encode()).fetchone()
    assert row is not None
    asked = here.weighted(Query(BY_BOTH, example=BY_BOTH, plan_text=json.dumps(row[0])))
    _, (left,) = advised(correlated_columns, replace(bench, copy=None), asked)
    assert "expected 1 row of shop.addresses and got 120" in left.reason
    (found,), _ = advised(correlated_columns, bench, asked)
    assert found.evidence["rows_found_in_a_plan"] == 120


def test_a_condition_that_fails_on_rows_costs_no_other(here: Place, bench: Workbench) -> None:
    broken = "SELECT id FROM shop.addresses WHERE kind = 1 AND 100 / kind = 4"
    (found,), (left,) = advised(correlated_columns, bench, here.weighted(broken, BY_BOTH))
    assert found.object.name == "shop.addresses"
    assert "division by zero" in left.reason


DECLARED = "CREATE STATISTICS shop.together (dependencies) ON city, zip FROM shop.addresses"


def test_statistics_that_were_never_computed(any_database: Database) -> None:
    with place(any_database.url, f"{ADDRESSES}; {DECLARED}") as there:
        table = there.snapshot.catalog.table("shop.addresses")
        assert unfilled(there.snapshot, table) == ()
        known = there.known(BY_BOTH)
        empty = there.snapshot.catalog.extended_statistics
        (found,) = filled(there.connection, empty, known, LIMITS)
        assert found.before <= 3 and found.real == 120
        assert found.after == pytest.approx(120, rel=0.3)
        there.execute(f"DROP STATISTICS shop.together; {DECLARED}")
    with place(any_database.url, "", analyze=False) as late:
        (empty_one,) = unfilled(late.snapshot, table)
        assert empty_one.qualified == "shop.together"


def test_the_advice_is_to_compute_them(database: Database) -> None:
    with place(database.url, ADDRESSES) as early:
        early.execute(DECLARED)
    with place(database.url, "", analyze=False) as empty, workbench(empty) as bench:
        (found,), _ = advised(correlated_columns, bench, empty.weighted(BY_BOTH))
        assert "the statistics shop.together were never computed" in found.message
        assert found.fix is not None
        assert found.fix.up == "ANALYZE shop.addresses;"
        empty.execute(found.fix.up)
        assert empty.expected(BY_BOTH) == pytest.approx(120, rel=0.3)


NAMED = f"""
CREATE TABLE "Ä ""b" ("Größe {"x" * 50}" int, "select" int, c int);
INSERT INTO "Ä ""b" SELECT n % 100, n % 100, n FROM generate_series(1, 12000) n;
CREATE TABLE t (a int, b int);
INSERT INTO t SELECT n % 100, n % 100 FROM generate_series(1, 12000) n;
CREATE STATISTICS t_a_b_stats (ndistinct) ON a, b FROM t;
"""


def test_names_are_free_and_short(database: Database) -> None:
    with place(database.url, NAMED) as named, workbench(named) as bench:
        asked = named.weighted(
            f'SELECT * FROM "Ä ""b" WHERE "Größe {"x" * 50}" = 3 AND "select" = 3',
            "SELECT * FROM t WHERE a = 3 AND b = 3",
        )
        found, _ = advised(correlated_columns, bench, asked)
        fixes = [one.fix for one in found if one.fix is not None]
        for fix in fixes:
            named.execute(fix.up)
        names = "SELECT stxname FROM pg_statistic_ext"
        rows = named.connection.execute(names).fetchall()
        assert len(rows) == 3
        assert ("t_a_b_stats_2",) in rows
        for fix in fixes:
            named.execute(fix.down)
        assert named.connection.execute(names).fetchall() == [("t_a_b_stats",)]


COMMON = """
CREATE TABLE visits (at date NOT NULL, customer int NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
ALTER TABLE visits_2 ALTER COLUMN customer SET STATISTICS 90;
INSERT INTO visits SELECT date '2024-01-01' + 40 * half, customer FROM (
    SELECT customer FROM generate_series(1, 140) customer, generate_series(1, 250 - customer)
    UNION ALL SELECT 1000 + n FROM generate_series(1, 3000) n
) rows (customer), generate_series(0, 1) half;
CREATE MATERIALIZED VIEW visitors AS SELECT customer FROM visits_1;
"""


def test_a_target_of_a_partitioned_table(database: Database) -> None:
    query = "SELECT at FROM visits WHERE customer = 138"
    with place(database.url, COMMON) as visits, workbench(visits) as bench:
        before = targets(visits)
        (found,), _ = advised(statistics_target_too_low, bench, visits.weighted(query))
        assert found.object.name == "public.visits.customer"
        assert found.evidence["target_that_helps"] == 300
        assert found.fix is not None
        visits.execute(found.fix.up)
        assert targets(visits) == {"visits": 300, "visits_1": 300, "visits_2": 300}
        assert visits.expected(query) == pytest.approx(224, rel=0.1)
        visits.execute(found.fix.down)
        assert targets(visits) == before


def targets(here: Place) -> dict[str, int | None]:
    rows = here.connection.execute(
        "SELECT c.relname, nullif(a.attstattarget, -1) FROM pg_attribute a "
        "JOIN pg_class c ON c.oid = a.attrelid WHERE a.attname = 'customer' AND relname LIKE 'visits%'"
    )
    return {row[0]: row[1] for row in rows}
