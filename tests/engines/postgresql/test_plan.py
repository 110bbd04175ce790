"""What is read of a document: figures with their units, what is not known, what is no plan."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dbwright.engines.postgresql.plan import read_plan, read_plans
from dbwright.engines.postgresql.plan_document import MOST_LEVELS
from dbwright.errors import NotAPlan
from dbwright.model.plan import Buffers, HashTable, Jit, PlanTrigger, Sorting, Wal

NODE: dict[str, Any] = {"Node Type": "Seq Scan", "Relation Name": "t", "Alias": "t"}


def document(**fields: Any) -> str:
    return json.dumps([{"Plan": {**NODE, **fields}}])


def test_figures_are_seconds_bytes_and_rows_of_a_loop() -> None:
    root = read_plan(
        document(
            **{
                "Actual Startup Time": 1.5,
                "Actual Total Time": 2500.0,
                "Actual Rows": 12.5,
                "Actual Loops": 4,
                "Sort Method": "external merge",
                "Sort Space Used": 20,
                "Sort Space Type": "Disk",
                "Shared Hit Blocks": 3,
                "Temp Written Blocks": 9,
                "WAL Records": 1,
                "WAL Bytes": 77,
                "Rows Removed by Filter": 2.5,
            }
        )
    ).root
    assert root.actual_startup_seconds == 0.0015
    assert root.actual_total_seconds == 2.5
    assert root.total_rows == 50
    assert root.removed_by_filter == 10
    assert root.sorting == Sorting("external merge", 20 * 1024, on_disk=True)
    assert root.buffers == Buffers(shared_hit=3, temporary_written=9)
    assert root.wal == Wal(records=1, bytes=77)
    assert root.executed


def test_what_was_not_told_is_none_and_never_zero() -> None:
    plan = read_plan(document())
    root = plan.root
    assert (root.rows, root.actual_rows, root.loops, root.buffers) == (None, None, None, None)
    assert (plan.execution_seconds, plan.jit, plan.query_id) == (None, None, None)
    assert not plan.analyzed and not plan.timed
    assert plan.share(root) is None and plan.elapsed(root) is None


def test_unknown_kinds_and_fields_are_kept() -> None:
    plan = read_plan(
        json.dumps(
            {
                "Plan": {
                    "Node Type": "Quantum Scan",
                    "Relation Name": "t",
                    "Entanglement": {"Depth": 3},
                    "Qubits": ["a", "b"],
                    "Plans": [{**NODE, "Parent Relationship": "Sideways"}],
                },
                "Mood": "good",
            }
        )
    )
    assert plan.root.name == "Quantum Scan"
    assert plan.root.other == {"Entanglement": {"Depth": 3}, "Qubits": ("a", "b")}
    assert plan.other == {"Mood": "good"}
    assert [node.number for node in plan.nodes] == [0, 1]
    assert plan.parent(plan.nodes[1]) == plan.root


def test_unknown_kinds_in_text() -> None:
    plan = read_plan(
        "Parallel Quantum Join  (cost=0.00..9.00 rows=3 width=4)\n"
        "  Qubits: 7\n"
        "  ->  Warp Scan using drive on shop.t x  (cost=0.00..1.00 rows=1 width=4)\n"
        "  ->  Custom Scan (Columnar) on u  (cost=0.00..1.00 rows=1 width=4)\n"
    )
    root, first, second = plan.nodes
    assert (root.kind, root.parallel_aware, root.other) == ("Quantum Join", True, {"Qubits": 7})
    assert (first.kind, first.index, first.schema, first.alias) == (
        "Warp Scan",
        "drive",
        "shop",
        "x",
    )
    assert (second.kind, second.provider, second.relation) == ("Custom Scan", "Columnar", "u")


def test_jit_before_and_after_17() -> None:
    old = {"Functions": 5, "Options": {"Inlining": True}, "Timing": {"Generation": 1, "Total": 9}}
    new = {"Functions": 5, "Timing": {"Generation": {"Deform": 0.5, "Total": 1}, "Total": 9}}
    plans = [read_plan(json.dumps([{"Plan": NODE, "JIT": jit}])) for jit in (old, new)]
    expected = Jit(functions=5, generation_seconds=0.001, total_seconds=0.009)
    assert plans[1].jit == expected
    assert plans[0].jit is not None
    assert (plans[0].jit.inlining, plans[0].jit.total_seconds) == (True, 0.009)


def test_text_of_jit_triggers_and_settings() -> None:
    plan = read_plan(
        "Delete on orders  (cost=0.00..1.00 rows=0 width=0) (actual time=5.0..5.0 rows=0 loops=1)\n"
        "  ->  Seq Scan on orders  (cost=0.00..1.00 rows=9 width=6) (actual time=0.1..1.0 rows=9 loops=1)\n"
        "Settings: work_mem = '64kB', search_path = '\"a b\", it''s'\n"
        "Planning:\n  Buffers: shared hit=3\n  Memory: used=8kB  allocated=16kB\n"
        "Planning Time: 0.5 ms\n"
        "Trigger for constraint lines_order_fkey on orders: time=4.000 calls=9\n"
        "Trigger audit on orders: time=1.000 calls=9\n"
        "JIT:\n  Functions: 4\n"
        "  Options: Inlining false, Optimization true, Expressions true, Deforming false\n"
        "  Timing: Generation 0.25 ms (Deform 0.1 ms), Inlining 0 ms, Optimization 1 ms, "
        "Emission 2 ms, Total 3.25 ms\n"
        "Serialization: time=0.5 ms  output=12kB  format=text\n"
        "Execution Time: 10.0 ms\n"
    )
    assert plan.settings == {"work_mem": "64kB", "search_path": '"a b", it\'s'}
    assert plan.triggers == (
        PlanTrigger("", "orders", "lines_order_fkey", 0.004, 9),
        PlanTrigger("audit", "orders", "", 0.001, 9),
    )
    assert plan.jit is not None
    assert (plan.jit.functions, plan.jit.optimization, plan.jit.total_seconds) == (4, True, 0.00325)
    assert plan.planning_buffers == Buffers(shared_hit=3)
    assert plan.planning_memory is not None and plan.planning_memory.used_bytes == 8192
    assert plan.serialization is not None and plan.serialization.output_bytes == 12 * 1024
    assert (plan.planning_seconds, plan.execution_seconds) == (0.0005, 0.01)


def test_old_versions() -> None:
    """9.4 to 9.6: `Planning time`, `Total runtime`, Workers without figures."""
    plan = read_plan(
        " Hash  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..0.010 rows=1 loops=1)\n"
        "   Buckets: 1024  Batches: 4 (originally 2)  Memory Usage: 9kB\n"
        "   ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual time=0.1..0.2 rows=1 loops=1)\n"
        " Planning time: 0.250 ms\n"
        " Execution time: 0.500 ms\n"
    )
    assert plan.root.hash_table == HashTable(1024, 1024, 4, 2, 9 * 1024)
    assert (plan.planning_seconds, plan.execution_seconds) == (0.00025, 0.0005)
    older = read_plan("Result  (cost=0.00..0.01 rows=1 width=0)\nTotal runtime: 2.000 ms\n")
    assert older.execution_seconds == 0.002


def test_workers_that_12_writes_twice() -> None:
    text = (
        '[{"Plan": {"Node Type": "Sort", "Workers": [{"Worker Number": 0, "Actual Rows": 5}], '
        '"Workers": [{"Worker Number": 0, "Sort Method": "quicksort", "Sort Space Used": 25, '
        '"Sort Space Type": "Memory"}]}}]'
    )
    (worker,) = read_plan(text).root.workers
    assert worker.actual_rows == 5
    assert worker.sorting == Sorting("quicksort", 25 * 1024)


def test_several_statements() -> None:
    plans = read_plans(json.dumps([{"Plan": NODE}, {"Plan": {"Node Type": "Result"}}]))
    assert [plan.root.kind for plan in plans] == ["Seq Scan", "Result"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("SELECT * FROM t WHERE a = 1", "no query plan"),
        ("The plan of the week: eat more fruit", "no query plan"),
        ('[{"Plan": {"Node Type": "Seq Scan", "Alias"', "breaks off"),
        ('[{"Plan": {}}]', "no Node Type"),
        ('[{"Plan": 3}]', "no plan"),
        ('[{"Plan": {"Node Type": "Sort", "Actual Loops": "many"}}]', "no number"),
        ('[{"Plan": {"Node Type": "Sort", "Actual Loops": NaN}}]', "no number"),
        ('[{"Plan": {"Node Type": "Sort", "Actual Loops": Infinity}}]', "not finite"),
        ('{"query": "SELECT 1"}', "no query plan"),
        ("<explain><Query><Plan>", "not a whole plan"),
        ("<explain><Query><Plan></Query></explain>", "can't be read"),
        ('<explain><!DOCTYPE x [<!ENTITY a "b">]><Query/></explain>', "declarations"),
        ("Sort  (cost=1.00 rows=2 width=3)", "no query plan"),
        ("Sort  (cost=1.00..2..3 rows=2 width=3)", "figures"),
        ("Sort  (cost=1.00..2.00 rows=2 width=3)\n  Sort Method: quicksort  Memory: lots", "can't be read"),
        ("[" * 100000 + '{"Plan": ', "breaks off|levels|no query plan"),
        ('[{"Plan":' + '{"Node Type": "Sort", "Plans": [' * 3000 + "{}" + "]}" * 3000 + "}]", "levels"),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_told(text: str, words: str) -> None:
    with pytest.raises(NotAPlan, match=words) as refused:
        read_plan(text)
    assert refused.value.next_step
    assert refused.value.exit_status == 2
    assert "\n" not in refused.value.message


def test_every_form_may_be_as_deep_as_the_others() -> None:
    figures = "(cost=0.00..9.00 rows=1 width=4)"

    def forms(levels: int) -> list[str]:
        above = levels - 1
        text = [f"{' ' * (6 * n + 2)}->  Limit  {figures}" for n in range(above)]
        names = [f'{" " * (4 * n)}  - Node Type: "Limit"' for n in range(levels)]
        yaml = [
            line for n, name in enumerate(names) for line in (name, " " * (4 * n + 4) + "Plans: ")
        ]
        return [
            "\n".join([f"Limit  {figures}", *text]),
            '[{"Plan":' + '{"Node Type": "Limit", "Plans": [' * above + "{}" + "]}" * above + "}]",
            "<explain><Query><Plan>"
            + "<Node-Type>Limit</Node-Type><Plans><Plan>" * above
            + "<Node-Type>Limit</Node-Type>"
            + "</Plan></Plans>" * above
            + "</Plan></Query></explain>",
            "\n".join(["- Plan: ", yaml[0].replace("- ", "  "), *yaml[1:-1]]),
        ]

    for text in forms(MOST_LEVELS):
        nodes = read_plan(text.replace("{}", '{"Node Type": "Limit"}')).nodes
        assert [node.kind for node in nodes] == ["Limit"] * MOST_LEVELS
    for text in forms(MOST_LEVELS + 1):
        with pytest.raises(NotAPlan, match=f"more than {MOST_LEVELS} levels"):
            read_plan(text)
