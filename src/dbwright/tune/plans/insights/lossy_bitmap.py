"""A bitmap scan had too little memory to remember rows, and remembered whole pages.

## What it finds

A Bitmap Heap Scan with a tenth or more of its pages lossy.

## Why it matters

Of a lossy page every row is read and tested again. That is work for rows that the index had
already ruled out.

## How to fix

Give the query the work_mem that one entry for each page takes (64 bytes).

## When to ignore

Nearly all rows of the pages are wanted anyway.

## Sources

- PostgreSQL source, tidbitmap.c: tbm_calculate_entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.plan import Plan
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._memory import megabytes, set_work_mem, work_mem_of
from dbwright.tune.plans.insights._tables import table_ref
from dbwright.tune.plans.insights._words import count, share_of_time

ROWS = """
CREATE TABLE points (id int, x int, filler text);
INSERT INTO points SELECT n, n * 7919 % 20000, repeat('x', 700) FROM generate_series(1, 20000) n;
CREATE INDEX points_x ON points (x);
ANALYZE points;
"""
SCAN = {
    "enable_seqscan": "off",
    "enable_indexscan": "off",
    "max_parallel_workers_per_gather": "0",
}
QUERY = "SELECT count(filler) FROM points WHERE x < 15000"

BAD = PlanExample(
    QUERY, ROWS, {"work_mem": "64kB"} | SCAN, options={"min_pages": 100}, settings_mend=True
)
GOOD = PlanExample(QUERY, ROWS, {"work_mem": "8MB"} | SCAN, options={"min_pages": 100})

ENTRY = 64
"""Bytes of a page's entry."""
MARGIN = 1.5


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD)
def lossy_bitmap(
    plan: Plan,
    catalog: Catalog | None,
    *,
    min_pages: Annotated[int, "lossy pages"] = 1000,
    min_fraction: Annotated[float, "of all pages of the bitmap"] = 0.1,
) -> Iterator[PlanFault]:
    for node in plan.nodes:
        lossy = node.lossy_blocks or 0
        pages = lossy + (node.exact_blocks or 0)
        if lossy < min_pages or lossy < min_fraction * pages:
            continue
        needed = megabytes(pages * ENTRY * MARGIN)
        again = (node.rows_removed_by_index_recheck or 0) * (node.loops or 0)
        yield PlanFault(
            node,
            f"the bitmap of {node.relation} was lossy for {count(lossy)} of {count(pages)} pages, "
            f"and {count(again)} rows were read for nothing",
            {
                "lossy_pages": lossy,
                "exact_pages": node.exact_blocks,
                "rows_discarded": int(again),
                "present_work_mem_bytes": work_mem_of(plan, catalog),
                "work_mem_bytes": needed,
                **share_of_time(plan, node),
            },
            set_work_mem(needed),
            object=table_ref(catalog, node),
        )
