"""A hashed aggregate didn't fit into memory and wrote rows to disk.

## What it finds

A HashAggregate (PostgreSQL 13 and later) that used disk.

## Why it matters

The rows of the groups that found no place are written to temporary files, and grouped in further
passes.

## How to fix

Give the query the memory that all groups take: work_mem times hash_mem_multiplier. Group fewer
rows, or let an index deliver them in the order of the groups.

## When to ignore

The query runs rarely and the memory isn't there.

## Sources

- PostgreSQL manual, Resource Consumption: work_mem, hash_mem_multiplier;
  source: nodeAgg.c (a group takes its tuple, an entry of the hash table, and its states).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.plan import Plan, PlanNode
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._memory import (
    hash_multiplier,
    megabytes,
    set_work_mem,
    work_mem_of,
)
from dbwright.tune.plans.insights._words import count, share_of_time

ROWS = """
CREATE TABLE sales (buyer int, day int, sum int);
INSERT INTO sales SELECT n % 20000, n % 7, n FROM generate_series(1, 50000) n;
ANALYZE sales;
"""
QUERY = "SELECT buyer, sum(sum) FROM sales GROUP BY buyer"
GROUPING = {"enable_sort": "off", "max_parallel_workers_per_gather": "0"}

BAD = PlanExample(
    QUERY,
    ROWS,
    {"work_mem": "256kB"} | GROUPING,
    oldest=13,
    options={"min_bytes": 0},
    settings_mend=True,
)
GOOD = PlanExample(QUERY, ROWS, {"work_mem": "64MB"} | GROUPING, oldest=13)

ENTRY = 104
"""Bytes that a group takes besides its tuple: an entry of the table, the transition state, and
their allocations."""
MARGIN = 1.2


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD)
def aggregate_spills_to_disk(
    plan: Plan,
    catalog: Catalog | None,
    *,
    min_bytes: Annotated[int, "written to disk"] = 1_000_000,
) -> Iterator[PlanFault]:
    for node in plan.nodes:
        table = node.hash_table
        if node.kind != "Aggregate" or table is None or not table.disk_bytes:
            continue
        if table.disk_bytes < min_bytes:
            continue
        needed = megabytes(_in_memory(node) * MARGIN / hash_multiplier(plan, catalog))
        yield PlanFault(
            node,
            f"grouping by {', '.join(node.group_key) or 'several sets'} wrote "
            f"{count(table.disk_bytes / 1024)} kB to disk",
            {
                "disk_bytes": table.disk_bytes,
                "batches": table.batches,
                "groups": int(node.actual_rows or 0),
                "peak_memory_bytes": table.peak_memory_bytes,
                "present_work_mem_bytes": work_mem_of(plan, catalog),
                "work_mem_bytes": needed,
                **share_of_time(plan, node),
            },
            set_work_mem(needed),
        )


def _in_memory(node: PlanNode) -> float:
    """Bytes that all groups take. A HAVING filters after grouping: its rows count as well."""
    groups = (node.actual_rows or 1.0) + (node.rows_removed_by_filter or 0.0)
    per_group = 2 * (node.width or 32) + ENTRY
    # The table of entries doubles as it grows.
    return groups * per_group + 32.0 * (1 << max(0, int(groups)).bit_length())
