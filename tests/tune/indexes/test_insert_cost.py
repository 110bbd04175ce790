"""The write-ahead log of inserts, as the model says and as the server counts it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.sandbox import Server, start
from dbwright.tune.indexes.estimate import estimated_size, index_widths
from dbwright.tune.indexes.insert_cost import InsertCost, insert_cost
from dbwright.tune.indexes.size import IndexSize
from dbwright.tune.indexes.write_estimate import insert_places

ROWS = 40_000
"""At first, and inserted again."""
WITHIN = 0.25
KEYS = {
    "sequential": ("g::bigint", "(k)"),
    "random": ("(random() * 1e15)::bigint", "(k)"),
    "few_values": ("(random() * 10)::int", "(k)"),
    "duplicates": ("(random() * 5000)::int", "(k)"),
    "random_text": ("md5(g::text)", "(k)"),
    "growing_times": ("now() + g * interval '1 ms'", "(k)"),
    "few_values_then_growing": ("(random() * 20)::int", "(k, p)"),
    "random_covering": ("(random() * 1e9)::int", "(k) INCLUDE (p)"),
    "numeric": ("(random() * 1e6)::numeric(12, 2)", "(k)"),
}


@pytest.fixture(scope="module", params=[15, 18])
def quiet(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Nothing writes but the test, and no checkpoint comes on its own."""
    settings = {"autovacuum": "off", "checkpoint_timeout": "1h", "max_wal_size": "8GB"}
    with start(request.param, settings=settings) as server:
        yield server


def written(connection: psycopg.Connection, key: str, on: str | None) -> float:
    """Bytes of log to insert as many rows again, with an index `on` these columns, or none."""

    def rows(after: int) -> str:
        return (
            f"SELECT {key} AS k, g::bigint AS p FROM generate_series({after + 1}, {after + ROWS}) g"
        )

    for statement in (
        "DROP TABLE IF EXISTS target, source",
        "SELECT setseed(0.3)",
        f"CREATE TABLE target AS {rows(0)}",
        "VACUUM ANALYZE target",
        f"CREATE INDEX i ON target {on}" if on else "SELECT 1",
        f"CREATE UNLOGGED TABLE source AS {rows(ROWS)}",
        "CHECKPOINT",
    ):
        connection.execute(statement.encode())
    before: Any = connection.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
    connection.execute("INSERT INTO target SELECT * FROM source")
    difference = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)::float8"
    after: Any = connection.execute(difference, [before[0]]).fetchone()
    return float(after[0])


@pytest.mark.parametrize("images", ["off", "on"])
@pytest.mark.parametrize("name", KEYS)
def test_bytes_of_an_insert(quiet: Server, name: str, images: str) -> None:
    key, on = KEYS[name]
    with psycopg.connect(quiet.url(), autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET full_page_writes = {images}".encode())
        connection.execute("SELECT pg_reload_conf(), pg_sleep(0.2)")
        bare = written(connection, key, None)
        real = (written(connection, key, on) - bare) / ROWS
    with Session.open(quiet.url(), 30) as session:
        snapshot = read(session)
    table = snapshot.catalog.table("public.target")
    assert snapshot.statistics is not None
    (index,) = table.indexes
    size = estimated_size(index, table, snapshot.catalog, snapshot.statistics)
    widths = index_widths(index, table, snapshot.catalog, snapshot.statistics)
    cost = insert_cost(
        "btree",
        size,
        places=insert_places(widths.keys, size.distinct),
        between_checkpoints=ROWS,
        full_page_writes=images == "on",
    )
    assert cost.bytes == pytest.approx(real, rel=WITHIN), (cost, real)


SIZE = IndexSize(1000, 8192000, 2, 250_000.0, 16.0, 1.0, (250_000.0,), 0.15)


def test_more_between_checkpoints_is_cheaper() -> None:
    costs = [
        insert_cost("btree", SIZE, places=250_000, between_checkpoints=count).image_bytes
        for count in (None, 10, 1000, 100_000, 10_000_000)
    ]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < 1 < 1000 < costs[0]


def test_pages() -> None:
    cost = insert_cost("btree", SIZE, places=250_000, between_checkpoints=10)
    assert cost.pages_read == 3
    assert cost.pages_dirtied == pytest.approx(1, rel=0.01)
    assert insert_cost("btree", SIZE, places=1, between_checkpoints=1000).pages_dirtied < 0.01


def test_other_methods_are_told_apart() -> None:
    costs = {
        method: insert_cost(
            method, replace(SIZE, entries=5.0), places=250_000, between_checkpoints=1e6
        )
        for method in ("btree", "hash", "gin", "gist", "brin")
    }
    assert costs["brin"].bytes < costs["btree"].bytes < costs["gin"].bytes
    assert all(isinstance(cost, InsertCost) and cost.bytes > 0 for cost in costs.values())
