"""A condition outside a CTE can't get into it: rows are made, kept and thrown away.

## What it finds

A scan of a CTE whose filter discards at least nine of ten rows, and many.

## Why it matters

The CTE is computed as a whole and kept, then the filter picks the few rows that are wanted. Inside
the CTE the same condition could have used an index.

## How to fix

Write NOT MATERIALIZED after the CTE's AS, or move the condition into it. From PostgreSQL 12 on a
CTE that is used once is inlined by itself unless it says MATERIALIZED, is recursive, or calls a
volatile function.

## When to ignore

The CTE is dear, and is used several times.

## Sources

- PostgreSQL manual, Common Table Expression Materialization.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.finding import ObjectRef, Severity
from dbwright.model.names import quote
from dbwright.model.plan import Plan, PlanNode
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._words import count, share_of_time

ROWS = """
CREATE TABLE orders (id int PRIMARY KEY, customer int);
INSERT INTO orders SELECT n, n % 1000 FROM generate_series(1, 20000) n;
ANALYZE orders;
"""

BAD = PlanExample(
    "WITH o AS MATERIALIZED (SELECT * FROM orders) SELECT * FROM o WHERE id = 7", ROWS, object="o"
)
GOOD = (
    PlanExample("WITH o AS (SELECT * FROM orders) SELECT * FROM o WHERE id = 7", ROWS),
    PlanExample("WITH o AS MATERIALIZED (SELECT * FROM orders) SELECT * FROM o WHERE id > 7", ROWS),
)


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD)
def cte_is_a_fence(
    plan: Plan,
    *,
    min_rows: Annotated[float, "discarded rows"] = 10_000,
    min_fraction: Annotated[float, "of the CTE's rows"] = 0.9,
) -> Iterator[PlanFault]:
    for node in plan.nodes:
        if node.kind != "CTE Scan" or node.removed_by_filter < min_rows:
            continue
        kept = node.total_rows or 0.0
        if node.removed_by_filter < min_fraction * (node.removed_by_filter + kept):
            continue
        uses = sum(
            each.kind == "CTE Scan" and each.relation == node.relation for each in plan.nodes
        )
        if _is_recursive(plan, node):
            continue
        yield PlanFault(
            node,
            f"the CTE {node.relation} made {count(node.removed_by_filter + kept)} rows, of which "
            f"the filter outside of it kept {count(kept)}",
            {
                "rows_discarded": int(node.removed_by_filter),
                "rows_kept": int(kept),
                "filter": node.filter,
                "uses": uses,
                **share_of_time(plan, node),
            },
            "Write AS NOT MATERIALIZED, or move the condition into the CTE."
            if uses == 1
            else f"It is used {uses} times: move what the uses have in common into the CTE, or "
            "write AS NOT MATERIALIZED and compare.",
            object=ObjectRef("CTE", quote(node.relation)),
        )


def _is_recursive(plan: Plan, node: PlanNode) -> bool:
    name = f"CTE {node.relation}"
    return any(n.subplan_name == name and n.kind == "Recursive Union" for n in plan.nodes)
