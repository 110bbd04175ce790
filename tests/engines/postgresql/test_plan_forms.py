"""JSON, XML and text of the same statement give equal plans, on every major from 12 to 18.

Two runs of one statement differ in times, in who did the work where workers took part, and in
whether a block had to be read; everything else has to be the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbwright.engines.postgresql.plan import read_plan
from dbwright.model.plan import Buffers, Plan, PlanNode
from dbwright.sandbox import Server

from .plan_queries import QUERIES, PlannedQuery

SCHEMA = Path(__file__).with_name("plans.sql")


@pytest.fixture(scope="module")
def shop(any_postgresql: Server) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database with plans.sql."""
    any_postgresql.create_database("plans")
    with psycopg.connect(any_postgresql.url("plans"), autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute("VACUUM ANALYZE")
        yield connection
    with psycopg.connect(any_postgresql.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE plans")


def explained(connection: psycopg.Connection[Any], query: PlannedQuery, options: str) -> str:
    """What EXPLAIN writes; the statement's effects are rolled back."""
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL jit = off")
        if not query.parallel:
            connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        for name, value in query.settings.items():
            connection.execute("SELECT set_config(%s, %s, true)", [name, value])
        rows = connection.execute(f"EXPLAIN ({options}) {query.sql}".encode()).fetchall()
    if "FORMAT JSON" in options:
        return json.dumps(rows[0][0], indent=2)
    return "\n".join(str(row[0]) for row in rows)


def options_of(major: int, *more: str) -> str:
    wanted = ["VERBOSE", "SETTINGS", *more]
    if "ANALYZE" in more and major >= 13:
        wanted.append("WAL")
    return ", ".join(wanted)


def told(found: Any, drifts: bool) -> Any:
    """A plan as nested plain values, without what differs between two runs, and without what text
    leaves out because it is nothing."""
    if is_dataclass(found) and not isinstance(found, type):
        names = [each.name for each in fields(found) if keeps(found, each.name, drifts)]
        every = {name: told(getattr(found, name), drifts) for name in names}
        return {name: v for name, v in every.items() if v not in (None, {}, (), "")} or None
    if isinstance(found, tuple | list):
        parts = [told(part, drifts) for part in found]
        return tuple(part for part in parts if part is not None)
    if isinstance(found, dict):
        flattened = {k: flat(v) for k, v in found.items() if k not in NOT_IN_TEXT}
        return {name: value for name, value in flattened.items() if value and value != "false"}
    if isinstance(found, float | int) and not isinstance(found, bool):
        return float(found) or None
    return found or None


NOT_IN_TEXT = {"Target Tables"}
ACTUAL = {"actual_rows", "loops", "workers", "workers_launched", "buffers", "sorting", "hash_table"}
DRIFTING = ACTUAL | {
    "rows_removed_by_filter",
    "rows_removed_by_join_filter",
    "heap_fetches",
    "index_searches",
    "exact_blocks",
    "lossy_blocks",
    "storage_bytes",
    "jit",
}


def keeps(owner: Any, name: str, drifts: bool) -> bool:
    if name.endswith("_seconds") or name in ("planning_buffers", "io", "seconds", "wal"):
        return False
    if isinstance(owner, PlanNode) and drifts and name in DRIFTING:
        return False
    # The name of a key's internal trigger is shown by VERBOSE, its table only where there are
    # several; a partitioned ModifyTable's children were members up to 13.
    return not (name == "relation" and type(owner).__name__ == "PlanTrigger")


def flat(value: Any) -> Any:
    """A value that has no field of its own, as text shows it."""
    if isinstance(value, tuple | list):
        return ", ".join(str(flat(part)) for part in value)
    if isinstance(value, bool | str):
        return str(value).lower()
    return float(value) if isinstance(value, int | float) else str(value)


def same(one: Plan, other: Plan, query: PlannedQuery) -> None:
    drifts = one.analyzed and query.drifts
    assert told(settled(one), drifts) == told(settled(other), drifts)


def settled(plan: Plan) -> Plan:
    """Blocks hit and read are one figure; so a second run, with a warm cache, has the same."""

    def node(found: PlanNode) -> PlanNode:
        relationship = found.parent_relationship
        if relationship == "Member" or found.kind == "ModifyTable":
            relationship = relationship.replace("Member", "Outer")
        return replace(
            found,
            parent_relationship=relationship,
            buffers=touched(found.buffers),
            workers=tuple(replace(w, buffers=None) for w in found.workers),
            children=tuple(node(child) for child in found.children),
        )

    return replace(plan, root=node(plan.root))


def touched(found: Buffers | None) -> Buffers | None:
    if found is None:
        return None
    return Buffers(
        shared_hit=found.shared_hit + found.shared_read,
        temporary_read=found.temporary_read,
        temporary_written=found.temporary_written,
    )


@pytest.mark.parametrize("name", QUERIES)
def test_text_and_json_are_one_plan(shop: psycopg.Connection[Any], name: str) -> None:
    query = QUERIES[name]
    major = shop.info.server_version // 10000
    if major < query.oldest:
        return
    for more in ((), ("ANALYZE", "BUFFERS"), ("ANALYZE", "TIMING OFF")):
        options = options_of(major, *more)
        if query.changes and "ANALYZE" in more:
            options += ", COSTS OFF"
        explained(shop, query, options)  # so that both find the same in the cache
        document = read_plan(explained(shop, query, f"{options}, FORMAT JSON"))
        text = read_plan(explained(shop, query, options))
        same(document, text, query)
        assert document.analyzed == text.analyzed == ("ANALYZE" in more)
        assert document.timed == text.timed == (more == ("ANALYZE", "BUFFERS"))


@pytest.mark.parametrize("name", QUERIES)
def test_xml_yaml_and_json_are_one_plan(shop: psycopg.Connection[Any], name: str) -> None:
    query = QUERIES[name]
    major = shop.info.server_version // 10000
    if major < query.oldest:
        return
    options = options_of(major, "ANALYZE", "BUFFERS", *(["COSTS OFF"] if query.changes else []))
    explained(shop, query, options)
    document = read_plan(explained(shop, query, f"{options}, FORMAT JSON"))
    for form in ("XML", "YAML"):
        same(document, read_plan(explained(shop, query, f"{options}, FORMAT {form}")), query)


def test_every_kind_of_node_was_met(shop: psycopg.Connection[Any]) -> None:
    """All kinds that PostgreSQL 12 knows, and those that came later where they are."""
    major = shop.info.server_version // 10000
    met = {
        node.kind
        for query in QUERIES.values()
        if major >= query.oldest
        for node in read_plan(explained(shop, query, "FORMAT JSON")).nodes
    }
    wanted = set(
        "Aggregate,Append,BitmapAnd,BitmapOr,Bitmap Heap Scan,Bitmap Index Scan,CTE Scan,"
        "Function Scan,Gather,Gather Merge,Group,Hash,Hash Join,Index Only Scan,Index Scan,Limit,"
        "LockRows,Materialize,Merge Append,Merge Join,ModifyTable,Nested Loop,ProjectSet,"
        "Recursive Union,Result,Sample Scan,Seq Scan,SetOp,Sort,Subquery Scan,Tid Scan,Unique,"
        "Values Scan,WindowAgg,WorkTable Scan".split(",")
    )
    wanted |= {"Incremental Sort"} if major >= 13 else set()
    wanted |= {"Memoize", "Tid Range Scan"} if major >= 14 else set()
    assert wanted - met == set()
