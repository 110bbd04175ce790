"""What is advised is what the real server then does; what is in the way is said."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from tests.tune.partitions.place import (
    EVENTS,
    LIMITS,
    RECENT,
    advised,
    candidate_in,
    execute,
    snapshot_of,
)

from dbwright.model.finding import Confidence
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.sandbox import Server
from dbwright.sandbox.twin.twin import Twin, twin
from dbwright.tune.partitions.candidates import Limits, candidates
from dbwright.tune.partitions.effects import asked, effects
from dbwright.tune.partitions.intervals import CALENDAR
from dbwright.tune.partitions.layout import Layout, spread
from dbwright.tune.partitions.obstacles import obstacles
from dbwright.tune.workload.weighted import weighted

MONTHS = """
CREATE TABLE sales (id bigint PRIMARY KEY, at timestamp NOT NULL, shop int NOT NULL, total numeric, note text);
INSERT INTO sales SELECT n, timestamp '2024-01-01' + n * interval '8 minutes', n % 40, n % 1000, repeat('x', 40)
    FROM generate_series(1, 60000) n;
CREATE INDEX sales_shop ON sales (shop);
CREATE TABLE shops (id int PRIMARY KEY, name text);
INSERT INTO shops SELECT n, 'shop ' || n FROM generate_series(1, 40) n;
VACUUM ANALYZE;
"""
QUERIES = (
    "SELECT sum(total) FROM sales WHERE at >= '2024-03-01' AND at < '2024-04-01'",
    "SELECT shop, count(*) FROM sales WHERE at >= '2024-10-15' GROUP BY shop",
    "SELECT * FROM sales WHERE shop = 7 AND at BETWEEN '2024-05-02' AND '2024-05-20'",
    "SELECT * FROM sales WHERE id = 777",
    "SELECT shop, sum(total) FROM sales GROUP BY shop",
    "SELECT s.name, count(*) FROM sales a JOIN shops s ON s.id = a.shop WHERE a.at >= '2024-11-01' GROUP BY s.name",
    "SELECT * FROM sales WHERE at > '2024-02-01' ORDER BY at LIMIT 10",
)
_numbers = itertools.count()


@contextmanager
def place(server: Server, schema: str) -> Iterator[tuple[str, Snapshot, Twin]]:
    name = f"partitioned_{next(_numbers)}"
    server.create_database(name)
    execute(server.url(name), schema)
    snapshot = snapshot_of(server.url(name))
    with twin(snapshot) as copy:
        yield server.url(name), snapshot, copy


@pytest.fixture(scope="module")
def sales(postgresql: Server) -> Iterator[tuple[str, Snapshot, Twin]]:
    with place(postgresql, MONTHS) as found:
        yield found


@pytest.fixture(scope="module")
def events(postgresql: Server) -> Iterator[tuple[str, Snapshot, Twin]]:
    with place(postgresql, EVENTS) as found:
        yield found


def _really_partitioned(connection: psycopg.Connection[Any], layout: Layout) -> None:
    """With rows and statistics of its own in each partition."""
    connection.execute(
        b"ALTER TABLE sales RENAME TO old; "
        b"CREATE TABLE sales (LIKE old) PARTITION BY RANGE (at); "
        b"ALTER TABLE sales ADD PRIMARY KEY (id, at); CREATE INDEX ON sales (shop)"
    )
    for number, part in enumerate(layout.parts):
        bound = part.bound(layout.candidate)
        connection.execute(f"CREATE TABLE part_{number} PARTITION OF sales {bound}".encode())
    connection.execute(b"INSERT INTO sales SELECT * FROM old")
    connection.execute(b"VACUUM ANALYZE sales")


def test_costs_are_those_of_a_really_partitioned_table(
    sales: tuple[str, Snapshot, Twin], postgresql: Server
) -> None:
    url, snapshot, copy = sales
    candidate = candidate_in(url, snapshot, *QUERIES)
    layout = spread(candidate, CALENDAR["month"])
    found = effects(layout, asked(candidate, snapshot, copy), snapshot, copy)
    assert len(layout.parts) == 11 or len(layout.parts) == 12
    assert len(found.each) == len(QUERIES) and not found.refused
    postgresql.create_database("really")
    execute(postgresql.url("really"), MONTHS)
    with psycopg.connect(postgresql.url("really"), autocommit=True) as connection:
        _really_partitioned(connection, layout)
        for effect in found.each:
            row = connection.execute(
                f"EXPLAIN (FORMAT JSON) {effect.asked.statement}".encode()
            ).fetchone()
            assert row is not None
            real = row[0][0]["Plan"]["Total Cost"]
            assert effect.after == pytest.approx(real, rel=0.1), effect.asked.statement
            text = repr(row)
            read = sum(f"'part_{n}'" in text for n in range(len(layout.parts)))
            assert effect.partitions == read, effect.asked.statement
    worse = {effect.asked.statement for effect in found.worse}
    assert "SELECT * FROM sales WHERE id = 777" in worse
    assert [effect.worse for effect in found.each] == sorted(
        (effect.worse for effect in found.each), reverse=True
    )


def test_queries_that_get_worse_come_first_and_lower_the_confidence(
    sales: tuple[str, Snapshot, Twin],
) -> None:
    url, snapshot, copy = sales
    (advice,), skipped = advised(url, snapshot, copy, *QUERIES[:4])
    assert skipped == []
    worse = advice.evidence["queries_that_got_worse"]
    assert isinstance(worse, list) and len(worse) == 1 and "WHERE id = 777" in str(worse[0])
    assert advice.confidence is Confidence.LOW
    assert advice.fix is None  # nothing makes the ids: they may repeat
    assert advice.evidence["in_the_way"] == [
        "would lose primary key sales_pkey (id), which lacks at"
    ]
    (only,), _ = advised(url, snapshot, copy, QUERIES[0])
    assert only.evidence["queries_that_got_worse"] == [] and only.confidence is None
    before, after = only.evidence["cost_before"], only.evidence["cost_after"]
    other, first = only.evidence["cost_with_an_index"], only.evidence["cost_on_the_first_day"]
    assert isinstance(before, float) and isinstance(after, float) and after < 0.2 * before
    assert isinstance(other, float) and after <= 0.9 * other < before
    assert isinstance(first, float) and first > 0.9 * before
    assert advised(url, snapshot, copy, QUERIES[3]) == ([], [])


def test_look_ups_by_another_key_outweigh_it(sales: tuple[str, Snapshot, Twin]) -> None:
    url, snapshot, copy = sales
    many = [f"SELECT * FROM sales WHERE id = {10**n}{' AND shop > 0' * n}" for n in range(9)]
    assert advised(url, snapshot, copy, QUERIES[0])[0] != []
    assert advised(url, snapshot, copy, QUERIES[0], *many) == ([], [])


def test_what_is_redacted_is_said(sales: tuple[str, Snapshot, Twin]) -> None:
    url, snapshot, copy = sales
    found, (skipped,) = advised(url, replace(snapshot, redacted=True), copy, QUERIES[0])
    assert found == [] and "redacted" in skipped.reason and skipped.objects == ("public.sales",)


def test_a_small_table_is_left_alone(sales: tuple[str, Snapshot, Twin]) -> None:
    url, snapshot, copy = sales
    assert advised(url, snapshot, copy, QUERIES[0], limits=Limits(1e6, 1e15, 0.2)) == ([], [])
    assert advised(url, snapshot, copy, QUERIES[0], limits=Limits(1e6, 1e6, 0.2))[0] != []


def test_a_query_that_would_fail_is_said(events: tuple[str, Snapshot, Twin]) -> None:
    url, snapshot, copy = events
    upsert = (
        "INSERT INTO log.events (id, user_id, kind) OVERRIDING SYSTEM VALUE VALUES (1, 1, 'x') "
        "ON CONFLICT (id) DO NOTHING"
    )
    # Of a column that an index on the time alone does not hold.
    recent = "SELECT sum(long) FROM log.events WHERE at > now() - interval '300 days'"
    (advice,), _ = advised(url, snapshot, copy, recent)
    assert advice.fix is not None
    found, (skipped,) = advised(url, snapshot, copy, recent, upsert)
    assert found == [] and "would fail" in skipped.reason
    assert skipped.objects[0].startswith("INSERT INTO log.events")


def _scaled(snapshot: Snapshot, factor: int) -> Snapshot:
    """As if there were so many times the rows."""

    def more(value: int | None) -> int | None:
        return None if value is None else value * factor

    statistics = snapshot.statistics
    assert statistics is not None
    tables = [
        replace(
            one,
            rows=None if one.rows is None else one.rows * factor,
            pages=one.pages * factor,
            heap_bytes=more(one.heap_bytes),
            total_bytes=more(one.total_bytes),
        )
        for one in statistics.tables
    ]
    indexes = [
        replace(
            one,
            rows=None if one.rows is None else one.rows * factor,
            pages=one.pages * factor,
            bytes=more(one.bytes),
        )
        for one in statistics.indexes
    ]
    return replace(
        snapshot, statistics=replace(statistics, tables=tuple(tables), indexes=tuple(indexes))
    )


def test_a_table_of_a_hundred_gigabytes_needs_no_room(events: tuple[str, Snapshot, Twin]) -> None:
    url, snapshot, _ = events
    large = _scaled(snapshot, 100_000)
    with twin(large) as copy:
        (advice,), skipped = advised(
            url,
            large,
            copy,
            RECENT,
            "DELETE FROM log.events WHERE at < now() - interval '600 days'",
            "UPDATE log.events SET at = now() WHERE id = 5",
            limits=Limits(50e6, 10 * 2**30, 0.2),
        )
    assert skipped == [] and advice.fix is not None
    assert advice.evidence["rows"] == 500_000_000
    assert advice.evidence["interval"] in ("month", "week")
    size = advice.evidence["largest_partition_bytes"]
    assert isinstance(size, int) and 1e8 < size < 32e9
    assert advice.evidence["deletes_by_age"] != []
    assert "moves the row to another partition" in advice.advice
    assert "drop the partitions whose rows are all too old" in advice.advice


IN_THE_WAY = {
    "CREATE VIEW log.recent AS SELECT * FROM log.events": "is read by view log.recent",
    "CREATE TABLE log.notes (event bigint REFERENCES log.events)": "is referenced by notes_event_fkey of log.notes",
    "CREATE UNIQUE INDEX ON log.events (code)": "would lose unique events_code_idx (code), which lacks at",
    "ALTER TABLE log.events ENABLE ROW LEVEL SECURITY": "has row level security",
    "CREATE FUNCTION log.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
    "CREATE TRIGGER t AFTER INSERT ON log.events FOR EACH ROW EXECUTE FUNCTION log.f()": "has the trigger t",
    "CREATE FUNCTION log.g() RETURNS SETOF log.events LANGUAGE sql AS 'SELECT * FROM log.events'": "gives its row type to function log.g()",
    "ALTER TABLE log.events ALTER COLUMN at DROP NOT NULL": "allows NULL in at, for which no partition has a place",
    "ALTER TABLE log.events ADD CONSTRAINT few CHECK (code > 0) NOT VALID": "has the check few, which does not hold for all its rows",
    "CREATE PUBLICATION p FOR TABLE log.events": "is in publication p",
    "CREATE TABLE log.copies (event log.events)": "gives its row type to a column of log.copies",
    "ALTER TABLE log.events REPLICA IDENTITY FULL": "has the replica identity full",
    "GRANT SELECT (kind) ON log.events TO pg_monitor": "has privileges on its column kind",
}


def test_what_would_not_move_is_in_the_way(postgresql: Server) -> None:
    postgresql.create_database("in_the_way")
    url = postgresql.url("in_the_way")
    execute(url, EVENTS)
    snapshot = snapshot_of(url)
    assert list(obstacles(snapshot.catalog, candidate_in(url, snapshot))) == []
    execute(url, ";".join(IN_THE_WAY))
    snapshot = snapshot_of(url)
    found = list(obstacles(snapshot.catalog, candidate_in(url, snapshot)))
    assert sorted(found) == sorted(IN_THE_WAY.values())


def test_a_table_that_is_updated_is_left_alone(events: tuple[str, Snapshot, Twin]) -> None:
    url, snapshot, _ = events
    execute(url, "UPDATE log.events SET kind = 'other'; SELECT pg_stat_force_next_flush()")
    again = snapshot_of(url)
    query = Query(RECENT, example=RECENT)
    with psycopg.connect(url, autocommit=True) as connection:
        statements, _ = weighted([query], again, connection)
    assert list(candidates(snapshot, statements, LIMITS)) != []
    counted = again.statistics and again.statistics.of(again.catalog.table("log.events"))
    assert counted is not None and counted.updated >= 5000
    assert list(candidates(again, statements, LIMITS)) == []


def test_ids_are_an_axis_too(postgresql: Server) -> None:
    schema = """
    CREATE TABLE ticks (id bigserial PRIMARY KEY, kind int, note text);
    INSERT INTO ticks (kind, note) SELECT n % 9, repeat('x', 50) FROM generate_series(1, 40000) n;
    VACUUM ANALYZE;
    """
    with place(postgresql, schema) as (url, snapshot, copy):
        query = "SELECT kind, count(*) FROM ticks WHERE id > 39000 GROUP BY kind"
        found, _ = advised(url, snapshot, copy, query, limits=LIMITS)
        retention = "DELETE FROM ticks WHERE id < 1000"
        (advice,), _ = advised(url, snapshot, copy, retention, limits=LIMITS)
        assert advice.fix is not None and "PARTITION BY RANGE (id)" in advice.fix.up
        assert "FROM (MINVALUE) TO (4" in advice.fix.up
        execute(url, advice.fix.up)
        execute(url, "INSERT INTO ticks (kind) VALUES (1)")
        execute(url, advice.fix.down)
        with psycopg.connect(url) as connection:
            row = connection.execute(b"SELECT count(*), max(id) FROM ticks").fetchone()
        assert row == (40001, 40001)
        assert all(one.fix is not None for one in found)
