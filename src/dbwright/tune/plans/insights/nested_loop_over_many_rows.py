"""A nested loop runs its inner side again and again over many rows.

## What it finds

A nested loop whose inner side ran a thousand times or more, and either read a table without any
index condition each time, or ran ten times more often than was expected.

## Why it matters

The work is the product of both sides. A hash join reads each of them once.

## How to fix

Where the inner side is a sequential scan, an index on the joined column makes each turn cheap.
Where the planner expected few outer rows, mend that estimate: it would then have chosen another
join by itself.

## When to ignore

The inner side is tiny.

## Sources

- PostgreSQL manual, Planner/Optimizer: Generating Possible Plans.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Fix, Severity
from dbwright.model.plan import Plan, PlanNode
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._conditions import compared
from dbwright.tune.plans.insights._tables import create_index, table_of
from dbwright.tune.plans.insights._words import count, error_factor, many, share_of_time, titled

ROWS = """
CREATE TABLE a (id int, n int);
CREATE TABLE b (id int, n int);
INSERT INTO a SELECT n, n FROM generate_series(1, 2000) n;
INSERT INTO b SELECT n, n FROM generate_series(1, 500) n;
ANALYZE a; ANALYZE b;
"""
LOOPS = {"enable_hashjoin": "off", "enable_mergejoin": "off", "enable_material": "off"}
QUERY = "SELECT count(*) FROM a JOIN b ON a.id = b.n"

BAD = PlanExample(QUERY, ROWS, LOOPS, options={"min_loops": 400, "min_rows": 1000})
GOOD = PlanExample(QUERY, ROWS)


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD)
def nested_loop_over_many_rows(
    plan: Plan,
    catalog: Catalog | None,
    *,
    min_loops: Annotated[float, "runs of the inner side"] = 1000,
    min_rows: Annotated[float, "that the inner side read, of all runs"] = 100_000,
    min_factor: Annotated[float, "outer rows, times more than expected"] = 10.0,
) -> Iterator[PlanFault]:
    for node in plan.nodes:
        if node.kind != "Nested Loop" or len(node.children) < 2:
            continue
        outer, inner = node.children[0], node.children[1]
        runs = inner.loops or 0
        read = _rows_read(inner) + (node.rows_removed_by_join_filter or 0) * (node.loops or 0)
        if runs < min_loops or read < min_rows:
            continue
        whole = not any(each.index_condition for each in inner.walk())
        more = (outer.actual_rows or 0) > (outer.rows or 0)
        misjudged = more and error_factor(outer) >= min_factor
        if not whole and not misjudged:
            continue
        fix = _fix(catalog, node, inner) if whole else None
        ran = f"{titled(inner)} ran {count(runs)} times and gave {count(read)} rows in all"
        expected = f"; its outer side gave {many(error_factor(outer))} more rows than expected"
        yield PlanFault(
            node,
            ran + (expected if misjudged else ""),
            {
                "inner_loops": runs,
                "inner_rows": int(read),
                "outer_rows_expected": outer.rows,
                "outer_rows_found": outer.actual_rows,
                "join_filter": node.join_filter,
                **share_of_time(plan, inner),
            },
            _advice(whole, misjudged, fix),
            fix,
        )


def _rows_read(inner: PlanNode) -> float:
    """Rows of all runs that the inner side gave or discarded."""
    scans = [each for each in inner.walk() if not each.children] or [inner]
    return max((scan.total_rows or 0) + scan.removed_by_filter for scan in (inner, *scans))


def _fix(catalog: Catalog | None, node: PlanNode, inner: PlanNode) -> Fix | None:
    """An index on what joins the inner table, where that is a plain table."""
    scan = inner.children[0] if inner.kind in ("Materialize", "Memoize") else inner
    table = table_of(catalog, scan)
    if catalog is None or table is None or scan.kind != "Seq Scan":
        return None
    keys = compared(node.join_filter or scan.filter, scan).keys
    return create_index(catalog, table, keys)


def _advice(whole: bool, misjudged: bool, fix: Fix | None) -> str:
    if misjudged:
        return "Mend the estimate of the outer side; the planner then takes another join."
    if whole and fix is None:
        return "Join on a condition of equality that an index or a hash join can use."
    return ""
