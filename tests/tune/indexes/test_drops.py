"""Indexes that can go: on a real database, with its twin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from tests.tune.indexes.workload import Advised, advised, snapshot_of

from dbwright.model.finding import Confidence, Finding, LockMode, ProofLevel
from dbwright.model.snapshot import Snapshot
from dbwright.model.tuning import DropReason
from dbwright.model.workload import Query
from dbwright.sandbox import Server
from dbwright.sandbox.twin.twin import twin
from dbwright.sql.fingerprint import fingerprint
from dbwright.tune.index_findings import index_findings
from dbwright.tune.indexes.advise import IndexOptions, advise_indexes
from dbwright.tune.indexes.droppable import droppable
from dbwright.tune.workload.weighted import weighted

SCHEMA = """
CREATE SCHEMA shop;
CREATE TABLE shop.users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, city text);
CREATE TABLE shop.orders (
    id bigint NOT NULL PRIMARY KEY, user_id bigint NOT NULL REFERENCES shop.users,
    status text NOT NULL, placed_at timestamptz NOT NULL, total numeric NOT NULL, note text NOT NULL
);
CREATE TABLE shop.reviews (
    id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES shop.orders, stars int
);
CREATE TABLE shop.items (
    id bigint PRIMARY KEY, kind int NOT NULL, price int NOT NULL, title text NOT NULL
);
CREATE TABLE shop.events (at date NOT NULL, user_id bigint NOT NULL, what text)
    PARTITION BY RANGE (at);
CREATE TABLE shop.events_1 PARTITION OF shop.events FOR VALUES FROM ('2025-01-01') TO ('2025-07-01');
CREATE TABLE shop.events_2 PARTITION OF shop.events FOR VALUES FROM ('2025-07-01') TO ('2026-01-01');
INSERT INTO shop.users SELECT n, 'user' || n || '@example.com', 'c' || n % 40
    FROM generate_series(1, 5000) n;
INSERT INTO shop.orders SELECT n, 1 + (n::bigint * 7919) % 5000, 's' || n % 5,
    timestamptz '2025-01-01' + n * interval '1 minute', (n::bigint * 104729) % 90001,
    md5(n::text) FROM generate_series(1, 60000) n;
INSERT INTO shop.reviews SELECT n, n, n % 5 FROM generate_series(1, 60000) n;
INSERT INTO shop.items SELECT n, n % 300, (n::bigint * 31) % 997, 'title ' || n
    FROM generate_series(1, 60000) n;
INSERT INTO shop.events SELECT date '2025-01-01' + n % 365, n % 900, 'w' || n
    FROM generate_series(1, 20000) n;
CREATE INDEX orders_user ON shop.orders (user_id);
CREATE INDEX orders_user_placed ON shop.orders (user_id, placed_at);
CREATE INDEX orders_user_placed_down ON shop.orders (user_id DESC, placed_at DESC);
CREATE INDEX orders_note_1 ON shop.orders (note);
CREATE INDEX orders_note_2 ON shop.orders (note);
CREATE INDEX orders_total ON shop.orders (total);
CREATE INDEX orders_total_done ON shop.orders (total) WHERE status = 's1';
CREATE INDEX orders_placed ON shop.orders (placed_at);
CREATE INDEX orders_placed_status ON shop.orders (placed_at, status);
CREATE UNIQUE INDEX orders_id_again ON shop.orders (id);
ALTER TABLE shop.orders CLUSTER ON orders_placed;
ALTER TABLE shop.orders REPLICA IDENTITY USING INDEX orders_id_again;
CREATE INDEX users_email ON shop.users (email);
CREATE UNIQUE INDEX users_email_city ON shop.users (email, city);
CREATE INDEX users_lower ON shop.users (lower(city));
CREATE INDEX reviews_order ON shop.reviews (order_id);
CREATE INDEX items_kind ON shop.items (kind);
CREATE INDEX items_title_wide ON shop.items (price, title);
CREATE INDEX items_title ON shop.items (price);
CREATE INDEX events_user_1 ON shop.events (user_id);
CREATE INDEX events_user_2 ON shop.events (user_id);
"""
WORKLOAD = (
    (50, "SELECT max(o::text) FROM shop.orders o"),
    (500, "SELECT * FROM shop.orders WHERE user_id = 77"),
    (200, "SELECT * FROM shop.orders WHERE user_id = 77 ORDER BY placed_at LIMIT 5"),
    (200, "SELECT * FROM shop.orders WHERE note = 'c4ca4238a0b923820dcc509a6f75849b'"),
    (10, "SELECT * FROM shop.orders WHERE placed_at > '2025-02-11 00:00+00'"),
    (99, "SELECT * FROM shop.users WHERE email = 'user7@example.com'"),
    (50, "SELECT title FROM shop.items WHERE kind = 7 AND price < 50"),
    (50, "SELECT title FROM shop.items WHERE kind = 8"),
    (50, "SELECT * FROM shop.events WHERE user_id = 8"),
)


@pytest.fixture(scope="module")
def url(postgresql: Server) -> Iterator[str]:
    name = "drops"
    postgresql.create_database(name)
    with psycopg.connect(postgresql.url(name), autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        connection.execute("SET default_statistics_target = 300")  # so that all rows are read
        connection.execute("VACUUM ANALYZE")
    yield postgresql.url(name)
    with psycopg.connect(postgresql.url(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="module")
def snapshot(url: str) -> Snapshot:
    """As if the counters had run for a month, and nobody had read by an index in that time, and
    as if no page were all visible: what a server counts of a test, and what VACUUM can mark
    beside other sessions, is chance."""
    found = snapshot_of(url)
    assert found.statistics is not None
    statistics = replace(
        found.statistics,
        since=found.statistics.captured_at - timedelta(days=30),
        indexes=tuple(replace(index, scans=0) for index in found.statistics.indexes),
        tables=tuple(replace(table, all_visible_pages=0) for table in found.statistics.tables),
    )
    return replace(found, statistics=statistics)


@pytest.fixture(scope="module")
def advice(snapshot: Snapshot) -> Advised:
    return advised(snapshot, WORKLOAD)


@pytest.fixture(scope="module")
def findings(snapshot: Snapshot, advice: Advised) -> list[Finding]:
    return list(index_findings(snapshot, advice.tuning, advice.candidates))


def test_what_another_index_serves_goes(advice: Advised) -> None:
    drops = advice.drops
    assert {drop.name: drop.keeper for drop in drops.values() if drop.keeper} == {
        "shop.orders_note_1": "shop.orders_note_2",
        "shop.orders_user_placed": "shop.orders_user_placed_down",
        "shop.orders_user": "shop.orders_user_placed_down",
        "shop.users_email": "shop.users_email_key",
        "shop.events_user_2": "shop.events_user_1",
        "shop.items_kind": "shop.items_kind_price_idx",
    }
    assert drops["shop.orders_user"].reason is DropReason.PREFIX
    assert drops["shop.orders_note_1"].reason is DropReason.REPEATED
    assert drops["shop.items_kind"].reason is DropReason.REPLACED
    assert {name for name, drop in drops.items() if drop.reason is DropReason.UNUSED} == {
        "shop.items_title_wide",
        "shop.orders_placed_status",
        "shop.orders_total",
    }


def test_what_has_another_duty_stays(snapshot: Snapshot, advice: Advised) -> None:
    kept = {
        "orders_id_again",  # unique, and the replica identity
        "users_email_city",  # unique
        "orders_placed",  # the order of CLUSTER
        "reviews_order",  # the only way to the rows that reference an order
        "orders_user_placed_down",  # of three that serve the foreign key
        "items_title",  # what makes it a prefix is not used itself
        "orders_total_done",  # a small one
    }
    assert not {f"shop.{name}" for name in kept} & {*advice.drops}
    constraints = {
        index.qualified
        for table in snapshot.catalog.tables
        for index in table.indexes
        if index.backs_constraint or index.unique or index.parent is not None
    }
    assert constraints
    assert not constraints & {*advice.drops}


def test_the_workload_is_as_cheap_without_them(url: str, findings: list[Finding]) -> None:
    """On the real server: every fix, then the queries, then every way back."""
    redundant = [finding for finding in findings if finding.rule == "tune/redundant-index"]
    assert len(redundant) == 8
    assert all(finding.proof.level is ProofLevel.ESTIMATED for finding in redundant)

    with psycopg.connect(url, autocommit=True) as connection:

        def costs() -> list[float]:
            found = []
            for _, text in WORKLOAD:
                row = connection.execute(f"EXPLAIN (FORMAT JSON) {text}".encode()).fetchone()
                assert row is not None
                found.append(float(row[0][0]["Plan"]["Total Cost"]))
            return found

        def definitions() -> list[tuple[str, ...]]:
            return connection.execute(
                "SELECT indexdef FROM pg_indexes WHERE schemaname = 'shop' ORDER BY indexname"
            ).fetchall()

        def run(sql: str) -> None:
            for line in sql.splitlines():
                connection.execute(line.encode())

        before, there = costs(), definitions()
        for finding in findings:
            assert finding.fix is not None
            run(finding.fix.up)
        assert len(definitions()) == len(there) - 11 + 1
        for old, new in zip(before, costs(), strict=True):
            assert new <= old * 1.01
        for finding in reversed(findings):
            assert finding.fix is not None
            run(finding.fix.down)
        assert definitions() == there


def test_a_merge_builds_the_wider_one_first(findings: list[Finding]) -> None:
    (merge,) = [finding for finding in findings if "replaces" in finding.evidence]
    assert merge.rule == "tune/missing-index"
    assert merge.object.name == "shop.items"
    assert merge.fix is not None
    assert merge.fix.up.splitlines() == [
        "CREATE INDEX CONCURRENTLY items_kind_price_idx ON shop.items USING btree (kind, price);",
        "DROP INDEX CONCURRENTLY shop.items_kind;",
    ]
    assert merge.fix.down.splitlines() == [
        "CREATE INDEX CONCURRENTLY items_kind ON shop.items USING btree (kind);",
        "DROP INDEX CONCURRENTLY shop.items_kind_price_idx;",
    ]
    assert merge.evidence["freed_bytes"]


def test_evidence(findings: list[Finding]) -> None:
    by_name = {finding.object.name: finding for finding in findings}
    unused, repeated = by_name["shop.orders_total"], by_name["shop.orders_note_1"]
    assert unused.confidence is Confidence.MEDIUM
    assert repeated.confidence is Confidence.HIGH
    assert unused.evidence["counted_days"] == 30.0
    assert unused.evidence["scans"] == 0
    assert unused.fix is not None
    assert "standby" in unused.fix.risk
    partitioned = by_name["shop.events_user_2"].fix
    assert partitioned is not None
    assert partitioned.lock is LockMode.ACCESS_EXCLUSIVE
    for finding in (unused, repeated):
        assert isinstance(finding.evidence["freed_bytes"], int)
        assert isinstance(finding.evidence["wal_bytes_per_day_saved"], int)


def test_freed_bytes_are_told_beside_the_budget(advice: Advised) -> None:
    tuning = advice.tuning
    assert tuning.freed_bytes == sum(drop.bytes or 0 for drop in tuning.drops) > 0
    assert tuning.bytes == sum(index.bytes for index in tuning.indexes)


@pytest.mark.parametrize("days", [3.0, None])
def test_young_counters_say_nothing(snapshot: Snapshot, days: float | None) -> None:
    """What is redundant goes whatever was counted."""
    statistics, server = snapshot.statistics, snapshot.catalog.server
    assert statistics is not None
    since = None if days is None else statistics.captured_at - timedelta(days=days)
    young = replace(
        snapshot,
        statistics=replace(statistics, since=since),
        catalog=replace(snapshot.catalog, server=replace(server, started_at=None)),
    )
    found = droppable(young, (), {})
    assert {one.reason for one in found} == {DropReason.REPEATED, DropReason.PREFIX}
    assert {one.reason for one in droppable(snapshot, (), {})} > {DropReason.UNUSED}


@pytest.mark.parametrize(
    ("thresholds", "unused"),
    [({"min_days": 29.0}, True), ({"min_days": 31.0}, False), ({"min_bytes": 10**9}, False)],
)
def test_thresholds_say_what_counts_as_unused(
    snapshot: Snapshot, thresholds: dict[str, float], unused: bool
) -> None:
    """The counters had run for 30 days."""
    found = advised(snapshot, WORKLOAD[:1], IndexOptions(drop_thresholds=thresholds))
    reasons = {drop.reason for drop in found.tuning.drops}
    assert DropReason.REPEATED in reasons
    assert (DropReason.UNUSED in reasons) is unused


def test_what_the_workload_uses_is_not_unused(snapshot: Snapshot) -> None:
    names = {one.index.name for one in droppable(snapshot, ("shop.orders_total",), {})}
    assert "orders_total" not in names
    assert "items_title_wide" in names


def test_a_redundant_index_that_makes_a_query_dearer_stays(snapshot: Snapshot) -> None:
    """The narrow one is far smaller, and a third of it is read."""
    text = "SELECT count(kind) FROM shop.items WHERE kind < 100"
    found = advised(widened(snapshot), [(1, text)])
    assert not {"shop.items_kind"} & {*found.drops}


def widened(snapshot: Snapshot) -> Snapshot:
    """With a wide index that begins as `items_kind` does, on a table that is all visible."""
    catalog, statistics = snapshot.catalog, snapshot.statistics
    assert statistics is not None
    items = catalog.table("shop.items")
    (kind,) = [index for index in items.indexes if index.name == "items_kind"]
    wide = replace(kind, oid=99, name="items_wide", include=("title", "price"))
    counted = statistics.of_index(kind)
    assert counted is not None
    assert counted.bytes is not None
    size = replace(counted, oid=99, bytes=counted.bytes * 8, pages=counted.pages * 8, scans=5)
    tables = tuple(
        replace(table, indexes=(*table.indexes, wide)) if table is items else table
        for table in catalog.tables
    )
    counts = tuple(
        replace(table, all_visible_pages=table.pages) if table.oid == items.oid else table
        for table in statistics.tables
    )
    indexes = (*statistics.indexes, size)
    return replace(
        snapshot,
        catalog=replace(catalog, tables=tables),
        statistics=replace(statistics, tables=counts, indexes=indexes),
    )


def test_the_twin_is_left_as_it_was(snapshot: Snapshot) -> None:
    text = "SELECT * FROM shop.orders WHERE note = 'x'"
    with twin(snapshot) as copy:
        query = Query(text=text, fingerprint=fingerprint(text))
        with copy.connect() as connection:
            statements, _ = weighted([query], snapshot, connection)
        before = copy.explain(text)
        tuning, _, _ = advise_indexes(snapshot, statements, copy, IndexOptions())
        assert tuning.drops
        assert copy.explain(text) == before
