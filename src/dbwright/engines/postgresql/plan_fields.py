"""The fields of a node that stand alone in EXPLAIN's document, and how each is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dbwright.engines.postgresql.plan_figures import Fields

__all__ = ["FIELDS", "RELATIONS"]

TEXTS = {
    "parent_relationship": "Parent Relationship",
    "subplan_name": "Subplan Name",
    "strategy": "Strategy",
    "partial_mode": "Partial Mode",
    "join_type": "Join Type",
    "operation": "Operation",
    "command": "Command",
    "scan_direction": "Scan Direction",
    "provider": "Custom Plan Provider",
    "schema": "Schema",
    "alias": "Alias",
    "index": "Index Name",
    "filter": "Filter",
    "index_condition": "Index Cond",
    "recheck_condition": "Recheck Cond",
    "hash_condition": "Hash Cond",
    "merge_condition": "Merge Cond",
    "join_filter": "Join Filter",
    "one_time_filter": "One-Time Filter",
    "tid_condition": "TID Cond",
    "run_condition": "Run Condition",
    "order_by": "Order By",
    "storage": "Storage",
}
FLAGS = {
    "parallel_aware": "Parallel Aware",
    "async_capable": "Async Capable",
    "disabled": "Disabled",
    "inner_unique": "Inner Unique",
    "single_copy": "Single Copy",
}
LISTS = {
    "output": "Output",
    "sort_key": "Sort Key",
    "presorted_key": "Presorted Key",
    "group_key": "Group Key",
}
RELATIONS = (
    "Relation Name",
    "Function Name",
    "Table Function Name",
    "CTE Name",
    "Tuplestore Name",
)
NUMBERS = {
    "startup_cost": "Startup Cost",
    "total_cost": "Total Cost",
    "rows": "Plan Rows",
    "actual_rows": "Actual Rows",
    "rows_removed_by_filter": "Rows Removed by Filter",
    "rows_removed_by_join_filter": "Rows Removed by Join Filter",
    "rows_removed_by_index_recheck": "Rows Removed by Index Recheck",
}
WHOLES = {
    "width": "Plan Width",
    "loops": "Actual Loops",
    "workers_planned": "Workers Planned",
    "workers_launched": "Workers Launched",
    "heap_fetches": "Heap Fetches",
    "index_searches": "Index Searches",
    "exact_blocks": "Exact Heap Blocks",
    "lossy_blocks": "Lossy Heap Blocks",
}
SECONDS = {
    "actual_startup_seconds": "Actual Startup Time",
    "actual_total_seconds": "Actual Total Time",
}
FIELDS: Mapping[str, tuple[str, Callable[[Fields, str], Any]]] = {
    name: (field, read)
    for names, read in (
        (TEXTS, Fields.text),
        (FLAGS, Fields.flag),
        (LISTS, Fields.texts),
        (NUMBERS, Fields.number),
        (WHOLES, Fields.whole),
        (SECONDS, Fields.milliseconds),
    )
    for field, name in names.items()
}
"""The field for each of EXPLAIN's names, and how it is read."""
