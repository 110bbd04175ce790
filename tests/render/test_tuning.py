"""What tuning came to, in words: figures that agree, and no more than was measured."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from dbwright.model.finding import Confidence, Finding, ObjectRef, Severity
from dbwright.model.measured import (
    CostConstants,
    DroppedIndex,
    Measured,
    MeasuredIndex,
    MeasuredQuery,
    MeasuredWrite,
    Run,
)
from dbwright.model.tuning import DropReason, IndexAdvice, IndexDrop, QueryEffect, Tuning
from dbwright.render.groups import groups
from dbwright.render.tuning import effect_rows, headline, tuning_facts
from dbwright.render.tuning_json import tuning_document

BY_ID = "SELECT * FROM orders WHERE customer_id = $1"
INDEX = IndexAdvice(
    name="orders_customer_id_idx",
    table="public.orders",
    definition="USING btree (customer_id)",
    bytes=1_000_000,
    saved_alone=900.0,
    saved_last=900.0,
    queries=(0,),
    build_seconds=1.0,
)
DROP = IndexDrop(
    name="public.old_idx",
    table="public.orders",
    reason=DropReason.UNUSED,
    keeper=None,
    bytes=8192,
    scans=0,
    cost_before=100.0,
    cost_after=100.0,
    queries=0,
)
TUNING = Tuning(
    source="work.sql",
    before=1000.0,
    after=100.0,
    within_share=0.0,
    tried=3,
    planner_calls=9,
    complete=True,
    indexes=(INDEX,),
    queries=(QueryEffect(BY_ID, "one", 90, 90.0, 10.0, 1.0, (INDEX.name,)),),
    drops=(DROP,),
)


def query(number: int, before: Run | None, after: Run | None, **more: object) -> MeasuredQuery:
    found = MeasuredQuery(
        text=BY_ID,
        statement=BY_ID.replace("$1", str(number)),
        fingerprint="one",
        calls=90,
        weight=30.0,
        cost_before=10.0,
        cost_after=1.0,
        changed=True,
        before=before,
        after=after,
        equal=True,
    )
    return replace(found, **more)  # type: ignore[arg-type]


def measured(*queries: MeasuredQuery) -> Tuning:
    return replace(TUNING, measured=Measured(queries=queries))


def facts(tuning: Tuning) -> dict[str, str]:
    return dict(tuning_facts(tuning))


def test_the_headline_says_no_more_than_was_run() -> None:
    three = measured(*(query(number, Run(0.4), Run(0.1)) for number in range(3)))
    assert headline(three) == "75 % less time for 1 query, measured"
    assert headline(measured(query(1, Run(0.1), Run(0.2)))).startswith("100 % more time")
    assert headline(measured(query(1, Run(0.1), Run(0.1)))) == (
        "As much time as before for 1 query, measured"
    )
    ended = Run(60.0, timed_out=True)
    assert headline(measured(query(1, ended, Run(6.0)))).startswith("At least 90 % less time")
    assert headline(measured(query(1, None, None))) == "No query could be run"
    stays = query(1, None, None, changed=False)
    assert headline(measured(stays)) == "Nothing that a new index makes faster"
    refused = replace(TUNING, measured=Measured(refused=True, reason="slow"))
    assert headline(refused) == "No set of indexes that slows no query"
    assert headline(TUNING) == "90 % less work, by estimate"
    assert headline(replace(TUNING, after=1000.0)) == "No index saves work, by estimate"


def test_figures_agree_with_each_other() -> None:
    three = measured(*(query(number, Run(0.4), Run(0.1)) for number in range(3)))
    assert facts(three)["Measured"] == (
        "1 query with another plan, run on a copy with all rows: 36 s → 9 s (-75%) "
        "for all their calls"
    )
    rows = effect_rows(three, every=False)
    assert [row.cells[2] for row in rows] == ["30", "30", "30"], "the calls each stands for"
    assert [row.cells[3] for row in rows] == [BY_ID.replace("$1", n) for n in "012"]
    (alone,) = effect_rows(measured(query(1, Run(0.4), Run(0.1), weight=2.5)), every=False)
    assert alone.cells[2:] == ("2.5", BY_ID)


def test_what_was_not_run_is_told_with_its_reason() -> None:
    left = query(1, None, None, note="the copy has no rows of public.orders")
    told = facts(measured(left, query(2, Run(0.4), Run(0.1), fingerprint="two", text="other")))
    assert told["Not run"] == "1 query: the copy has no rows of public.orders"
    ended = facts(measured(query(1, Run(60.0, timed_out=True), Run(6.0))))
    assert "more than 30 min → 3 min" in ended["Measured"]
    assert facts(measured(left))["Measured"] == "no query with another plan was run"


def test_the_facts_of_a_set() -> None:
    told = facts(TUNING)
    assert told["Cost"].startswith("1,000 → 100 (-90%), the planner's estimate for 1 query")
    assert told["Freed"] == "8 kB where 1 index goes"
    assert "go" in facts(replace(TUNING, drops=(DROP, DROP)))["Freed"].split()
    nothing = replace(TUNING, queries=(), drops=(), before=0.0, after=0.0)
    assert facts(nothing) == {"Cost": "no query of work.sql was estimated"}
    assert headline(nothing) == "No query to advise on"
    same = facts(replace(TUNING, after=1000.0))["Cost"]
    assert same.startswith("1,000 → 1,000 (as before)")


def test_what_was_built_and_left_out() -> None:
    built = MeasuredIndex(INDEX.name, INDEX.table, INDEX.definition, 524_288, 1_000_000, 0.1, 1.0)
    dropped = DroppedIndex(
        "bad_idx", "public.orders", BY_ID * 3, Run(0.1), Run(0.9), "with it slow"
    )
    found = Measured(
        indexes=(built,),
        dropped=(dropped,),
        constants=CostConstants({}, {"random_page_cost": 1.1}, 9, 0.5, 0.2, reason="1 is slower"),
        writes=(
            MeasuredWrite(
                "public.orders",
                100,
                (INDEX.name,),
                inserts_per_second_before=1000.0,
                inserts_per_second_after=500.0,
                insert_wal_bytes_before=100.0,
                insert_wal_bytes_after=164.0,
                updates_per_second_before=1000.0,
                updates_per_second_after=1300.0,
                hot_share_before=0.99,
                hot_share_after=0.991,
                updated_columns=("note",),
            ),
        ),
    )
    told = facts(replace(TUNING, measured=found))
    assert told["Room"].endswith("for 1 index (512 kB as they were built on the copy)")
    empty = replace(found, writes=(MeasuredWrite("public.orders", 0, (INDEX.name,)),))
    assert "built" not in facts(replace(TUNING, measured=empty))["Room"]
    assert told["Left out"].startswith("bad_idx on public.orders: with it slow (SELECT *")
    assert told["Left out"].endswith("…)")
    assert told["Constants"] == (
        "random_page_cost 1.1 fit 9 plans best (cost off from time 50% → 20%); "
        "not advised: 1 is slower"
    )
    assert told["Writes"] == (
        "public.orders, 1 new index: inserts -50% (WAL +64%); updates of note as fast as before"
    )


def test_groups_of_one_severity_keep_the_order_of_the_report() -> None:
    found = [
        Finding(rule, severity, Confidence.HIGH, ObjectRef("table", "t"), "message", "why", rule)
        for rule, severity in (
            ("tune/z", Severity.NOTICE),
            ("tune/a", Severity.NOTICE),
            ("tune/m", Severity.WARNING),
        )
    ]
    assert [group.rule for group in groups(tuple(found))] == ["tune/m", "tune/z", "tune/a"]


def test_a_rough_size_is_told_as_a_range() -> None:
    rough = replace(INDEX, least_bytes=500_000, most_bytes=3_000_000)
    told = facts(replace(TUNING, indexes=(rough, INDEX)))["Room"]
    assert "(rough: 1.4 MB to 3.8 MB)" in told
    assert "rough" not in facts(TUNING)["Room"]
    (document,) = cast(
        list[dict[str, object]], tuning_document(replace(TUNING, indexes=(rough,)))["indexes"]
    )
    assert (document["least_bytes"], document["most_bytes"]) == (500_000, 3_000_000)
