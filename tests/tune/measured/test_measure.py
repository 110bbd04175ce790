"""Advice is built on a copy, run before and after, and changed where it slows a query."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import psycopg
import pytest
from tests.tune.measured.place import (
    STAGE,
    Advised,
    advised,
    copied,
    queries,
    tables_of,
)

from dbwright.model.finding import ProofLevel, Severity
from dbwright.model.measured import Measured, MeasuredQuery, Run
from dbwright.model.snapshot import Snapshot
from dbwright.model.tuning import QueryEffect
from dbwright.progress import silent
from dbwright.sandbox import Server
from dbwright.sandbox.copy.copy import Copy
from dbwright.tune.index_findings import index_findings
from dbwright.tune.measured.findings import index_proof, left_of
from dbwright.tune.measured.measure import measure
from dbwright.tune.measured.mend import mended
from dbwright.tune.measured.runs import Limits
from dbwright.tune.measured.stage import Stage
from dbwright.tune.measured.trial import on_trial
from servers.postgresql import Database

TABLES = ("shop.events", "shop.customers")
ONE_CUSTOMER = "SELECT * FROM shop.events WHERE customer_id = 77"
SUMS = (
    "SELECT customer_id, sum(amount) FROM shop.events WHERE customer_id < 50 "
    "GROUP BY customer_id ORDER BY 2 DESC"
)
FIRST_RARE = (
    "SELECT id, created FROM shop.events WHERE status = 'rare' ORDER BY created, id LIMIT 10"
)
WHOLE = "SELECT note, count(*) FROM shop.events GROUP BY 1"
UPDATE = "UPDATE shop.events SET amount = 5 WHERE customer_id = 8"
RANDOM = "SELECT random() FROM shop.events WHERE customer_id = 9"
SLEEPS = "SELECT pg_sleep(1) FROM shop.events WHERE customer_id = 9"
TIED = "SELECT id FROM shop.events WHERE customer_id IN (3, 4) ORDER BY status LIMIT 5"
INDEXES = ("shop.events (customer_id)", "shop.events (created)", "shop.events (amount)")
HELPS, HURTS, UPDATED = (f"advised_{number}_idx" for number in range(3))
BY_AMOUNT = "SELECT id FROM shop.events WHERE amount = 11 / 7.0"


@dataclass(frozen=True)
class Place:
    copy: Copy
    url: str

    @property
    def snapshot(self) -> Snapshot:
        return self.copy.snapshot


@pytest.fixture(scope="module")
def place(postgresql: Server) -> Iterator[Place]:
    postgresql.create_database("measured")
    url = postgresql.url("measured")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(STAGE.read_bytes())
        connection.execute("VACUUM ANALYZE")
    with copied(url, TABLES) as made:
        yield Place(made, url)


@pytest.fixture(scope="module")
def advice(place: Place) -> Advised:
    return advised(place.snapshot, *INDEXES, saved=(5000, 10, 2000))


@pytest.fixture(scope="module")
def measured(place: Place, advice: Advised) -> Measured:
    statements = queries(
        place.snapshot,
        *(ONE_CUSTOMER, SUMS, FIRST_RARE, WHOLE, UPDATE, RANDOM, SLEEPS, TIED, BY_AMOUNT),
        calls=7,
    )
    before = tables_of(place.copy, TABLES)
    found, skipped = measure(place.copy, statements, advice.tuning, advice.candidates)
    assert skipped == ()
    assert tables_of(place.copy, TABLES) == before, "the copy is left as it was"
    return found


def of(measured: Measured, statement: str) -> MeasuredQuery:
    (found,) = (query for query in measured.queries if query.statement == statement)
    return found


def test_an_index_that_helps(measured: Measured) -> None:
    query = of(measured, ONE_CUSTOMER)
    assert query.changed and query.indexes == (HELPS,)
    assert query.before is not None and query.after is not None
    assert query.before.repetitions == query.after.repetitions == 5
    assert query.before.rows == query.after.rows == 30
    assert query.after.buffers_hit < query.before.buffers_hit / 10
    assert query.equal is True
    assert query.weight == query.calls == 7
    index = next(index for index in measured.indexes if index.name == HELPS)
    assert 100_000 < index.bytes < 2_000_000
    assert index.estimated_bytes == 1_000_000
    proof = index_proof(measured, HELPS)
    assert proof is not None and proof.level is ProofLevel.MEASURED
    assert index_proof(measured, HURTS) is None


def test_sums_of_floats_in_another_order_are_equal(measured: Measured) -> None:
    query = of(measured, SUMS)
    assert query.indexes == (HELPS,)
    assert query.equal is True


def test_an_index_that_slows_a_query_is_dropped(
    measured: Measured, advice: Advised, place: Place
) -> None:
    (dropped,) = measured.dropped
    assert dropped.name == HURTS
    assert dropped.query == FIRST_RARE
    assert dropped.after.slower_than(dropped.before)
    assert dropped.after.buffers_hit > 10 * dropped.before.buffers_hit
    assert "for the workload it saves 10" in dropped.reason
    assert measured.kept == (0, 2)
    assert not measured.refused
    assert measured.slower == ()
    assert not of(measured, FIRST_RARE).changed
    tuning, candidates = left_of(advice.tuning, advice.candidates, measured)
    assert [index.name for index in tuning.indexes] == [HELPS, UPDATED]
    assert [candidate.keys[0].column for candidate in candidates] == ["customer_id", "amount"]


def test_a_plan_that_stays_is_not_run(measured: Measured) -> None:
    query = of(measured, WHOLE)
    assert not query.changed and not query.measured
    assert query.cost_before == query.cost_after


def test_what_writes_is_only_planned(measured: Measured, place: Place) -> None:
    query = of(measured, UPDATE)
    assert query.changed and not query.measured
    assert "it is an UPDATE" in query.note
    assert query.cost_after < query.cost_before


def test_what_may_have_effects_is_not_run(measured: Measured) -> None:
    assert "pg_sleep" in of(measured, SLEEPS).note
    assert not of(measured, SLEEPS).measured


def test_no_single_right_answer_is_told(measured: Measured) -> None:
    assert of(measured, RANDOM).measured
    assert of(measured, RANDOM).equal is None
    assert "random" in of(measured, RANDOM).note
    tied = of(measured, TIED)
    assert tied.equal is True or "LIMIT" in tied.note


def test_what_writes_cost(measured: Measured) -> None:
    (write,) = measured.writes
    assert write.table == "shop.events"
    assert write.indexes == (HELPS, UPDATED)
    assert write.note == ""
    assert write.rows >= 5000
    assert write.repetitions == 5
    assert write.insert_wal_bytes_before is not None and write.insert_wal_bytes_after is not None
    # An entry of each of two b-trees is 48 and some 20 bytes.
    assert 80 < write.insert_wal_bytes_after - write.insert_wal_bytes_before < 400
    assert write.updated_columns == ("amount",)
    assert write.hot_share_before is not None and write.hot_share_before > 0.9
    assert write.hot_share_after is not None and write.hot_share_after < 0.1
    assert write.update_wal_bytes_before is not None and write.update_wal_bytes_after is not None
    assert write.update_wal_bytes_after > 2 * write.update_wal_bytes_before
    assert write.inserts_per_second_before and write.updates_per_second_after


def test_a_set_that_nothing_mends_is_refused(place: Place) -> None:
    only = advised(place.snapshot, "shop.events (created)")
    statements = queries(place.snapshot, FIRST_RARE)
    found, _ = measure(place.copy, statements, only.tuning, only.candidates)
    assert found.refused and "each of the indexes" in found.reason
    assert found.kept == () and found.indexes == ()
    assert [dropped.name for dropped in found.dropped] == ["advised_0_idx"]


def test_indexes_that_stand_in_for_each_other_are_dropped_together(place: Place) -> None:
    three = advised(
        place.snapshot,
        *("shop.events (created)", "shop.events (created, id)", "shop.events (customer_id)"),
        saved=(1, 2, 3),
    )
    statements = queries(place.snapshot, FIRST_RARE, ONE_CUSTOMER)
    found, _ = measure(place.copy, statements, three.tuning, three.candidates)
    assert not found.refused
    assert found.kept == (2,)
    assert {dropped.name for dropped in found.dropped} == {"advised_0_idx", "advised_1_idx"}
    assert not of(found, FIRST_RARE).changed
    assert of(found, ONE_CUSTOMER).equal is True


def test_writes_that_are_not_possible_are_told(place: Place) -> None:
    unique = "UPDATE shop.events SET token = token + 1 WHERE id = 5"
    one = advised(place.snapshot, "shop.events (customer_id)")
    found, _ = measure(place.copy, queries(place.snapshot, unique), one.tuning, one.candidates)
    (write,) = found.writes
    assert "token can't be updated: duplicate key" in write.note
    assert write.updates_per_second_before is None
    assert write.inserts_per_second_before is not None

    country = advised(place.snapshot, "shop.customers (country)")
    found, _ = measure(place.copy, [], country.tuning, country.candidates)
    (write,) = found.writes
    assert "no UPDATE" in write.note
    assert write.updated_columns == ("name",), "country is in an index now"


def test_an_empty_table(postgresql: Server) -> None:
    postgresql.create_database("measured_empty")
    url = postgresql.url("measured_empty")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE nothing (a integer, b integer)")
        connection.execute("ANALYZE")
    with copied(url, ["public.nothing"]) as made:
        one = advised(made.snapshot, "public.nothing (a)")
        statements = queries(made.snapshot, "SELECT b FROM nothing WHERE a = 1")
        found, skipped = measure(made, statements, one.tuning, one.candidates)
        assert skipped == ()
        assert [write.note for write in found.writes] == ["it has too few rows to measure anything"]


def test_a_query_beyond_its_time(place: Place) -> None:
    long = (
        "SELECT count(*) FROM (SELECT amount FROM shop.events WHERE customer_id = 77) e "
        "CROSS JOIN (SELECT amount FROM shop.events WHERE customer_id < 1000) f "
        "CROSS JOIN generate_series(1, 100) WHERE e.amount <> f.amount"
    )
    one = advised(place.snapshot, "shop.events (customer_id)")
    statements = queries(place.snapshot, long, ONE_CUSTOMER)
    found, _ = measure(place.copy, statements, one.tuning, one.candidates, statement_seconds=0.2)
    query = of(found, long)
    assert query.before is not None and query.before.timed_out
    assert str(query.before) == "more than 0.2 s"
    assert not query.slower and query.equal is None
    assert "time-out" in query.note
    assert of(found, ONE_CUSTOMER).equal is True


def test_no_time_for_anything(place: Place) -> None:
    one = advised(place.snapshot, "shop.events (customer_id)")
    statements = queries(place.snapshot, ONE_CUSTOMER)
    found, skipped = measure(place.copy, statements, one.tuning, one.candidates, seconds=0)
    assert found.kept == ()
    assert "the copy can't have it" in skipped[0].reason


def test_what_the_copy_does_not_hold(place: Place) -> None:
    with copied(place.url, ["shop.events"], rows=500) as sample:
        one = advised(sample.snapshot, "shop.events (customer_id)", "shop.customers (country)")
        by_country = "SELECT * FROM shop.customers WHERE country = 'c3'"
        statements = queries(sample.snapshot, ONE_CUSTOMER, by_country)
        found, _ = measure(sample, statements, one.tuning, one.candidates)
        assert of(found, ONE_CUSTOMER).note == "the copy has only some rows of shop.events"
        assert of(found, by_country).note == "the copy has no rows of shop.customers"
        notes = {write.table: write.note for write in found.writes}
        assert notes["shop.customers"] == "the copy has no rows of it"


def test_what_does_not_parse_or_exist(place: Place) -> None:
    statements = queries(place.snapshot, ONE_CUSTOMER)
    lost = queries(place.snapshot, "SELECT * FROM shop.nowhere")
    one = advised(place.snapshot, "shop.events (customer_id)")
    found, skipped = measure(place.copy, [*statements, *lost], one.tuning, one.candidates)
    assert [query.statement for query in found.queries] == [ONE_CUSTOMER]
    assert [each.objects for each in skipped] == [("SELECT * FROM shop.nowhere",)]


def test_partitions(database_of_partitions: str) -> None:
    with copied(database_of_partitions, ["public.days"]) as made:
        one = advised(made.snapshot, "public.days (who)")
        statement = "SELECT day, n FROM days WHERE who = 5 ORDER BY day"
        statements = queries(made.snapshot, statement)
        found, skipped = measure(made, statements, one.tuning, one.candidates)
        assert skipped == ()
        query = of(found, statement)
        assert query.indexes == ("advised_0_idx",) and query.equal is True
        (write,) = found.writes
        assert write.table == "public.days" and write.rows > 0
        assert write.hot_share_before is not None


@pytest.fixture
def database_of_partitions(postgresql: Server) -> str:
    postgresql.create_database("measured_parts")
    url = postgresql.url("measured_parts")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE days (day integer, who integer, n integer) PARTITION BY RANGE (day);"
            "CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM (0) TO (100);"
            "CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM (100) TO (200);"
            "INSERT INTO days SELECT i % 200, i % 997, i FROM generate_series(1, 20000) i;"
            "ANALYZE"
        )
    return url


def run(seconds: float, fastest: float | None = None, spread: float = 0.0) -> Run:
    own = seconds if fastest is None else fastest
    return Run(seconds, fastest_seconds=own, spread_seconds=spread)


def test_the_rule_for_slower() -> None:
    assert run(1.2).slower_than(run(1.0))
    assert run(1.2, spread=0.3).slower_than(run(1.0))
    assert not run(1.05).slower_than(run(1.0))
    assert not run(1.2, fastest=0.9).slower_than(run(1.0, fastest=0.9)), "it can be as fast"
    assert run(0.0005).slower_than(run(0.0001))
    assert not run(0.0005, spread=0.0003).slower_than(run(0.0001)), "within the spread"
    assert not run(0.00015).slower_than(run(0.0001)), "less than 0.1 ms is not noticed"
    assert Run(0.5, timed_out=True).slower_than(run(0.4))
    assert not Run(0.5, timed_out=True).slower_than(Run(0.5, timed_out=True))


def test_an_older_major(database_15: Database) -> None:
    database_15.execute(
        "CREATE TABLE plain (a integer, b integer, c text);"
        "INSERT INTO plain SELECT i, i % 500, repeat('x', 50) FROM generate_series(1, 20000) i;"
        "ANALYZE plain"
    )
    with copied(database_15.url, ["public.plain"]) as made:
        assert made.server.major == database_15.server.major
        one = advised(made.snapshot, "public.plain (b)")
        asked = "SELECT a FROM plain WHERE b = 7 ORDER BY a"
        statements = queries(made.snapshot, asked, "UPDATE plain SET b = 1 WHERE a = 2")
        found, skipped = measure(made, statements, one.tuning, one.candidates)
    assert skipped == ()
    assert of(found, asked).equal is True and of(found, asked).indexes == ("advised_0_idx",)
    (write,) = found.writes
    assert write.updated_columns == ("b",)
    assert write.hot_share_before is not None and write.hot_share_after is not None
    assert write.hot_share_before > 0.9 and write.hot_share_after < 0.1


def test_indexes_that_do_each_others_work_are_no_small_matter(place: Place) -> None:
    two = advised(place.snapshot, "shop.events (customer_id)", "shop.events (amount)")
    alone = replace(two.tuning.indexes[1], saved_alone=40_000.0, saved_last=100.0)
    tuning = replace(two.tuning, indexes=(two.tuning.indexes[0], alone))
    first, second = index_findings(place.snapshot, tuning, two.candidates)
    assert (first.severity, second.severity) == (Severity.WARNING, Severity.NOTICE)
    assert "(amount)" in first.message


def test_an_index_with_which_nothing_is_faster_is_left_out(place: Place) -> None:
    one = advised(place.snapshot, "shop.events (customer_id)")
    (query,) = queries(place.snapshot, ONE_CUSTOMER)
    limits = Limits(60.0, time.monotonic() + 600)
    with place.copy.connect() as connection:
        stage = Stage(place.copy, connection)
        assert not [*stage.build(one.tuning.indexes, one.candidates, limits.deadline, silent)]
        try:
            trial = on_trial(stage, query, limits)
            assert trial is not None
            # As on a machine on which it takes as long.
            shapes = (trial.base.shape, trial.plan(stage.everything).shape)
            trial._runs[shapes] = (run(0.1), run(0.098))
            same = mended(stage, [trial], {0: 5000.0}, limits, silent)
            trial._runs[shapes] = (run(0.1), run(0.08))
            better = mended(stage, [trial], {0: 5000.0}, limits, silent)
        finally:
            stage.drop(stage.there)
    assert [dropped.reason for dropped in same.dropped] == [
        "no query is faster with it: one takes 98 ms, and 100 ms before"
    ]
    assert same.state.made == frozenset() and not same.refused
    assert better.dropped == () and better.state.made == {0}


def test_figures_of_what_is_left_agree(place: Place, advice: Advised) -> None:
    names = [index.name for index in advice.tuning.indexes]
    effects = tuple(
        QueryEffect(text, text, 1, 2.0, 100.0, 10.0, (name,))
        for text, name in zip("abc", names, strict=True)
    )
    tuning = replace(advice.tuning, queries=effects, before=600.0, after=60.0)
    # The copy could not have the second one, and query b takes the first instead.
    instead = MeasuredQuery("b", "b", "b", 1, 2.0, 100.0, 50.0, indexes=(names[0],))
    left, _ = left_of(tuning, advice.candidates, Measured(queries=(instead,), kept=(0, 2)))
    assert [index.queries for index in left.indexes] == [(0, 1), (2,)]
    assert left.after == sum(query.after * query.weight for query in left.queries) == 140.0
    whole, _ = left_of(tuning, advice.candidates, Measured(kept=(0, 1, 2)))
    assert whole.after == 60.0
