"""A hash table didn't fit into memory and was split into batches on disk.

## What it finds

A Hash (of a hash join) with more than one batch.

## Why it matters

The rows of both sides that belong to later batches are written to temporary files and read again.

## How to fix

Give the query the memory that the whole table takes: work_mem times hash_mem_multiplier. Where the
number of batches grew while it ran, the planner expected fewer rows: mend that estimate first.

## When to ignore

The tables are large, the query runs rarely, and the memory isn't there.

## Sources

- PostgreSQL manual, Resource Consumption: work_mem, hash_mem_multiplier.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.plan import HashTable, Plan, PlanNode
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._memory import (
    hash_multiplier,
    megabytes,
    set_work_mem,
    work_mem_of,
)
from dbwright.tune.plans.insights._words import share_of_time

ROWS = """
CREATE TABLE parts (id int, name text);
CREATE TABLE uses (part int);
INSERT INTO parts SELECT n, repeat('x', 40) || n FROM generate_series(1, 30000) n;
INSERT INTO uses SELECT n % 30000 FROM generate_series(1, 60000) n;
ANALYZE parts; ANALYZE uses;
"""
QUERY = "SELECT p.name, count(*) FROM uses u JOIN parts p ON p.id = u.part GROUP BY p.name"
JOIN = {
    "enable_mergejoin": "off",
    "enable_nestloop": "off",
    "max_parallel_workers_per_gather": "0",
}

BAD = PlanExample(
    QUERY, ROWS, {"work_mem": "256kB"} | JOIN, options={"min_bytes": 0}, settings_mend=True
)
GOOD = PlanExample(QUERY, ROWS, {"work_mem": "64MB"} | JOIN)


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD)
def hash_spills_to_disk(
    plan: Plan,
    catalog: Catalog | None,
    *,
    min_bytes: Annotated[int, "that the whole hash table would take"] = 1_000_000,
) -> Iterator[PlanFault]:
    for node in plan.nodes:
        table = _largest(node)
        if node.kind != "Hash" or table is None or (table.batches or 1) <= 1:
            continue
        batches = table.batches or 1
        whole = (table.peak_memory_bytes or 0) * batches
        if whole < min_bytes:
            continue
        needed = megabytes(whole / hash_multiplier(plan, catalog))
        grown = table.original_batches is not None and batches > table.original_batches
        yield PlanFault(
            node,
            f"the hash table took {batches} batches, of which {batches - 1} went to disk"
            + (f"; {table.original_batches} were planned" if grown else ""),
            {
                "batches": batches,
                "planned_batches": table.original_batches,
                "peak_memory_bytes": table.peak_memory_bytes,
                "present_work_mem_bytes": work_mem_of(plan, catalog),
                "work_mem_bytes": needed,
                **share_of_time(plan, node),
            },
            ("The planner expected fewer rows: mend the estimate first. " if grown else "")
            + set_work_mem(needed),
        )


def _largest(node: PlanNode) -> HashTable | None:
    every = [node.hash_table, *(worker.hash_table for worker in node.workers)]
    found = [table for table in every if table is not None]
    return max(found, key=lambda each: each.batches or 0, default=None)
