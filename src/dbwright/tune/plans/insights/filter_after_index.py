"""An index scan fetches rows that a filter then discards.

## What it finds

An index scan or bitmap scan whose filter discarded at least nine of ten rows that the index found,
and a thousand or more.

## Why it matters

Each of the discarded rows was found in the index and fetched from the table, often a page each. An
index that also holds what the filter compares would not have found them.

## How to fix

Create an index on the columns of the present condition followed by those of the filter. The
present index may then be one too many: `dbwright check` tells.

## When to ignore

The query runs rarely, or the table is written far more often than it is read.

## Sources

- PostgreSQL manual, Multicolumn Indexes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Fix, Severity
from dbwright.model.plan import Plan, PlanNode
from dbwright.model.statistics import Statistics
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._conditions import compared
from dbwright.tune.plans.insights._tables import create_index, narrows, table_of, table_ref
from dbwright.tune.plans.insights._words import count, share_of_time, titled

ROWS = """
CREATE TABLE tickets (id int, shop int, state int, note text);
INSERT INTO tickets SELECT n, n % 10, n % 1000, repeat('x', 50) FROM generate_series(1, 30000) n;
CREATE INDEX tickets_shop ON tickets (shop);
ANALYZE tickets;
"""
SCAN = {"enable_seqscan": "off", "max_parallel_workers_per_gather": "0"}

BAD = PlanExample(
    "SELECT note FROM tickets WHERE shop = 3 AND state = 13",
    ROWS,
    SCAN,
    object="public.tickets",
    fix_mends=True,
)
GOOD = PlanExample("SELECT note FROM tickets WHERE shop = 3 AND state > 400", ROWS, SCAN)

KINDS = ("Index Scan", "Index Only Scan", "Bitmap Heap Scan")


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD)
def filter_after_index(
    plan: Plan,
    catalog: Catalog | None,
    statistics: Statistics | None,
    *,
    min_rows: Annotated[float, "discarded rows, of all loops"] = 1000,
    min_fraction: Annotated[float, "of the rows that the index found"] = 0.9,
) -> Iterator[PlanFault]:
    for node in plan.nodes:
        if node.kind not in KINDS or not node.filter or node.removed_by_filter < min_rows:
            continue
        kept = node.total_rows or 0.0
        found = node.removed_by_filter + kept
        if node.removed_by_filter < min_fraction * found:
            continue
        fix = _fix(catalog, statistics, node)
        yield PlanFault(
            node,
            f"{titled(node)} found {count(found)} rows, and its filter discarded "
            f"{count(node.removed_by_filter)} of them",
            {
                "rows_discarded": int(node.removed_by_filter),
                "rows_kept": int(kept),
                "index_condition": node.index_condition or node.recheck_condition,
                "filter": node.filter,
                **share_of_time(plan, node),
            },
            "" if fix else "Index what the filter compares together with the present condition.",
            fix,
            table_ref(catalog, node),
        )


def _fix(catalog: Catalog | None, statistics: Statistics | None, node: PlanNode) -> Fix | None:
    table = table_of(catalog, node)
    filtered = compared(node.filter, node)
    if catalog is None or table is None or not filtered.keys:
        return None
    if not narrows(statistics, table, filtered):
        return None
    present = compared(node.index_condition or node.recheck_condition, node)
    keys = dict.fromkeys((*present.equal, *filtered.equal, *present.ranges, *filtered.ranges))
    equal = len(set(present.equal + filtered.equal))
    # After the first range the order of an index helps no more.
    return create_index(catalog, table, tuple(keys)[: equal + 1])
