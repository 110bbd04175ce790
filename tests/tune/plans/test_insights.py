"""The insights as a whole: they are named and documented, none breaks on any plan, what can't be
decided is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.engines.postgresql.plan_queries import QUERIES

from dbwright.engines.postgresql.plan import read_plan
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.page import HEADINGS
from dbwright.model.plan import Plan
from dbwright.model.snapshot import Snapshot
from dbwright.sandbox import Server
from dbwright.tune.plans.engine import run_insights
from dbwright.tune.plans.insights._conditions import compared, sort_columns
from dbwright.tune.plans.insights._memory import megabytes
from dbwright.tune.plans.registry import all_insights
from servers.postgresql import Database

SCHEMA = Path(__file__).parents[2] / "engines/postgresql/plans.sql"
SCAN = (
    "Seq Scan on t  (cost=0.00..9.00 rows=5 width=4) (actual time=0.1..9.0 rows=5 loops=1)\n"
    "  Filter: (a = 1)\n  Rows Removed by Filter: 99995\nExecution Time: 9.1 ms\n"
)


def test_each_is_named_as_its_function_and_has_its_page() -> None:
    insights = all_insights()
    assert len(insights) >= 16
    for insight in insights:
        assert insight.function.__name__ == insight.id.removeprefix("plans/").replace("-", "_")
        assert tuple(insight.page)[1:] == HEADINGS
        assert insight.title.endswith(".") and insight.why
        assert insight.bad and insight.good


@pytest.fixture(scope="module")
def shop(postgresql: Server) -> Iterator[tuple[psycopg.Connection[Any], Snapshot]]:
    postgresql.create_database("insights")
    url = postgresql.url("insights")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute("VACUUM ANALYZE")
        with Session.open(url, 30) as session:
            yield connection, read(session, values=None)


@pytest.mark.parametrize("name", QUERIES)
def test_none_breaks_on_any_plan(shop: tuple[psycopg.Connection[Any], Snapshot], name: str) -> None:
    connection, snapshot = shop
    eager = {
        insight.id: {
            threshold.name: threshold.type(0)
            for threshold in insight.thresholds
            if not threshold.name.startswith("max_")
        }
        for insight in all_insights()
    }
    for options in ("ANALYZE, VERBOSE, BUFFERS, SETTINGS", "ANALYZE, TIMING OFF", "VERBOSE"):
        with connection.transaction(force_rollback=True):
            for setting, value in QUERIES[name].settings.items():
                connection.execute("SELECT set_config(%s, %s, true)", [setting, value])
            query = QUERIES[name].sql
            rows = connection.execute(f"EXPLAIN ({options}) {query}".encode()).fetchall()
        plan = read_plan("\n".join(row[0] for row in rows))
        for catalog, statistics in ((snapshot.catalog, snapshot.statistics), (None, None)):
            run = run_insights(
                plan,
                all_insights(),
                catalog=catalog,
                statistics=statistics,
                thresholds=eager,
            )
            assert [part.reason for part in run.skipped if "broke" in part.reason] == []
            keys = [remark.finding.key for remark in run.remarks]
            assert len(set(keys)) == len(keys)


def test_what_was_not_run_is_left_open() -> None:
    plan = read_plan("Seq Scan on t  (cost=0.00..9.00 rows=5 width=4)\n  Filter: (a = 1)")
    run = run_insights(plan, all_insights())
    assert run.remarks == ()
    (left,) = run.skipped
    assert (left.part, left.remedy) == ("plan.actual", "--analyze")
    assert "plans/row-estimate-wrong" in left.rules


def test_one_that_breaks_does_not_hide_the_others() -> None:
    def broken(plan: Plan) -> Iterator[Any]:
        yield 1 / 0

    insights = list(all_insights())
    insights[0] = replace(insights[0], function=broken, parts=("plan",))
    run = run_insights(read_plan(SCAN), insights)
    assert [remark.finding.rule for remark in run.remarks] == [
        "plans/sequential-scan-discards-rows"
    ]
    (left,) = run.skipped
    assert left.part == insights[0].id and "ZeroDivisionError" in left.reason


def test_thresholds_are_honoured() -> None:
    (insight,) = (i for i in all_insights() if i.id == "plans/sequential-scan-discards-rows")
    raised = {insight.id: {"min_rows": 1e9}}
    assert run_insights(read_plan(SCAN), [insight]).remarks
    assert run_insights(read_plan(SCAN), [insight], thresholds=raised).remarks == ()


def test_a_small_part_of_the_time_is_not_worth_an_index() -> None:
    """A scan that took 9 of 400 ms; the same without times."""
    above = (
        "Nested Loop  (cost=0.00..99.00 rows=5 width=4) (actual time=0.1..400.0 rows=5 loops=1)\n"
        "  ->  Function Scan on f  (cost=0.00..9.00 rows=5 width=4) (actual time=0.1..390.0 rows=5 "
        "loops=1)\n  ->  "
    )
    (insight,) = (i for i in all_insights() if i.id == "plans/sequential-scan-discards-rows")
    scan = SCAN.replace("\n  ", "\n        ")
    assert run_insights(read_plan(above + scan), [insight]).remarks == ()
    assert run_insights(read_plan(above + scan.replace("time=0.1..9.0 ", "")), [insight]).remarks


def test_partitions_that_are_scanned_alike_are_told_once() -> None:
    (insight,) = (i for i in all_insights() if i.id == "plans/sequential-scan-discards-rows")
    scan = SCAN.partition("Execution")[0].replace("99995", "4000").replace("\n  ", "\n        ")
    parts = "".join(f"  ->  {scan.replace(' t ', f' t_{n} ')}" for n in range(12))
    head = "Append  (cost=0.00..99.00 rows=60 width=4) (actual time=0.1..108.0 rows=60 loops=1)\n"
    (remark,) = run_insights(read_plan(head + parts), [insight]).remarks
    assert remark.finding.message.startswith("the scan of t_0 and of 11 more like it read 48,060")


def test_no_index_for_a_subquery_that_keeps_its_rows(database: Database) -> None:
    database.execute(
        "CREATE TABLE a (id int); INSERT INTO a SELECT generate_series(1, 1200);"
        "CREATE TABLE b (a int, n int); INSERT INTO b SELECT g, g FROM generate_series(1, 1200) g;"
        "ANALYZE a; ANALYZE b"
    )
    with Session.open(database.url, 30) as session:
        snapshot = read(session)
    (insight,) = (i for i in all_insights() if i.id == "plans/subplan-runs-per-row")
    for where, has_fix in (("n > 5", False), ("b.a = a.id", True)):
        (row,) = database.execute(
            "EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) "
            f"SELECT (SELECT count(*) FROM b WHERE {where} AND a.id > 0) FROM a"
        )
        (remark,) = run_insights(
            read_plan(row[0]), [insight], catalog=snapshot.catalog, statistics=snapshot.statistics
        ).remarks
        assert (remark.finding.fix is not None) is has_fix


JOINED = """\
{above}Hash Join  (cost=1.00..99.00 rows=5000 width=4) (actual time=0.1..9.0 rows=5 loops=1)
{pad}Hash Cond: (a.x = b.x)
{pad}->  Seq Scan on a  (cost=0.00..9.00 rows=900 width=4) (actual time=0.1..1.0 rows=900 loops=1)
{pad}->  Hash  (cost=0.00..9.00 rows=900 width=4) (actual time=0.1..1.0 rows=900 loops=1)
{pad}      ->  Seq Scan on b  (cost=0.00..9.00 rows=900 width=4) (actual time=0.1..1.0 rows=900 loops=1)
"""
LOOP = "Nested Loop  (cost=1.00..999.00 rows=5000 width=4) (actual time=0.1..9.9 rows=5 loops=1)\n  ->  "


def test_an_estimate_counts_where_a_choice_rests_on_it() -> None:
    (insight,) = (i for i in all_insights() if i.id == "plans/row-estimate-wrong")
    alone = read_plan(JOINED.format(above="", pad="  "))
    assert run_insights(alone, [insight]).remarks == ()
    more = read_plan(JOINED.format(above="", pad="  ").replace("rows=5 loops", "rows=99000 loops"))
    (remark,) = run_insights(more, [insight]).remarks
    assert "foreign keys" in remark.finding.advice
    below_a_join = read_plan(JOINED.format(above=LOOP, pad="        "))
    (remark,) = run_insights(below_a_join, [insight]).remarks
    assert remark.node == 1


def test_groups_have_advice_of_their_own() -> None:
    text = LOOP.replace("rows=5 loops", "rows=5000 loops") + (
        "HashAggregate  (cost=1.00..9.00 rows=5000 width=4) (actual time=0.1..9.0 rows=9 loops=1)\n"
        "        Group Key: a, b\n"
        "        ->  Seq Scan on t  (cost=0.00..9.00 rows=9000 width=4) (actual time=0.1..1.0 "
        "rows=9000 loops=1)\n"
    )
    (insight,) = (i for i in all_insights() if i.id == "plans/row-estimate-wrong")
    (remark,) = run_insights(read_plan(text), [insight]).remarks
    assert "CREATE STATISTICS (ndistinct)" in remark.finding.advice
    having = text.replace("Group Key: a, b\n", "Group Key: a, b\n        Filter: (sum(c) > 9)\n")
    (remark,) = run_insights(read_plan(having), [insight]).remarks
    assert "HAVING" in remark.finding.advice


def test_an_index_is_only_proposed_where_its_columns_rule_rows_out(database: Database) -> None:
    """`size >= 1` holds for every row; it is the rest of the condition that rules them out."""
    database.execute(
        "CREATE TABLE parts (id int, size int, kind int, note text);"
        "INSERT INTO parts SELECT n, 1 + n % 50, n % 3, 'note ' || n FROM generate_series(1, 20000) n;"
        "ANALYZE parts"
    )
    with Session.open(database.url, 30) as session:
        snapshot = read(session)
    found = {}
    for where in (
        "size >= 1 AND (note = 'note 7' OR note = 'note 8')",
        "kind = 1 AND note LIKE '%77%'",
        "size = 8 AND note LIKE '%77%'",
    ):
        (row,) = database.execute(
            f"EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) SELECT * FROM parts WHERE {where}"
        )
        plan = read_plan(row[0])
        (insight,) = (i for i in all_insights() if i.id == "plans/sequential-scan-discards-rows")
        (remark,) = run_insights(
            plan, [insight], catalog=snapshot.catalog, statistics=snapshot.statistics
        ).remarks
        found[where.split()[0] + where.split()[1]] = remark.finding.fix
    assert found["size>="] is None and found["kind="] is None
    fix = found["size="]
    assert fix is not None and "(size)" in fix.up


NODE = read_plan("Seq Scan on shop.orders o  (cost=0.00..9.00 rows=5 width=4)").root


@pytest.mark.parametrize(
    ("condition", "equal", "ranges", "whole"),
    [
        ("(o.customer = 7)", ("customer",), (), True),
        ("((o.total < '10'::numeric) AND ((o.status)::text = 'new'::text))", ("status",), ("total",), True),
        ("(o.id = ANY ('{1,2}'::integer[]))", ("id",), (), True),
        ("(o.customer = c.id)", ("customer",), (), True),
        ("((o.note IS NULL) AND o.paid AND (NOT o.sent))", ("note", "paid", "sent"), (), True),
        ("(lower(o.status) = 'new'::text)", (), (), False),
        ("((o.a = 1) OR (o.b = 2))", (), (), False),
        ("((o.a = 1) AND ((o.b = 2) OR (o.c = 3)))", ("a",), (), False),
        ("(o.a <> 1)", (), (), False),
        ("(o.a = o.b)", (), (), False),
        ('(o."Mixed Case" = 1)', ("Mixed Case",), (), True),
        ("(c.id = 7)", (), (), False),
        ("(NOT (hashed SubPlan 1))", (), (), False),
        ("(o.status ~~ 'a%'::text)", (), (), False),
        ("", (), (), False),
    ],
)  # fmt: skip
def test_conditions_are_read_from_their_tree(
    condition: str, equal: tuple[str, ...], ranges: tuple[str, ...], whole: bool
) -> None:
    found = compared(condition, NODE)
    assert (found.equal, found.ranges, found.whole) == (equal, ranges, whole)


def test_sort_keys_are_columns_or_nothing() -> None:
    assert sort_columns(("o.placed DESC", "o.id"), NODE) == ("placed DESC", "id")
    assert sort_columns(("lower(o.note)",), NODE) == ()
    assert sort_columns(("(count(*)) DESC",), NODE) == ()


def test_memory_is_asked_for_in_round_figures() -> None:
    mib = 1024 * 1024
    asked = [1, mib, mib + 1, 5 * mib, 9 * mib, 100 * mib]
    assert [megabytes(each) // mib for each in asked] == [1, 1, 2, 6, 12, 128]
