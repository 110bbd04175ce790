"""Own times and costs: nothing is counted twice, and nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbwright.engines.postgresql.plan import read_plan
from dbwright.model.plan import Plan


def own(plan: Plan) -> dict[str, float]:
    """Milliseconds by the node's name, or its subplan's."""
    return {
        node.subplan_name or node.name: round((plan.own_seconds(node) or 0.0) * 1000, 6)
        for node in plan.nodes
    }


def test_children_are_taken_off_times_their_loops() -> None:
    plan = read_plan(
        "Nested Loop  (cost=0.00..50.00 rows=10 width=4) (actual time=0.1..10.0 rows=10 loops=1)\n"
        "  ->  Seq Scan on a  (cost=0.00..10.00 rows=10 width=4) (actual time=0.1..2.0 rows=10 loops=1)\n"
        "  ->  Index Scan using i on b  (cost=0.00..3.00 rows=1 width=4) (actual time=0.1..0.7 rows=1 loops=10)\n"
        "Execution Time: 10.5 ms\n"
    )
    assert own(plan) == {"Nested Loop": 1.0, "Seq Scan": 2.0, "Index Scan": 7.0}
    assert [plan.own_cost(node) for node in plan.nodes] == [10.0, 10.0, 30.0]


def test_workers_share_the_clock() -> None:
    """Three participants of 30 ms each take 30 ms, not 90."""
    plan = read_plan(
        "Gather  (cost=0.00..9.00 rows=9 width=4) (actual time=1.0..40.0 rows=9 loops=1)\n"
        "  Workers Planned: 2\n  Workers Launched: 2\n"
        "  ->  Parallel Seq Scan on a  (cost=0.00..8.00 rows=4 width=4) (actual time=0.1..30.0 rows=3 loops=3)\n"
    )
    assert own(plan) == {"Gather": 10.0, "Parallel Seq Scan": 30.0}
    assert plan.nodes[1].total_rows == 9


@pytest.mark.parametrize(
    ("name", "condition"),
    [("InitPlan 1 (returns $0)", "(x > $0)"), ("InitPlan 1", "(x > (InitPlan 1).col1)")],
)
def test_an_init_plan_is_inside_who_asks_first(name: str, condition: str) -> None:
    plan = read_plan(
        "Limit  (cost=5.00..9.00 rows=9 width=4) (actual time=8.0..9.0 rows=9 loops=1)\n"
        f"  {name}\n"
        "    ->  Aggregate  (cost=4.00..5.00 rows=1 width=4) (actual time=6.0..6.0 rows=1 loops=1)\n"
        "  ->  Seq Scan on a  (cost=0.00..4.00 rows=9 width=4) (actual time=7.0..8.5 rows=9 loops=1)\n"
        f"        Filter: {condition}\n"
    )
    assert own(plan) == {"Limit": 0.5, name: 6.0, "Seq Scan": 2.5}


def test_a_cte_is_inside_its_scans() -> None:
    plan = read_plan(
        "Hash Join  (cost=5.00..9.00 rows=9 width=4) (actual time=8.0..20.0 rows=9 loops=1)\n"
        "  CTE big\n"
        "    ->  Seq Scan on t  (cost=0.00..4.00 rows=9 width=4) (actual time=0.0..10.0 rows=9 loops=1)\n"
        "  ->  CTE Scan on big a  (cost=0.00..1.00 rows=9 width=4) (actual time=0.0..7.0 rows=9 loops=1)\n"
        "  ->  Hash  (cost=5.00..9.00 rows=9 width=4) (actual time=8.0..9.0 rows=9 loops=1)\n"
        "        ->  CTE Scan on big b  (cost=0.00..1.00 rows=9 width=4) (actual time=0.0..8.0 rows=9 loops=1)\n"
    )
    found = [round((plan.own_seconds(node) or 0) * 1000, 6) for node in plan.nodes]
    assert found == [4.0, 10.0, 0.0, 1.0, 5.0]
    assert sum(found) == 20.0


def test_below_a_limit_only_what_is_paid_counts() -> None:
    plan = read_plan(
        "Limit  (cost=0.00..0.50 rows=1 width=4)\n"
        "  ->  Seq Scan on a  (cost=0.00..1000.00 rows=2000 width=4)\n"
    )
    assert [plan.own_cost(node) for node in plan.nodes] == [0.0, 0.5]
    assert [plan.share(node) for node in plan.nodes] == [0.0, 1.0]


TREE = st.recursive(
    st.just([]), lambda children: st.lists(children, min_size=1, max_size=3), max_leaves=12
)
COST = st.floats(0.01, 1e6)


@given(TREE, st.data())
def test_own_costs_are_the_whole_cost(tree: list[object], data: st.DataObject) -> None:
    def node(children: list[object]) -> dict[str, object]:
        below = [node(child) for child in children]  # type: ignore[arg-type]
        return {"Node Type": "Append", "Total Cost": data.draw(COST), "Plans": below}

    plan = read_plan([{"Plan": node(tree)}])
    costs = [plan.own_cost(each) or 0.0 for each in plan.nodes]
    assert all(cost >= 0 for cost in costs)
    assert sum(costs) == pytest.approx(plan.root.total_cost)
