"""Sizes of indexes and candidates on what a snapshot holds."""

from __future__ import annotations

import pytest

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Index, IndexColumn, Table
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics
from dbwright.tune.indexes.candidate import CandidateIndex, CandidateKey, Partial
from dbwright.tune.indexes.estimate import candidate_size, estimated_size
from servers.postgresql import Database


def look(database: Database) -> tuple[Snapshot, Statistics]:
    with Session.open(database.url, 30) as session:
        snapshot = read(session)
    assert snapshot.statistics is not None
    return snapshot, snapshot.statistics


def real_pages(database: Database, index: str) -> int:
    return int(database.execute(f"SELECT pg_relation_size('{index}') / 8192")[0][0])


def on(*columns: str) -> Index:
    return Index(0, "public", "new", "btree", tuple(IndexColumn(column) for column in columns))


@pytest.fixture
def orders(database: Database) -> Database:
    database.execute(
        """SELECT setseed(0.1);
        CREATE TABLE orders AS SELECT g AS id, (random() * 900)::int AS customer,
            (ARRAY['open', 'paid', 'sent', 'sent', 'sent'])[1 + (g * 7) % 5] AS status,
            'Customer' || (random() * 900)::int AS label, now()::timestamp AS at
        FROM generate_series(1, 30000) g"""
    )
    database.execute("ANALYZE orders")
    return database


def test_candidate(orders: Database) -> None:
    snapshot, statistics = look(orders)
    table = snapshot.catalog.table("public.orders")
    partial = Partial("status = 'open'::text", 0.2, (("status", "open"),))
    candidates = {
        "plain": CandidateIndex(table.oid, "public", "orders", (CandidateKey("customer"),)),
        "covering": CandidateIndex(
            table.oid, "public", "orders", (CandidateKey("customer"),), include=("status",)
        ),
        "partial": CandidateIndex(
            table.oid,
            "public",
            "orders",
            (CandidateKey("status"), CandidateKey("id", descending=True)),
            partial=partial,
        ),
        "lower": CandidateIndex(
            table.oid, "public", "orders", (CandidateKey(expression="lower(label)"),)
        ),
    }
    for name, candidate in candidates.items():
        orders.execute(candidate.definition(name))
        found = candidate_size(candidate, table, snapshot.catalog, statistics)
        assert found.pages == pytest.approx(real_pages(orders, name), rel=0.1, abs=1), name


def test_share_that_nobody_knows_is_all(orders: Database) -> None:
    snapshot, statistics = look(orders)
    table = snapshot.catalog.table("public.orders")
    whole = CandidateIndex(table.oid, "public", "orders", (CandidateKey("id"),))
    part = CandidateIndex(
        table.oid, "public", "orders", (CandidateKey("id"),), partial=Partial("at < now()")
    )
    sizes = [candidate_size(c, table, snapshot.catalog, statistics).pages for c in (whole, part)]
    assert sizes[0] == sizes[1]


def test_statistics_of_an_expression_that_is_indexed_already(orders: Database) -> None:
    orders.execute("CREATE INDEX here ON orders (date_trunc('hour', at))")
    before, statistics = look(orders)
    table = before.catalog.table("public.orders")
    guess = estimated_size(table.indexes[0], table, before.catalog, statistics)
    orders.execute("ANALYZE orders")
    snapshot, statistics = look(orders)
    table = snapshot.catalog.table("public.orders")
    found = estimated_size(table.indexes[0], table, snapshot.catalog, statistics)
    assert (guess.error, found.error) == (3.0, 0.15)
    assert found.pages == pytest.approx(real_pages(orders, "here"), rel=0.1)


def test_partitions_are_added_up(database: Database) -> None:
    database.execute(
        """CREATE TABLE event (id int, at date) PARTITION BY RANGE (at);
        CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
        CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM ('2024-07-01') TO ('2025-01-01');
        INSERT INTO event SELECT g, date '2024-01-01' + g % 366 FROM generate_series(1, 20000) g"""
    )
    database.execute("ANALYZE event")
    snapshot, statistics = look(database)
    table = snapshot.catalog.table("public.event")
    found = estimated_size(on("id"), table, snapshot.catalog, statistics)
    database.execute("CREATE INDEX whole ON event (id)")
    parts = ("event_1_id_idx", "event_2_id_idx")
    assert found.pages == pytest.approx(sum(real_pages(database, part) for part in parts), abs=2)
    assert found.height == 1
    assert found.tuples == pytest.approx(20000)


def test_without_statistics_the_error_says_so(database: Database) -> None:
    database.execute("CREATE TABLE fresh (id int, name text)")
    snapshot, statistics = look(database)
    table = snapshot.catalog.table("public.fresh")
    found = estimated_size(on("id", "name"), table, snapshot.catalog, statistics)
    assert (found.pages, found.tuples, found.error) == (1, 0, 3.0)


def test_unknown_column(orders: Database) -> None:
    snapshot, statistics = look(orders)
    table: Table = snapshot.catalog.table("public.orders")
    with pytest.raises(KeyError, match="nowhere"):
        estimated_size(on("nowhere"), table, snapshot.catalog, statistics)
