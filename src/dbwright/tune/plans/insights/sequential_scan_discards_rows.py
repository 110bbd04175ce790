"""A sequential scan reads a table and discards most of its rows.

## What it finds

A sequential scan whose filter discarded at least nine of ten rows, and many of them, and that took
a twentieth of the time or more.

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
from dbwright.model.finding import Fix, Severity
from dbwright.model.names import quote
from dbwright.model.plan import Plan, PlanNode
from dbwright.model.statistics import Statistics
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._conditions import compared
from dbwright.tune.plans.insights._tables import create_index, narrows, table_of, table_ref
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
    statistics: Statistics | None,
    *,
    min_rows: Annotated[float, "discarded rows, of all loops"] = 10_000,
    min_fraction: Annotated[float, "of the rows read"] = 0.9,
    min_share: Annotated[float, "of the plan's time, where it was timed"] = 0.05,
) -> Iterator[PlanFault]:
    for scans in _alike(plan):
        removed = sum(scan.removed_by_filter for scan in scans)
        kept = sum(scan.total_rows or 0.0 for scan in scans)
        read = removed + kept
        if removed < min_rows or removed < min_fraction * read:
            continue
        if plan.timed and sum(plan.share(scan) or 0.0 for scan in scans) < min_share:
            continue
        node = max(scans, key=lambda scan: scan.removed_by_filter)
        more = f" and of {len(scans) - 1} more like it" if len(scans) > 1 else ""
        fix = _fix(catalog, statistics, node)
        yield PlanFault(
            node,
            f"the scan of {node.relation}{more} read {count(read)} rows and discarded "
            f"{count(removed)} of them",
            {
                "rows_discarded": int(removed),
                "rows_kept": int(kept),
                "filter": node.filter,
                **({"scans": len(scans)} if len(scans) > 1 else {}),
                **share_of_time(plan, node),
            },
            "" if fix else "Index what the filter compares, where that alone leaves few rows.",
            fix,
            table_ref(catalog, node),
        )


def _alike(plan: Plan) -> Iterator[list[PlanNode]]:
    """Sequential scans with a filter; those of one table's partitions together."""
    found: dict[tuple[int, str], list[PlanNode]] = {}
    for node in plan.nodes:
        if node.kind == "Seq Scan" and node.removed_by_filter:
            above = plan.parent(node)
            key = (node.number, "")
            if above is not None and node.parent_relationship == "Member":
                # VERBOSE puts the partition's own alias before each column.
                key = (above.number, node.filter.replace(f"{quote(node.alias)}.", ""))
            found.setdefault(key, []).append(node)
    yield from found.values()


def _fix(catalog: Catalog | None, statistics: Statistics | None, node: PlanNode) -> Fix | None:
    condition = compared(node.filter, node)
    table = table_of(catalog, node)
    if catalog is None or table is None or not narrows(statistics, table, condition):
        return None
    return create_index(catalog, table, condition.keys)
