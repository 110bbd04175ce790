"""A sort didn't fit into work_mem and went to disk.

## What it finds

A Sort or Incremental Sort that wrote temporary files.

## Why it matters

Rows are written and read again, and often merged in several passes. In memory the same sort takes
a fraction of the time, and no disk.

## How to fix

Give this query the work_mem that the sort needs (it is worked out from the rows and the bytes that
went to disk), or have an index deliver the order. Sorting fewer or narrower rows helps as well.

## When to ignore

The sort is of a report that runs at night, or the memory isn't there.

## Sources

- PostgreSQL manual, Resource Consumption: work_mem; source: tuplesort.c (a row in memory takes its
  tuple, the header of its allocation, and 24 bytes in the array that is sorted).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.plan import Plan, PlanNode, Sorting
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._memory import megabytes, set_work_mem, work_mem_of
from dbwright.tune.plans.insights._words import count, share_of_time

ROWS = """
CREATE TABLE visits (id int, page text);
INSERT INTO visits SELECT n * 7919 % 60000, 'page ' || n FROM generate_series(1, 60000) n;
ANALYZE visits;
"""
QUERY = "SELECT * FROM visits ORDER BY page"
ALONE = {"max_parallel_workers_per_gather": "0"}

BAD = PlanExample(QUERY, ROWS, {"work_mem": "256kB"} | ALONE, settings_mend=True)
GOOD = PlanExample(QUERY, ROWS, {"work_mem": "64MB"} | ALONE)

IN_ARRAY = 24
"""Bytes of a SortTuple."""
ALLOCATION = 16
"""Bytes of the header of an allocation; 8 from 16 on."""
IN_TUPLE = 12
"""Bytes of a tuple's header that are left out on disk."""
MARGIN = 1.1


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD)
def sort_spills_to_disk(
    plan: Plan,
    catalog: Catalog | None,
    *,
    min_bytes: Annotated[int, "written to disk"] = 1_000_000,
) -> Iterator[PlanFault]:
    for node in plan.nodes:
        sorting = _largest(node)
        if sorting is None or not sorting.on_disk or sorting.space_bytes < min_bytes:
            continue
        needed = megabytes(_in_memory(node, sorting) * MARGIN)
        size = count(sorting.space_bytes / 1024)
        yield PlanFault(
            node,
            f"the sort by {', '.join(node.sort_key) or 'its keys'} wrote {size} kB to disk",
            {
                "disk_bytes": sorting.space_bytes,
                "rows": int(node.total_rows or 0),
                "method": sorting.method,
                "present_work_mem_bytes": work_mem_of(plan, catalog),
                "work_mem_bytes": needed,
                **share_of_time(plan, node),
            },
            set_work_mem(needed),
        )


def _largest(node: PlanNode) -> Sorting | None:
    """Of the node itself and of its parallel workers, each of which sorts a part."""
    every = [node.sorting, *(worker.sorting for worker in node.workers)]
    found = [sorting for sorting in every if sorting is not None]
    return max(found, key=lambda each: (each.on_disk, each.space_bytes), default=None)


def _in_memory(node: PlanNode, sorting: Sorting) -> float:
    """Bytes that sorting the same rows in memory takes."""
    rows = max(1.0, node.actual_rows or 1.0)
    tuple_bytes = sorting.space_bytes / rows + IN_TUPLE
    # Up to 14 each allocation is rounded up to a power of two. The array grows by doubling.
    rounded = 2.0 ** _bits(tuple_bytes)
    array = IN_ARRAY * 2.0 ** _bits(rows)
    return rows * (ALLOCATION + rounded) + array


def _bits(number: float) -> int:
    """The exponent of the next power of two."""
    return max(0, int(number - 1)).bit_length() if number > 1 else 0
