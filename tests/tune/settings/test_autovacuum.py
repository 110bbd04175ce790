"""Autovacuum comes as often as what is written to a table asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.tune.settings.bench import advice, execute, snapshot_of, workbench

from dbwright.check.registry import find_rule
from dbwright.model.catalog import Table
from dbwright.model.finding import Finding
from dbwright.model.statistics import TableStatistics
from dbwright.sandbox import Server
from dbwright.tune.advisors.rules.autovacuum_too_rare import autovacuum_too_rare
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.settings.autovacuum import vacuum_seconds

TABLES = """
CREATE TABLE orders (id bigint PRIMARY KEY, state int);
CREATE TABLE events (id bigint, day date) PARTITION BY RANGE (day);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE small (id bigint PRIMARY KEY);
CREATE TABLE own (id bigint) WITH (autovacuum_vacuum_threshold = 100000);
ANALYZE;
"""
DAYS = 10.0


@pytest.fixture(scope="module")
def url(postgresql: Server) -> Iterator[str]:
    postgresql.create_database("autovacuum_tests")
    yield postgresql.url("autovacuum_tests")


@pytest.fixture(scope="module")
def bench(url: str) -> Iterator[Workbench]:
    execute(url, TABLES)
    with workbench(snapshot_of(url)) as made:
        yield made


def counted(bench: Workbench, **by_table: TableStatistics) -> Workbench:
    """As if the server had counted so for ten days; what isn't named stays empty."""
    statistics = bench.statistics
    named = {bench.snapshot.catalog.table(f"public.{name}").oid: c for name, c in by_table.items()}
    tables = tuple(
        replace(named[one.oid], oid=one.oid) if one.oid in named else one
        for one in statistics.tables
    )
    told = replace(statistics, tables=tables, since=statistics.captured_at - timedelta(days=DAYS))
    return replace(bench, snapshot=replace(bench.snapshot, statistics=told))


def rows(
    count: float, *, dead_a_day: float = 0, inserted_a_day: float = 0, pages: int = 0
) -> TableStatistics:
    return TableStatistics(
        0,
        rows=count,
        pages=pages,
        live_rows=int(count),
        updated=int(dead_a_day * DAYS),
        inserted=int(inserted_a_day * DAYS),
    )


def only(bench: Workbench) -> Finding:
    (found,) = advice(bench, autovacuum_too_rare)[0]
    return found


def test_a_large_table_is_vacuumed_each_day(bench: Workbench) -> None:
    busy = counted(bench, orders=rows(100_000_000, dead_a_day=1_000_000))
    found = only(busy)
    assert found.fix is not None
    assert "autovacuum_vacuum_scale_factor = 0.01" in found.fix.up
    assert "every 20 days" in found.message
    assert found.evidence["days_between_vacuums"] == pytest.approx(20, rel=0.01)
    assert found.evidence["days_between_vacuums_after"] == pytest.approx(1, rel=0.01)


def test_before_a_twentieth_is_dead(bench: Workbench) -> None:
    """Ten million rows, a million a day dead: the default waits for two days and a fifth."""
    found = only(counted(bench, orders=rows(10_000_000, dead_a_day=1_000_000)))
    assert found.fix is not None
    assert "autovacuum_vacuum_scale_factor = 0.05" in found.fix.up


def test_what_is_rare_enough_small_or_quiet_is_left(bench: Workbench) -> None:
    quiet = counted(
        bench,
        orders=rows(10_000_000, dead_a_day=100),
        small=rows(5_000, dead_a_day=1_000_000),
        events_1=rows(200_000, inserted_a_day=9_000),
    )
    assert advice(quiet, autovacuum_too_rare) == ((), ())


def test_inserts_count_for_themselves(bench: Workbench) -> None:
    found = only(counted(bench, orders=rows(1_000_000_000, inserted_a_day=1_000_000)))
    assert found.fix is not None
    assert "autovacuum_vacuum_insert_scale_factor = 0.005" in found.fix.up
    assert "autovacuum_vacuum_scale_factor" not in found.fix.up
    assert "every 200 days" in found.message


def test_before_13_inserts_call_no_vacuum(bench: Workbench) -> None:
    busy = counted(bench, orders=rows(1_000_000_000, inserted_a_day=1_000_000))
    server = replace(bench.snapshot.catalog.server, version="12.22", version_number=120022)
    old = replace(
        busy.snapshot,
        catalog=replace(busy.snapshot.catalog, server=server),
    )
    for found in advice(replace(busy, snapshot=old), autovacuum_too_rare)[0]:
        assert "insert" not in (found.fix.up if found.fix else "")


def test_partitions_are_reported_together(bench: Workbench, url: str) -> None:
    one = rows(50_000_000, dead_a_day=500_000)
    found = only(counted(bench, events_1=one, events_2=one))
    assert found.object.name == "public.events"
    assert found.evidence["tables"] == ["public.events_1", "public.events_2"]
    assert found.fix is not None
    execute(url, found.fix.up)
    again = snapshot_of(url).catalog.table("public.events_2")
    assert again.option["autovacuum_vacuum_scale_factor"] == "0.01"
    execute(url, found.fix.down)
    assert snapshot_of(url).catalog.table("public.events_2").option == {}


def test_a_threshold_of_its_own_is_reset_and_comes_back(bench: Workbench, url: str) -> None:
    found = only(counted(bench, own=rows(1_000_000, dead_a_day=100_000)))
    assert found.fix is not None
    execute(url, found.fix.up)
    assert "autovacuum_vacuum_threshold" not in snapshot_of(url).catalog.table("public.own").option
    execute(url, found.fix.down)
    assert snapshot_of(url).catalog.table("public.own").option == {
        "autovacuum_vacuum_threshold": "100000"
    }


@pytest.mark.parametrize("count", [200_000, 10_000_000, 20_000_000_000])
@pytest.mark.parametrize("share", [0.001, 0.01, 0.5])
def test_the_fix_is_enough_and_check_agrees(
    bench: Workbench, url: str, count: int, share: float
) -> None:
    """After it neither this nor check's autovacuum-too-lazy says anything."""
    busy = counted(bench, orders=rows(count, dead_a_day=count * share))
    found, _ = advice(busy, autovacuum_too_rare)
    if not found:
        return
    assert found[0].fix is not None
    execute(url, found[0].fix.up)
    try:
        after = replace(busy.snapshot, catalog=snapshot_of(url).catalog)
        assert advice(replace(busy, snapshot=after), autovacuum_too_rare)[0] == ()
        lazy = find_rule("maintenance/autovacuum-too-lazy")
        assert after.statistics is not None
        # With more than that dead in half an hour it can't come sooner.
        if count * share / 48 < 10_000_000:
            assert list(lazy.function(after.catalog, after.statistics)) == []
    finally:
        execute(url, found[0].fix.down)


def test_counters_that_are_young_or_of_unknown_age_say_nothing(bench: Workbench) -> None:
    busy = counted(bench, orders=rows(100_000_000, dead_a_day=1_000_000))
    statistics = busy.statistics
    young = replace(statistics, since=statistics.captured_at - timedelta(hours=3))
    found, skipped = advice(
        replace(busy, snapshot=replace(busy.snapshot, statistics=young)), autovacuum_too_rare
    )
    assert found == ()
    assert "pg_stat_reset" in skipped[0].remedy
    ageless = replace(statistics, since=None, checkpoints=None, archiver=None, wal_since=None)
    found, skipped = advice(
        replace(busy, snapshot=replace(busy.snapshot, statistics=ageless)), autovacuum_too_rare
    )
    assert found == ()
    assert len(skipped) == 1


def test_never_reset_counters_are_as_old_as_the_servers_own(bench: Workbench) -> None:
    """Since 15 a database that was never reset does not say since when it counts."""
    busy = counted(bench, orders=rows(100_000_000, dead_a_day=1_000_000))
    statistics = busy.statistics
    never = replace(statistics, since=None, wal_since=statistics.captured_at - timedelta(days=DAYS))
    found = only(replace(busy, snapshot=replace(busy.snapshot, statistics=never)))
    assert found.evidence["updated_and_deleted_per_day"] == 1_000_000


def test_a_vacuum_that_takes_too_long_gets_a_higher_limit(bench: Workbench) -> None:
    """A table of 400 GB, of which most pages have changed: at the default limit hours."""
    large = rows(2_000_000_000, dead_a_day=100_000_000, pages=50_000_000)
    found = only(counted(bench, orders=large))
    assert found.fix is not None
    assert "autovacuum_vacuum_cost_limit = 1000" in found.fix.up
    assert "beside the others" in found.fix.risk
    small = only(counted(bench, orders=rows(10_000_000, dead_a_day=1_000_000, pages=100_000)))
    assert small.fix is not None
    assert "cost_limit" not in small.fix.up


def test_how_long_a_vacuum_takes(bench: Workbench) -> None:
    """A hundred thousand pages to read at 2, a thousand to write at 20, 200 in each 2 ms."""
    found = vacuum_seconds(bench.snapshot.catalog, rows(1_000_000, pages=100_000), dead_rows=1_000)
    assert found is not None
    seconds, limit = found
    assert limit == 200
    assert seconds == pytest.approx((100_000 * 2 + 1_000 * 20) / 200 * 0.002)


def test_a_table_that_autovacuum_leaves_out_is_left_out(bench: Workbench) -> None:
    busy = counted(bench, orders=rows(100_000_000, dead_a_day=1_000_000))
    catalog = busy.snapshot.catalog
    off = tuple(
        replace(table, options=(("autovacuum_enabled", "off"),))
        if isinstance(table, Table) and table.name == "orders"
        else table
        for table in catalog.tables
    )
    changed = replace(busy.snapshot, catalog=replace(catalog, tables=off))
    assert advice(replace(busy, snapshot=changed), autovacuum_too_rare)[0] == ()


def test_where_it_is_switched_off_its_thresholds_do_not_matter(bench: Workbench) -> None:
    busy = counted(bench, orders=rows(100_000_000, dead_a_day=1_000_000))
    catalog = busy.snapshot.catalog
    settings = tuple(
        replace(one, value="off") if one.name == "autovacuum" else one for one in catalog.settings
    )
    off = replace(busy.snapshot, catalog=replace(catalog, settings=settings))
    found, (told,) = advice(replace(busy, snapshot=off), autovacuum_too_rare)
    assert found == () and "switched off" in told.reason
