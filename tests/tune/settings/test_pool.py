"""A pool of the size that the machine can work with, and what it forbids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.tune.settings.bench import advice, execute, snapshot_of, workbench

from dbwright.model.activity import Activity, Session
from dbwright.model.finding import Confidence
from dbwright.model.machine import Machine
from dbwright.model.workload import Query, Workload
from dbwright.sandbox import Server
from dbwright.tune.advisors.rules.pool_size import pool_size
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.settings.pool import connections_for, pgbouncer_settings, session_state


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("LISTEN orders", ("LISTEN",)),
        ("PREPARE x AS SELECT 1", ("PREPARE",)),
        ("SET work_mem = '1MB'", ("SET work_mem",)),
        ("SET search_path TO a, b", ("SET search_path",)),
        ("SET LOCAL work_mem = '1MB'", ()),
        ("SET TRANSACTION READ ONLY", ()),
        ("RESET ALL", ()),
        ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", ("DECLARE … WITH HOLD",)),
        ("DECLARE c CURSOR FOR SELECT 1", ()),
        ("CREATE TEMP TABLE t (a int)", ("CREATE TEMPORARY TABLE",)),
        ("CREATE TEMP TABLE t (a int) ON COMMIT DROP", ()),
        ("CREATE TEMP TABLE t AS SELECT 1", ("CREATE TEMPORARY TABLE",)),
        ("SELECT pg_catalog.pg_advisory_lock($1)", ("pg_advisory_lock()",)),
        ("SELECT pg_try_advisory_lock(1, 2) FROM t", ("pg_try_advisory_lock()",)),
        ("SELECT pg_advisory_xact_lock(1)", ()),
        ("SELECT set_config('app.tenant', '7', false)", ("set_config()",)),
        ("SELECT set_config('app.tenant', '7', true), set_config($1, $2, $3)", ()),
        ("SELECT * INTO TEMP t FROM orders", ("CREATE TEMPORARY TABLE",)),
        ("UPDATE t SET listen = 1", ()),
        ("SELECT 'LISTEN' FROM", ()),
    ],
)
def test_state_of_the_session(text: str, state: tuple[str, ...]) -> None:
    assert session_state([Query(text)]) == state


def test_the_wikis_formula() -> None:
    assert connections_for(Machine(cpus=8)) == 17
    assert connections_for(Machine()) is None


def test_the_pools_configuration() -> None:
    lines = pgbouncer_settings("my shop", 17, 400).split("\n")
    assert lines[1] == '"my shop" = host=127.0.0.1 port=5432 dbname="my shop"'
    assert "pool_mode = transaction" in lines
    assert "default_pool_size = 17" in lines
    assert "max_client_conn = 400" in lines


@pytest.fixture(scope="module")
def bench(postgresql: Server) -> Iterator[Workbench]:
    postgresql.create_database("pool_tests")
    url = postgresql.url("pool_tests")
    execute(url, "CREATE TABLE carts (id bigint PRIMARY KEY)")
    with workbench(snapshot_of(url), (), Machine(cpus=4)) as made:
        yield made


def with_sessions(bench: Workbench, **states: int) -> Workbench:
    """So many sessions in each state (`_` for a blank)."""
    sessions = tuple(
        Session(pid, state=state.replace("_", " "))
        for state, count in states.items()
        for pid in range(count)
    )
    activity = Activity(bench.statistics.captured_at, sessions)
    return replace(bench, snapshot=replace(bench.snapshot, activity=activity))


def test_many_idle_connections(bench: Workbench) -> None:
    (found,) = advice(with_sessions(bench, idle=180, active=4, idle_in_transaction=16), pool_size)[
        0
    ]
    assert "200 connections are open, 180 of them idle and 4 active" in found.message
    assert found.evidence["pool_size"] == 9
    assert "16 sessions were idle in a transaction" in found.advice
    assert found.fix is None


def test_what_the_workload_keeps_in_its_session_is_told(bench: Workbench) -> None:
    crowd = with_sessions(bench, idle=200)
    workload = Workload("", (Query("LISTEN orders"), Query("SET search_path = a")))
    crowd = replace(crowd, snapshot=replace(crowd.snapshot, workload=workload))
    (found,) = advice(crowd, pool_size)[0]
    assert found.evidence["session_state_used"] == ["LISTEN", "SET search_path"]
    assert "LISTEN, SET search_path" in found.advice


def test_many_that_work_are_too_many_as_well(bench: Workbench) -> None:
    (found,) = advice(with_sessions(bench, active=100), pool_size)[0]
    assert found.confidence is Confidence.LOW


def test_few_are_left_alone(bench: Workbench) -> None:
    assert advice(with_sessions(bench, idle=49), pool_size) == ((), ())
    assert advice(with_sessions(bench, idle=20, idle_in_transaction=40), pool_size) == ((), ())


def test_what_is_not_known_is_told(bench: Workbench) -> None:
    crowd = with_sessions(bench, idle=200)
    _, skipped = advice(replace(crowd, machine=None), pool_size)
    assert "--cpus" in skipped[0].remedy
    nobody = replace(bench, snapshot=replace(bench.snapshot, activity=None))
    _, skipped = advice(nobody, pool_size)
    assert "live server" in skipped[0].remedy
