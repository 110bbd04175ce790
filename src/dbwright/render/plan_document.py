"""A plan as EXPLAIN (FORMAT JSON) would write it: the form that drawing programs read.

It is made from the noun, not from the text that was read, so that a plan that was pasted from a
mail is drawn as well as one that a server just gave. Reading it back gives the same plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbwright.model.plan import (
    Buffers,
    HashTable,
    IoTimings,
    Jit,
    Memoized,
    Plan,
    PlanNode,
    PlanTrigger,
    PlanWorker,
    Serialization,
    Sorting,
    Wal,
)
from dbwright.render.text import finite

__all__ = ["plan_document"]

KIB = 1024
Fields = dict[str, Any]


def plan_document(plan: Plan) -> Fields:
    """The document of one statement: plain JSON values."""
    planning: Fields = {}
    if plan.planning_buffers is not None:
        planning |= _buffers(plan.planning_buffers)
    if plan.planning_memory is not None:
        planning["Memory Used"] = plan.planning_memory.used_bytes // KIB
        planning["Memory Allocated"] = plan.planning_memory.allocated_bytes // KIB
    return _known(
        {
            "Query Text": plan.query,
            "Plan": _tree(plan),
            "Settings": dict(plan.settings) or None,
            "Query Identifier": plan.query_id,
            "Planning": planning or None,
            "Planning Time": _milliseconds(plan.planning_seconds),
            "Triggers": [_trigger(one) for one in plan.triggers] or None,
            "JIT": None if plan.jit is None else _jit(plan.jit),
            "Serialization": _serialization(plan.serialization),
            "Execution Time": _milliseconds(plan.execution_seconds),
            **_plain(plan.other),
        }
    )


def _tree(plan: Plan) -> Fields:
    """From the leaves up: plans are deeper than functions may call themselves."""
    found: dict[int, Fields] = {}
    for node in reversed(plan.nodes):
        found[node.number] = _node(node, [found.pop(child.number) for child in node.children])
    return found[plan.root.number]


def _node(node: PlanNode, children: list[Fields]) -> Fields:
    fields: Fields = {
        "Node Type": node.kind,
        **_described(node),
        **_estimated(node),
        **_conditions(node),
        **_ran(node),
        **_plain(node.other),
        "Workers": [_worker(one) for one in node.workers] or None,
        "Plans": children or None,
    }
    return _known(fields)


def _described(node: PlanNode) -> Fields:
    name = RELATION_NAMES.get(node.kind, "Relation Name")
    return {
        "Strategy": node.strategy,
        "Partial Mode": node.partial_mode,
        "Operation": node.operation,
        "Command": node.command,
        "Parent Relationship": node.parent_relationship,
        "Subplan Name": node.subplan_name,
        "Parallel Aware": node.parallel_aware or None,
        "Async Capable": node.async_capable or None,
        "Scan Direction": node.scan_direction,
        "Custom Plan Provider": node.provider,
        "Join Type": node.join_type,
        "Index Name": node.index,
        name: node.relation,
        "Schema": node.schema,
        "Alias": node.alias,
        "Disabled": node.disabled or None,
        "Inner Unique": node.inner_unique or None,
        "Single Copy": node.single_copy or None,
    }


RELATION_NAMES = {
    "Function Scan": "Function Name",
    "Table Function Scan": "Table Function Name",
    "CTE Scan": "CTE Name",
    "WorkTable Scan": "CTE Name",
    "Named Tuplestore Scan": "Tuplestore Name",
}
"""What EXPLAIN calls that which a node scans, where it is no relation."""


def _estimated(node: PlanNode) -> Fields:
    return {
        "Startup Cost": node.startup_cost,
        "Total Cost": node.total_cost,
        "Plan Rows": node.rows,
        "Plan Width": node.width,
        "Actual Startup Time": _milliseconds(node.actual_startup_seconds),
        "Actual Total Time": _milliseconds(node.actual_total_seconds),
        "Actual Rows": node.actual_rows,
        "Actual Loops": node.loops,
    }


def _conditions(node: PlanNode) -> Fields:
    return {
        "Output": list(node.output) or None,
        "Index Cond": node.index_condition,
        "Recheck Cond": node.recheck_condition,
        "TID Cond": node.tid_condition,
        "Hash Cond": node.hash_condition,
        "Merge Cond": node.merge_condition,
        "Join Filter": node.join_filter,
        "Filter": node.filter,
        "One-Time Filter": node.one_time_filter,
        "Run Condition": node.run_condition,
        "Order By": node.order_by,
        "Sort Key": list(node.sort_key) or None,
        "Presorted Key": list(node.presorted_key) or None,
        "Group Key": list(node.group_key) or None,
        "Grouping Sets": [{"Group Keys": [list(keys) for keys in node.grouping_sets]}]
        if node.grouping_sets
        else None,
    }


def _ran(node: PlanNode) -> Fields:
    return {
        "Rows Removed by Filter": node.rows_removed_by_filter,
        "Rows Removed by Join Filter": node.rows_removed_by_join_filter,
        "Rows Removed by Index Recheck": node.rows_removed_by_index_recheck,
        "Workers Planned": node.workers_planned,
        "Workers Launched": node.workers_launched,
        "Heap Fetches": node.heap_fetches,
        "Index Searches": node.index_searches,
        "Exact Heap Blocks": node.exact_blocks,
        "Lossy Heap Blocks": node.lossy_blocks,
        "Subplans Removed": node.subplans_removed or None,
        "Storage": node.storage,
        "Maximum Storage": _kilobytes(node.storage_bytes),
        **_sorting(node.sorting),
        **_hash_table(node.hash_table, aggregate=node.kind in HASHED),
        **_memoized(node.memoized),
        **_buffers(node.buffers),
        **_io_timings(node.io),
        **_wal(node.wal),
    }


HASHED = ("Aggregate", "SetOp")
"""Nodes with a hash table of their own, for which EXPLAIN has names of its own."""


def _sorting(sorting: Sorting | None) -> Fields:
    if sorting is None:
        return {}
    return {
        "Sort Method": sorting.method,
        "Sort Space Used": sorting.space_bytes // KIB,
        "Sort Space Type": "Disk" if sorting.on_disk else "Memory",
    }


def _hash_table(table: HashTable | None, *, aggregate: bool) -> Fields:
    if table is None:
        return {}
    return {
        "Hash Buckets": table.buckets,
        "Original Hash Buckets": table.original_buckets,
        "HashAgg Batches" if aggregate else "Hash Batches": table.batches,
        "Original Hash Batches": table.original_batches,
        "Planned Partitions": table.planned_partitions,
        "Peak Memory Usage": _kilobytes(table.peak_memory_bytes),
        "Disk Usage": _kilobytes(table.disk_bytes),
    }


def _memoized(memoized: Memoized | None) -> Fields:
    if memoized is None:
        return {}
    return {
        "Cache Key": memoized.key,
        "Cache Mode": memoized.mode,
        "Cache Hits": memoized.hits,
        "Cache Misses": memoized.misses,
        "Cache Evictions": memoized.evictions,
        "Cache Overflows": memoized.overflows,
        "Peak Memory Usage": _kilobytes(memoized.peak_memory_bytes),
    }


def _buffers(buffers: Buffers | None) -> Fields:
    if buffers is None:
        return {}
    return {
        f"{shown} {what.title()} Blocks": getattr(buffers, f"{where}_{what}")
        for where, shown, every in BLOCKS
        for what in every
    }


BLOCKS = (
    ("shared", "Shared", ("hit", "read", "dirtied", "written")),
    ("local", "Local", ("hit", "read", "dirtied", "written")),
    ("temporary", "Temp", ("read", "written")),
)


def _io_timings(io: IoTimings | None) -> Fields:
    if io is None:
        return {}
    return {
        f"{shown} I/O {what.title()} Time": _milliseconds(getattr(io, f"{where}_{what}"))
        for where, shown, _ in BLOCKS
        for what in ("read", "write")
    }


def _wal(wal: Wal | None) -> Fields:
    if wal is None:
        return {}
    return {
        "WAL Records": wal.records,
        "WAL FPI": wal.full_page_images,
        "WAL Bytes": wal.bytes,
        "WAL Buffers Full": wal.buffers_full,
    }


def _jit(jit: Jit) -> Fields:
    return {
        "Functions": jit.functions,
        "Options": {
            "Inlining": jit.inlining,
            "Optimization": jit.optimization,
            "Expressions": jit.expressions,
            "Deforming": jit.deforming,
        },
        "Timing": _known(
            {
                "Generation": _milliseconds(jit.generation_seconds),
                "Inlining": _milliseconds(jit.inlining_seconds),
                "Optimization": _milliseconds(jit.optimization_seconds),
                "Emission": _milliseconds(jit.emission_seconds),
                "Total": _milliseconds(jit.total_seconds),
            }
        ),
    }


def _worker(worker: PlanWorker) -> Fields:
    return _known(
        {
            "Worker Number": worker.number,
            "Actual Startup Time": _milliseconds(worker.actual_startup_seconds),
            "Actual Total Time": _milliseconds(worker.actual_total_seconds),
            "Actual Rows": worker.actual_rows,
            "Actual Loops": worker.loops,
            "JIT": None if worker.jit is None else _jit(worker.jit),
            **_sorting(worker.sorting),
            **_hash_table(worker.hash_table, aggregate=True),
            **_buffers(worker.buffers),
            **_plain(worker.other),
        }
    )


def _trigger(trigger: PlanTrigger) -> Fields:
    return _known(
        {
            "Trigger Name": trigger.name,
            "Constraint Name": trigger.constraint,
            "Relation": trigger.relation,
            "Time": _milliseconds(trigger.seconds),
            "Calls": trigger.calls,
        }
    )


def _serialization(serialization: Serialization | None) -> Fields | None:
    if serialization is None:
        return None
    return _known(
        {
            "Time": _milliseconds(serialization.seconds),
            "Output Volume": serialization.output_bytes // KIB,
            "Format": serialization.format,
            **_buffers(serialization.buffers),
        }
    )


def _milliseconds(seconds: float | None) -> float | None:
    # EXPLAIN has three digits; what comes after nine is only how floats are multiplied.
    return None if seconds is None else round(seconds * 1000, 9)


def _kilobytes(size: int | None) -> int | None:
    return None if size is None else size // KIB


def _known(fields: Mapping[str, Any]) -> Fields:
    """Without what was not told."""
    return {
        name: finite(value) for name, value in fields.items() if value is not None and value != ""
    }


def _plain(value: Any) -> Any:
    """Mappings and sequences as JSON has them."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return finite(value)
