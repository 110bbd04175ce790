"""A plan written as EXPLAIN (FORMAT JSON) is read again as the same plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbwright.engines.postgresql.plan import read_plan
from dbwright.model.plan import Plan
from dbwright.render.plan_document import plan_document
from dbwright.sandbox import Server
from engines.postgresql.plan_queries import QUERIES, PlannedQuery

from .test_explanation import ESTIMATED, EXPLANATION

SCHEMA = Path(__file__).parents[1] / "engines/postgresql/plans.sql"
EVERYTHING = {
    "Query Identifier": -9166395264287712769,
    "Plan": {
        "Node Type": "Hash Join",
        "Parallel Aware": True,
        "Async Capable": False,
        "Disabled": True,
        "Join Type": "Right Semi",
        "Inner Unique": True,
        "Startup Cost": 0.29,
        "Total Cost": 1234567.891,
        "Plan Rows": 3,
        "Plan Width": 8,
        "Actual Startup Time": 0.007,
        "Actual Total Time": 1234.567,
        "Actual Rows": 2.33,
        "Actual Loops": 3,
        "Shared Hit Blocks": 7,
        "Local Written Blocks": 2,
        "Temp Read Blocks": 5,
        "I/O Read Time": 0.123,
        "Temp I/O Write Time": 9.9,
        "WAL Records": 3,
        "WAL Buffers Full": 1,
        "Rows Removed by Join Filter": 0.5,
        "Workers": [
            {
                "Worker Number": 1,
                "Actual Rows": 2,
                "Actual Loops": 1,
                "Sort Method": "quicksort",
                "Sort Space Used": 25,
                "Sort Space Type": "Memory",
                "Shared Read Blocks": 4,
                "JIT": {"Functions": 2, "Timing": {"Generation": 0.5, "Total": 1.25}},
                "Peculiar": [1, {"a": "b"}],
            }
        ],
        "Never Heard Of": {"deep": [1, 2.5, None, True]},
        "Plans": [
            {
                "Node Type": "Memoize",
                "Parent Relationship": "Outer",
                "Cache Key": "t.a",
                "Cache Mode": "logical",
                "Cache Hits": 8,
                "Cache Misses": 1,
                "Peak Memory Usage": 3,
            },
            {
                "Node Type": "Incremental Sort",
                "Parent Relationship": "Inner",
                "Presorted Key": ["a"],
                "Full-sort Groups": {
                    "Group Count": 2,
                    "Sort Methods Used": ["quicksort", "top-N heapsort"],
                    "Sort Space Memory": {"Peak Sort Space Used": 27},
                },
            },
        ],
    },
    "Settings": {"work_mem": "64kB"},
    "Planning": {"Shared Hit Blocks": 3, "Memory Used": 8, "Memory Allocated": 16},
    "Planning Time": 0.123,
    "Triggers": [
        {"Trigger Name": "t", "Constraint Name": "c", "Relation": "r", "Time": 0.5, "Calls": 7}
    ],
    "JIT": {
        "Functions": 3,
        "Options": {"Inlining": True, "Optimization": False, "Expressions": True},
        "Timing": {"Generation": {"Deform": 0.1, "Total": 1.1}, "Total": 2.2},
    },
    "Serialization": {"Time": 0.5, "Output Volume": 12, "Format": "text", "Temp Read Blocks": 1},
    "Execution Time": 1300.25,
    "Something New": "x",
}


def again(plan: Plan) -> Plan:
    return read_plan(json.dumps([plan_document(plan)], allow_nan=False))


@pytest.mark.parametrize("plan", [EXPLANATION.plan, ESTIMATED.plan], ids=["analyzed", "estimated"])
def test_a_pasted_plan(plan: Plan) -> None:
    assert again(plan) == plan


def test_everything_that_a_plan_may_hold() -> None:
    plan = read_plan(json.dumps(EVERYTHING), query="SELECT 1")
    assert again(plan) == plan
    assert plan.root.workers[0].jit is not None and plan.serialization is not None


def test_names_are_those_of_explain() -> None:
    written = plan_document(read_plan(json.dumps(EVERYTHING)))
    known = {**EVERYTHING, "Plan": None, "JIT": None, "Planning": None, "Serialization": None}
    assert set(written) == set(known)
    assert {name: written[name] for name, value in known.items() if value is not None} == {
        name: value for name, value in known.items() if value is not None
    }


@pytest.fixture(scope="module")
def shop(any_postgresql: Server) -> Iterator[psycopg.Connection[Any]]:
    any_postgresql.create_database("written_plans")
    with psycopg.connect(any_postgresql.url("written_plans"), autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute("VACUUM ANALYZE")
        yield connection
    with psycopg.connect(any_postgresql.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE written_plans")


def test_plans_of_every_kind_of_node(shop: psycopg.Connection[Any]) -> None:
    major = shop.info.server_version // 10000
    for name, query in QUERIES.items():
        if major >= query.oldest:
            plan = read_plan(explained(shop, query))
            assert again(plan) == plan, name


def explained(connection: psycopg.Connection[Any], query: PlannedQuery) -> Any:
    """EXPLAIN's own document; the statement's effects are rolled back."""
    with connection.transaction(force_rollback=True):
        for name, value in query.settings.items():
            connection.execute("SELECT set_config(%s, %s, true)", [name, value])
        options = "ANALYZE, VERBOSE, SETTINGS, BUFFERS, FORMAT JSON"
        row = connection.execute(f"EXPLAIN ({options}) {query.sql}".encode()).fetchone()
    assert row is not None
    return row[0]
