"""Settings for the machine, on a real server: told with their figures, set, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from tests.tune.settings.bench import advice, execute, snapshot_of, workbench

from dbwright.model.catalog import Setting, SettingOverride
from dbwright.model.finding import Finding, ProofLevel, Severity
from dbwright.model.machine import Disk, Machine, Use
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import CheckpointStatistics
from dbwright.model.workload import Query
from dbwright.sandbox import Server, start
from dbwright.tune.advisors.rules.checkpoint_settings_for_machine import (
    checkpoint_settings_for_machine,
)
from dbwright.tune.advisors.rules.memory_settings_for_machine import memory_settings_for_machine
from dbwright.tune.advisors.rules.parallel_settings_for_machine import parallel_settings_for_machine
from dbwright.tune.advisors.rules.planner_settings_for_machine import planner_settings_for_machine
from dbwright.tune.advisors.workbench import Workbench

GB = 1024**3
MACHINE = Machine(4 * GB, 8, Disk.SSD, Use.WEB)
VISITS = """
CREATE TABLE visits (id bigint PRIMARY KEY, page text, note text);
INSERT INTO visits
SELECT n, 'page ' || n * 7919 % 200000, repeat('x', 100) FROM generate_series(1, 200000) n;
CREATE TABLE picked (id bigint);
INSERT INTO picked SELECT n * 7919 % 200000 FROM generate_series(1, 1200) n;
ANALYZE;
"""
SORTED = Query("SELECT page FROM visits ORDER BY page", calls=10)
JOINED = Query("SELECT v.note FROM picked JOIN visits v USING (id)", calls=5)
COUNTED = Query("SELECT count(*) FROM visits WHERE note LIKE '%y%'", calls=5)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    settings = {"shared_buffers": "16MB", "work_mem": "512kB", "random_page_cost": "4"}
    with start(settings=settings) as running:
        running.create_database("shop")
        execute(running.url("shop"), VISITS)
        yield running


@pytest.fixture(scope="module")
def bench(server: Server) -> Iterator[Workbench]:
    snapshot = snapshot_of(server.url("shop"))
    with workbench(snapshot, (SORTED, JOINED, COUNTED), MACHINE) as made:
        yield made


def with_catalog(bench: Workbench, **changes: object) -> Workbench:
    catalog = replace(bench.snapshot.catalog, **changes)  # type: ignore[arg-type]
    return replace(bench, snapshot=replace(bench.snapshot, catalog=catalog))


def with_settings(bench: Workbench, *settings: Setting) -> Workbench:
    """These instead of those of the same name, or beside them."""
    names = {setting.name for setting in settings}
    kept = [one for one in bench.snapshot.catalog.settings if one.name not in names]
    return with_catalog(bench, settings=(*kept, *settings))


def setting(bench: Workbench, name: str) -> Setting:
    found = bench.snapshot.catalog.setting(name)
    assert found is not None
    return found


def only(findings: tuple[Finding, ...]) -> Finding:
    (found,) = findings
    return found


def shown(server: Server, name: str) -> str:
    with psycopg.connect(server.url("shop")) as connection:
        row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert row is not None
    return str(row[0])


def again(server: Server, bench: Workbench) -> Workbench:
    """The server read anew, on the same twin."""
    return replace(bench, snapshot=unknown_machine(snapshot_of(server.url("shop"))))


def unknown_machine(snapshot: Snapshot) -> Snapshot:
    there = replace(snapshot.catalog.server, memory_bytes=None, cores=None)
    return replace(snapshot, catalog=replace(snapshot.catalog, server=there))


def test_memory_is_told_with_its_figures_and_its_proof(bench: Workbench) -> None:
    found = only(advice(bench, memory_settings_for_machine)[0])
    assert "4 GB of memory" in found.message
    assert "shared_buffers 16MB instead of" in found.message
    assert "work_mem 512kB instead of" in found.message
    settings = found.evidence["settings"]
    assert isinstance(settings, list)
    assert any("(restart; at worst" in str(text) for text in settings)
    assert any("(reload; at worst" in str(text) for text in settings)
    after = found.evidence["worst_case_bytes_after"]
    assert isinstance(after, int)
    assert after <= 0.9 * 4 * GB
    assert found.proof.level is ProofLevel.ESTIMATED
    assert found.evidence["cost_after"] < found.evidence["cost_before"]  # type: ignore[operator]


def test_no_more_work_mem_than_the_plans_gain_from(bench: Workbench) -> None:
    """Two hundred thousand short texts are some megabytes, and more would fit."""
    found = only(advice(bench, memory_settings_for_machine)[0])
    up = found.fix.up if found.fix else ""
    assert "work_mem = '8MB'" in up
    texts = [str(text) for text in found.evidence["settings"]]  # type: ignore[union-attr]
    assert any("gain nothing from more" in text for text in texts)


def test_the_fix_counts_is_enough_and_is_taken_back(server: Server, bench: Workbench) -> None:
    found = only(advice(bench, memory_settings_for_machine)[0])
    assert found.fix is not None
    execute(server.url("shop"), found.fix.up)
    try:
        assert shown(server, "work_mem") == "8MB"
        assert shown(server, "maintenance_work_mem") == "256MB"
        # shared_buffers waits for the restart, which is not advised once more.
        assert advice(again(server, bench), memory_settings_for_machine) == ((), ())
    finally:
        execute(server.url("shop"), found.fix.down)
    assert shown(server, "work_mem") == "512kB"
    assert shown(server, "maintenance_work_mem") == "64MB"


def test_what_alter_system_had_set_comes_back(server: Server, bench: Workbench) -> None:
    url = server.url("shop")
    execute(url, "ALTER SYSTEM SET work_mem = '768kB'; SELECT pg_reload_conf()")
    try:
        found = only(advice(again(server, bench), memory_settings_for_machine)[0])
        assert found.fix is not None
        assert "ALTER SYSTEM SET work_mem = '768kB';" in found.fix.down
    finally:
        execute(url, "ALTER SYSTEM RESET work_mem; SELECT pg_reload_conf()")


def test_values_of_roles_and_databases_are_told(bench: Workbench) -> None:
    changed = with_catalog(
        bench, setting_overrides=(SettingOverride("work_mem", "64MB", "reports", "shop"),)
    )
    found = only(advice(changed, memory_settings_for_machine)[0])
    assert "role reports database shop work_mem = 64MB" in found.advice


def test_a_value_of_the_role_that_looked_says_nothing(bench: Workbench) -> None:
    mine = replace(setting(bench, "maintenance_work_mem"), source="user")
    found, skipped = advice(with_settings(bench, mine), memory_settings_for_machine)
    assert found == ()
    assert "can't be seen" in skipped[0].reason


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("rds.extensions", "parameter group of RDS"),
        ("cloudsql.iam_authentication", "database flags of Cloud SQL"),
        ("azure.extensions", "server parameters of Azure"),
    ],
)
def test_a_managed_service_is_told_where(bench: Workbench, name: str, place: str) -> None:
    managed = with_settings(bench, Setting(name, "x"))
    for advisor in (
        memory_settings_for_machine,
        checkpoint_settings_for_machine,
        parallel_settings_for_machine,
        planner_settings_for_machine,
    ):
        for found in advice(managed, advisor)[0]:
            assert found.fix is None
            assert place in found.advice


def test_the_command_line_overrules_alter_system(bench: Workbench) -> None:
    given = replace(setting(bench, "shared_buffers"), source="command line")
    found = only(advice(with_settings(bench, given), memory_settings_for_machine)[0])
    assert found.fix is not None
    assert "shared_buffers" not in found.fix.up
    assert "work_mem" in found.fix.up
    assert "shared_buffers comes from the command line" in found.advice


def test_too_many_connections_are_told(bench: Workbench) -> None:
    many = with_settings(
        bench,
        replace(setting(bench, "max_connections"), value="5000"),
        replace(setting(bench, "work_mem"), value="4096"),
    )
    found = only(advice(many, memory_settings_for_machine)[0])
    assert found.object.name == "max_connections"
    assert "5,000 connections" in found.message
    assert found.fix is None
    assert "pool" in found.advice


def test_without_a_machine_nothing_is_guessed(bench: Workbench) -> None:
    nobody = replace(bench, machine=None)
    for advisor in (
        memory_settings_for_machine,
        parallel_settings_for_machine,
        planner_settings_for_machine,
    ):
        found, skipped = advice(nobody, advisor)
        assert found == ()
        assert "--disk" in skipped[0].remedy
    assert advice(nobody, checkpoint_settings_for_machine) == ((), ())


def test_plans_that_change_are_told_and_costs_are_not_compared(bench: Workbench) -> None:
    found = only(advice(bench, planner_settings_for_machine)[0])
    assert found.evidence["plans_changed"] == [JOINED.text]
    assert found.proof.after.startswith("1 of them with another plan")
    assert "cost_before" not in found.evidence


def test_a_disk_that_rotates_keeps_its_cost(bench: Workbench) -> None:
    rotating = replace(bench, machine=replace(MACHINE, memory_bytes=16 * GB, disk=Disk.HDD))
    up = "".join(f.fix.up for f in advice(rotating, planner_settings_for_machine)[0] if f.fix)
    assert "random_page_cost" not in up
    assert "effective_cache_size = '12GB'" in up


def test_a_system_that_cannot_read_ahead_is_not_told_to(bench: Workbench) -> None:
    unable = replace(setting(bench, "effective_io_concurrency"), value="0", default="0")
    found = only(advice(with_settings(bench, unable), planner_settings_for_machine)[0])
    assert "effective_io_concurrency" not in found.message


def test_workers_for_one_query_only_where_plans_gain(bench: Workbench) -> None:
    found = only(advice(bench, parallel_settings_for_machine)[0])
    left = found.evidence["left_as_they_are"]
    assert left == ["max_parallel_workers_per_gather: no plan of the workload is cheaper with 4"]
    with bench.twin.connect() as connection:
        connection.execute("ALTER DATABASE twin SET max_parallel_workers_per_gather = 0")
    try:
        none = replace(setting(bench, "max_parallel_workers_per_gather"), value="0")
        found = only(advice(with_settings(bench, none), parallel_settings_for_machine)[0])
        assert found.fix is not None
        assert "max_parallel_workers_per_gather = '4'" in found.fix.up
        assert found.evidence["plans_changed"] == [JOINED.text, COUNTED.text]
    finally:
        with bench.twin.connect() as connection:
            connection.execute("ALTER DATABASE twin RESET max_parallel_workers_per_gather")


def counted(bench: Workbench, requested: int, timed: int, wal_bytes: int) -> Workbench:
    """As if the server had counted for ten days."""
    statistics = bench.statistics
    since = statistics.captured_at - timedelta(days=10)
    told = replace(
        statistics,
        checkpoints=CheckpointStatistics(timed=timed, requested=requested, since=since),
        wal_bytes=wal_bytes,
        wal_since=since,
    )
    return replace(bench, snapshot=replace(bench.snapshot, statistics=told))


def test_requested_checkpoints_ask_for_room(bench: Workbench) -> None:
    """Ten gigabytes in each five minutes."""
    busy = counted(bench, requested=9000, timed=1000, wal_bytes=2880 * 10 * GB)
    found = only(advice(busy, checkpoint_settings_for_machine)[0])
    assert found.severity is Severity.WARNING
    assert found.fix is not None
    assert "max_wal_size = '30GB'" in found.fix.up
    assert "9,000 of 10,000 checkpoints" in str(found.evidence["settings"])
    # It is no matter of what the server is used for.
    assert advice(replace(busy, machine=None), checkpoint_settings_for_machine)[0]


def test_where_time_decides_the_size_is_enough(bench: Workbench) -> None:
    quiet = counted(bench, requested=5, timed=2800, wal_bytes=GB)
    for found in advice(quiet, checkpoint_settings_for_machine)[0]:
        assert "wal_size" not in found.message
        assert "time decides" in str(found.evidence["left_as_they_are"])
