"""Queries that go to disk, and the work_mem that keeps them in memory: tried on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from tests.tune.settings.bench import advice, execute, snapshot_of, workbench

from dbwright.engines.postgresql.plan import read_plan
from dbwright.model.catalog import SettingOverride
from dbwright.model.finding import Confidence, Finding, ProofLevel, Severity
from dbwright.model.machine import Machine
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query, Workload
from dbwright.sandbox import Server, start
from dbwright.tune.advisors.rules.work_mem_for_spills import work_mem_for_spills
from dbwright.tune.advisors.workbench import Workbench

MB = 1024**2
VISITS = """
CREATE TABLE visits (id bigint, page text, note text);
INSERT INTO visits
SELECT n, 'page ' || n * 7919 % 60000, repeat('x', 60) FROM generate_series(1, 60000) n;
CREATE ROLE reports LOGIN SUPERUSER;
CREATE EXTENSION pg_stat_statements;
ANALYZE;
"""
SORTED = "SELECT * FROM visits ORDER BY page"
GROUPED = "SELECT page, count(*) FROM visits GROUP BY page"
FEW = "SELECT * FROM visits ORDER BY page LIMIT 10"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    settings = {
        "shared_preload_libraries": "pg_stat_statements",
        "work_mem": "1MB",
        "max_parallel_workers_per_gather": "0",
    }
    with start(settings=settings) as running:
        running.create_database("shop")
        execute(running.url("shop"), VISITS)
        with psycopg.connect(running.url("shop", user="reports"), autocommit=True) as session:
            for _ in range(3):
                session.execute(SORTED.encode())
                session.execute(FEW.encode())
        yield running


@pytest.fixture(scope="module")
def bench(server: Server) -> Iterator[Workbench]:
    """With what pg_stat_statements counted."""
    snapshot = snapshot_of(server.url("shop"), workload=True)
    assert snapshot.workload is not None
    with workbench(snapshot, snapshot.workload.queries) as made:
        yield made


@pytest.fixture(scope="module")
def bare(server: Server) -> Iterator[Workbench]:
    """With nothing but the texts."""
    snapshot = snapshot_of(server.url("shop"))
    with workbench(snapshot, (Query(SORTED, calls=3), Query(FEW, calls=3))) as made:
        yield made


def of_role(findings: tuple[Finding, ...], name: str) -> Finding:
    (found,) = [one for one in findings if one.object.name == name]
    return found


def spilled(server: Server, **connection: str) -> int:
    """Temporary blocks that the sort writes in a new session."""
    with psycopg.connect(server.url("shop", **connection)) as session:
        row = session.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {SORTED}".encode())
        plan = read_plan(next(iter(row))[0])
    buffers = plan.root.buffers
    return (buffers.temporary_written if buffers else 0) or 0


def test_the_role_gets_what_its_query_needs(server: Server, bench: Workbench) -> None:
    found = of_role(advice(bench, work_mem_for_spills)[0], "reports")
    assert found.severity is Severity.WARNING
    assert found.evidence["known_from"] == ["pg_stat_statements"]
    assert found.evidence["queries"] == [SORTED]
    assert found.proof.level is ProofLevel.ESTIMATED
    assert found.fix is not None
    assert spilled(server, user="reports") > 0
    execute(server.url("shop"), found.fix.up)
    try:
        assert spilled(server, user="reports") == 0
        assert spilled(server) > 0, "other roles keep what they have"
        told = replace(bench, snapshot=snapshot_with(bench, server))
        names = [one.object.name for one in advice(told, work_mem_for_spills)[0]]
        assert "reports" not in names
    finally:
        execute(server.url("shop"), found.fix.down)
    assert spilled(server, user="reports") > 0


def snapshot_with(bench: Workbench, server: Server) -> Snapshot:
    """The workload as it was, the settings as they are now."""
    now = snapshot_of(server.url("shop"))
    return replace(bench.snapshot, catalog=now.catalog)


def test_the_roles_former_value_comes_back(bench: Workbench) -> None:
    override = SettingOverride("work_mem", "2MB", "reports", "shop")
    catalog = replace(bench.snapshot.catalog, setting_overrides=(override,))
    told = replace(bench, snapshot=replace(bench.snapshot, catalog=catalog))
    found = of_role(advice(told, work_mem_for_spills)[0], "reports")
    assert found.fix is not None
    assert found.fix.down == "ALTER ROLE reports IN DATABASE shop SET work_mem = '2MB';"


def test_a_role_whose_sessions_would_take_too_much_gets_none(bench: Workbench) -> None:
    small = replace(bench, machine=Machine(32 * MB))
    found = of_role(advice(small, work_mem_for_spills)[0], "reports")
    assert found.fix is None
    assert "SET LOCAL work_mem" in found.advice


def test_what_everybody_gets_is_not_advised_twice(bench: Workbench) -> None:
    """On a large machine the server's own work_mem will do."""
    large = replace(bench, machine=Machine(64 * 1024 * MB, 8))
    assert advice(large, work_mem_for_spills)[0] == ()


def test_the_planners_estimate_is_the_last_resort(bare: Workbench) -> None:
    (found,) = advice(bare, work_mem_for_spills)[0]
    assert found.object.kind == "database"
    assert found.severity is Severity.NOTICE
    assert found.evidence["known_from"] == ["the planner's estimate"]
    assert found.evidence["queries"] == [SORTED]
    assert found.fix is None


def test_a_plan_that_was_run_says_exactly(server: Server, bare: Workbench) -> None:
    with psycopg.connect(server.url("shop")) as session:
        rows = session.execute(f"EXPLAIN (ANALYZE, BUFFERS) {SORTED}".encode()).fetchall()
    seen = Query(SORTED, user="reports", plan_text="\n".join(row[0] for row in rows))
    told = replace(
        bare,
        queries=(),
        snapshot=replace(bare.snapshot, workload=Workload("a log", (seen,))),
    )
    (found,) = advice(told, work_mem_for_spills)[0]
    assert found.confidence is Confidence.HIGH
    assert found.evidence["known_from"] == ["its plan"]
    assert found.fix is not None
    needs = found.evidence["work_mem_bytes"]
    with psycopg.connect(server.url("shop"), autocommit=True) as session:
        session.execute(f"SET work_mem = '{int(str(needs)) // 1024}kB'".encode())
        plan = "\n".join(
            row[0] for row in session.execute(f"EXPLAIN (ANALYZE) {SORTED}".encode()).fetchall()
        )
    assert "quicksort" in plan
    assert "Disk" not in plan


def test_a_plan_that_is_cut_off_is_no_plan(bare: Workbench) -> None:
    cut = Query(SORTED, user="reports", plan_text='{"Plan": {"Node Type"')
    told = replace(bare, queries=(), snapshot=replace(bare.snapshot, workload=Workload("", (cut,))))
    assert advice(told, work_mem_for_spills) == ((), ())


def test_what_no_memory_should_hold_is_told(bench: Workbench) -> None:
    found, _ = advice(bench, work_mem_for_spills, most_bytes=2 * MB)
    large = of_role(found, "reports")
    assert large.fix is None
    assert "index" in large.advice
