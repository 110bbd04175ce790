"""A LIMIT takes a few rows from very many that were made for it.

## What it finds

A LIMIT above a sort that read a hundred times more rows than are wanted; and an OFFSET that skips
ten times more rows than are returned.

## Why it matters

To find the first ten rows by an order that no index has, all rows must be read. To skip rows they
must be made.

## How to fix

An index in the order of the sort (after the columns that are compared for equality) gives the
first rows at once. Instead of OFFSET remember the last row that was shown, and ask for those after
it: `WHERE (placed, id) < (…) ORDER BY placed DESC, id DESC LIMIT 20`.

## When to ignore

The query runs rarely, or its condition leaves few rows.

## Sources

- PostgreSQL manual, Indexes and ORDER BY; LIMIT and OFFSET.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Fix, Severity
from dbwright.model.plan import Plan, PlanNode
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._conditions import compared, sort_columns
from dbwright.tune.plans.insights._tables import create_index, table_of
from dbwright.tune.plans.insights._words import count, share_of_time

ROWS = """
CREATE TABLE posts (id int PRIMARY KEY, likes int, body text);
INSERT INTO posts SELECT n, n * 7919 % 20000, 'text' FROM generate_series(1, 20000) n;
ANALYZE posts;
"""

BAD = (
    PlanExample("SELECT * FROM posts ORDER BY likes DESC LIMIT 10", ROWS, fix_mends=True),
    PlanExample("SELECT * FROM posts ORDER BY id LIMIT 10 OFFSET 15000", ROWS),
)
GOOD = (
    PlanExample("SELECT * FROM posts ORDER BY id DESC LIMIT 10", ROWS),
    PlanExample("SELECT * FROM posts WHERE id < 15 ORDER BY likes LIMIT 10", ROWS),
)

SORTS = ("Sort", "Incremental Sort")


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD)
def limit_comes_late(
    plan: Plan,
    catalog: Catalog | None,
    *,
    min_rows: Annotated[float, "that were made"] = 10_000,
    min_factor: Annotated[float, "rows sorted for each row that is wanted"] = 100.0,
    min_skipped: Annotated[float, "rows skipped for each row that is returned"] = 10.0,
) -> Iterator[PlanFault]:
    for node in plan.nodes:
        if node.kind != "Limit" or not node.executed or not node.children:
            continue
        wanted = max(1.0, node.total_rows or 0.0)
        below = node.children[0]
        skipped = (below.total_rows or 0.0) - (node.total_rows or 0.0)
        if skipped >= min_rows and skipped >= min_skipped * wanted:
            yield PlanFault(
                node,
                f"{count(skipped)} rows were made and skipped for {count(wanted)} that are "
                "returned",
                {"rows_skipped": int(skipped), "rows": int(wanted), **share_of_time(plan, below)},
                "Instead of OFFSET ask for the rows after the last one that was shown.",
            )
        sort = _sort_below(node)
        made = _rows_into(sort)
        if sort is not None and made >= min_rows and made >= min_factor * wanted:
            fix = _fix(catalog, sort)
            yield PlanFault(
                sort,
                f"{count(made)} rows were sorted by {', '.join(sort.sort_key)} for "
                f"{count(wanted)} that are wanted",
                {
                    "rows_sorted": int(made),
                    "rows": int(wanted),
                    "sort_key": list(sort.sort_key),
                    **share_of_time(plan, sort),
                },
                "" if fix else "An index in this order would give the first rows at once.",
                fix,
            )


def _sort_below(node: PlanNode) -> PlanNode | None:
    """The sort whose first rows the limit takes."""
    below = node.children[0]
    while below.kind in ("Gather Merge", "Result", "Subquery Scan", "LockRows") and below.children:
        below = below.children[0]
    return below if below.kind in SORTS and below.children else None


def _rows_into(sort: PlanNode | None) -> float:
    return 0.0 if sort is None else sort.children[0].total_rows or 0.0


def _fix(catalog: Catalog | None, sort: PlanNode) -> Fix | None:
    """An index on what is compared for equality, then the order; of one plain table only."""
    scan = sort.children[0]
    table = table_of(catalog, scan)
    order = sort_columns(sort.sort_key, scan)
    if catalog is None or table is None or not order or scan.kind != "Seq Scan":
        return None
    filtered = compared(scan.filter, scan)
    ordered = {name.removesuffix(" DESC") for name in order}
    equal = tuple(name for name in filtered.equal if name not in ordered)
    return create_index(catalog, table, (*equal, *order))
