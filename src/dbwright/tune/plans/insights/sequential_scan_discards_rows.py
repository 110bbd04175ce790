"""A sequential scan reads a table and discards most of its rows.

## What it finds

A sequential scan whose filter discarded at least nine of ten rows, and many of them.

## Why it matters

Each of the discarded rows was read and tested. With an index on what the filter compares, the
server would go to the few rows that are wanted.

## How to fix

Create an index on the columns that are compared for equality, then the one that is compared for a
range. The index is built without blocking writes. Where the filter wraps a column in a function,
index that expression, or write the condition without it.

## When to ignore

The query runs rarely, or the table is written far more often than it is read.

## Sources

- PostgreSQL manual, Using EXPLAIN; Indexes on Expressions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.plan import Plan
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._conditions import compared
from dbwright.tune.plans.insights._tables import create_index, table_of, table_ref
from dbwright.tune.plans.insights._words import count, share_of_time

ORDERS = """
CREATE TABLE orders (id int PRIMARY KEY, customer int, status text);
INSERT INTO orders SELECT n, n % 1000, 'sent' FROM generate_series(1, 20000) n;
ANALYZE orders;
"""

BAD = PlanExample(
    "SELECT * FROM orders WHERE customer = 7", ORDERS, object="public.orders", fix_mends=True
)
GOOD = PlanExample("SELECT count(status) FROM orders WHERE customer >= 500", ORDERS)


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD)
def sequential_scan_discards_rows(
    plan: Plan,
    catalog: Catalog | None,
    *,
    min_rows: Annotated[float, "discarded rows, of all loops"] = 10_000,
    min_fraction: Annotated[float, "of the rows read"] = 0.9,
) -> Iterator[PlanFault]:
    for node in plan.nodes:
        if node.kind != "Seq Scan" or node.removed_by_filter < min_rows:
            continue
        kept = node.total_rows or 0.0
        read = node.removed_by_filter + kept
        if not read or node.removed_by_filter < min_fraction * read:
            continue
        condition = compared(node.filter, node)
        table = table_of(catalog, node)
        fix = None
        if catalog is not None and table is not None:
            fix = create_index(catalog, table, condition.keys)
        yield PlanFault(
            node,
            f"the scan of {node.relation} read {count(read)} rows and discarded "
            f"{count(node.removed_by_filter)} of them",
            {
                "rows_discarded": int(node.removed_by_filter),
                "rows_kept": int(kept),
                "filter": node.filter,
                **share_of_time(plan, node),
            },
            "" if fix else "Index what the filter compares.",
            fix,
            table_ref(catalog, node),
        )
