"""Room on the pages, where that is what keeps updates from being heap-only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.tune.settings.bench import advice, execute, snapshot_of, workbench

from dbwright.model.finding import Finding
from dbwright.model.report import Skipped
from dbwright.model.workload import Query
from dbwright.sandbox import Server
from dbwright.tune.advisors.rules.fillfactor_for_hot_updates import fillfactor_for_hot_updates
from dbwright.tune.advisors.workbench import Workbench

TABLES = """
CREATE TABLE carts (id bigint PRIMARY KEY, items int, state int, note text);
CREATE INDEX carts_by_state ON carts (state);
INSERT INTO carts SELECT n, 0, 0, repeat('x', {width}) FROM generate_series(1, 4000) n;
CREATE TABLE wide (id bigint PRIMARY KEY, items int, note text);
ALTER TABLE wide ALTER note SET STORAGE PLAIN;
INSERT INTO wide SELECT n, 0, repeat('x', 5000) FROM generate_series(1, 2000) n;
CREATE TABLE parted (id bigint, items int, note text, PRIMARY KEY (id)) PARTITION BY HASH (id);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parted SELECT n, 0, repeat('x', 50) FROM generate_series(1, 4000) n;
SELECT pg_stat_reset();
UPDATE carts SET items = 1;
UPDATE wide SET items = 1;
UPDATE parted SET items = 1;
ANALYZE;
"""
ITEMS = Query("UPDATE carts SET items = items + 1 WHERE id = $1", calls=4000)
STATE = Query("UPDATE carts SET state = 2 WHERE id = $1", calls=4000)
WIDE = Query("UPDATE wide SET items = items + 1 WHERE id = $1", calls=2000)
PARTED = Query("UPDATE parted SET items = items + 1 WHERE id = $1", calls=4000)
WIDTH = 150


@pytest.fixture(scope="module")
def url(postgresql: Server) -> Iterator[str]:
    postgresql.create_database("fillfactor_tests")
    yield postgresql.url("fillfactor_tests")


@pytest.fixture(scope="module")
def bench(url: str) -> Iterator[Workbench]:
    execute(url, TABLES.format(width=WIDTH))
    with workbench(snapshot_of(url), (ITEMS, STATE, WIDE, PARTED)) as made:
        yield made


def asked(
    bench: Workbench, *queries: Query, days: float = 30
) -> tuple[Sequence[Finding], Sequence[Skipped]]:
    """With these queries for a workload, and counters of so many days."""
    kept = tuple(one for one in bench.queries if one.query in queries)
    statistics = bench.statistics
    told = replace(statistics, since=statistics.captured_at - timedelta(days=days))
    there = replace(bench, queries=kept, snapshot=replace(bench.snapshot, statistics=told))
    return advice(there, fillfactor_for_hot_updates, min_updates=1000)


def test_room_for_one_more_version(bench: Workbench) -> None:
    (found,) = asked(bench, ITEMS)[0]
    assert found.object.name == "public.carts"
    assert found.fix is not None
    # Forty rows on a page, and each updated once in a month: a tenth is the least.
    assert found.fix.up == "ALTER TABLE public.carts SET (fillfactor = 90);"
    assert found.fix.down == "ALTER TABLE public.carts RESET (fillfactor);"
    assert found.evidence["hot_share_possible"] == 1.0
    assert "pg_repack" in found.advice


def test_more_room_where_rows_are_updated_all_the_time(bench: Workbench) -> None:
    """Once an hour each: several rows of a page in ten minutes."""
    (found,) = asked(bench, ITEMS, days=1 / 24)[0]
    fillfactor = found.evidence["fillfactor"]
    assert isinstance(fillfactor, int)
    assert 50 <= fillfactor < 90
    grows = found.evidence["table_grows_by_share"]
    assert grows == pytest.approx(100 / fillfactor - 1, abs=0.001)


def test_the_room_makes_the_updates_heap_only(bench: Workbench, url: str) -> None:
    """On pages that are filled as advised, the same updates find room next to the old rows."""
    shares = []
    for fillfactor in (100, 80):
        execute(
            url,
            f"""
            CREATE TABLE trial (LIKE carts INCLUDING ALL) WITH (fillfactor = {fillfactor});
            INSERT INTO trial SELECT * FROM carts;
            SELECT pg_stat_reset();
            UPDATE trial SET items = 2 WHERE id % 8 = 0;
            """,
        )
        snapshot = snapshot_of(url)
        assert snapshot.statistics is not None
        counted = snapshot.statistics.of(snapshot.catalog.table("public.trial"))
        assert counted is not None
        shares.append(counted.hot_updated / counted.updated)
        execute(url, "DROP TABLE trial")
    assert shares[0] < 0.1
    assert shares[1] > 0.95


def test_an_indexed_column_is_named_instead(bench: Workbench) -> None:
    (found,) = asked(bench, STATE)[0]
    assert found.fix is None
    assert "public.carts_by_state" in found.message
    assert "No fillfactor helps" in found.advice


def test_what_most_updates_do_decides(bench: Workbench) -> None:
    (found,) = asked(bench, ITEMS, STATE)[0]
    assert found.evidence["hot_share_possible"] == 0.5
    assert found.evidence["blocked_by"] == ["public.carts_by_state"]
    assert found.fix is not None


def test_without_updates_in_the_workload_nothing_is_said(bench: Workbench) -> None:
    found, skipped = asked(bench)
    assert found == ()
    assert "no UPDATE" in skipped[0].reason
    assert "public.carts" in skipped[0].objects


def test_a_page_that_holds_one_row_has_no_room(bench: Workbench) -> None:
    assert asked(bench, WIDE)[0] == ()


def test_partitions_are_reported_together(bench: Workbench, url: str) -> None:
    (found,) = asked(bench, PARTED)[0]
    assert found.object.name == "public.parted"
    assert found.evidence["tables"] == ["public.parted_0", "public.parted_1"]
    assert found.fix is not None
    execute(url, found.fix.up)
    option = snapshot_of(url).catalog.table("public.parted_1").option
    assert "fillfactor" in option
    execute(url, found.fix.down)
    assert snapshot_of(url).catalog.table("public.parted_1").option == {}
