"""A large sequential scan was done by one process alone.

## What it finds

A sequential scan over many rows without parallel workers, and what kept the planner from them: a
setting, a statement that changes rows, row locks, a storage parameter.

## Why it matters

Reading and filtering shares well: with two workers it takes little more than a third of the time.

## How to fix

As the finding says: the setting that forbids workers, or the function that is not PARALLEL SAFE.

## When to ignore

The server has no idle cores, or answers many small queries: then its workers are better spent.

## Sources

- PostgreSQL manual, When Can Parallel Query Be Used?; Parallel Safety.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import Confidence, Severity
from dbwright.model.plan import Plan, PlanNode
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._tables import table_of, table_ref
from dbwright.tune.plans.insights._words import count, share_of_time

ROWS = """
CREATE TABLE readings (id int, n int);
INSERT INTO readings SELECT n, n FROM generate_series(1, 20000) n;
ANALYZE readings;
"""
QUERY = "SELECT sum(n) FROM readings"
OPTIONS = {"min_rows": 10_000, "min_share": 0.0}

BAD = PlanExample(QUERY, ROWS, {"max_parallel_workers_per_gather": "0"}, options=OPTIONS)
GOOD = PlanExample(
    QUERY,
    ROWS,
    {
        "parallel_setup_cost": "0",
        "parallel_tuple_cost": "0",
        "min_parallel_table_scan_size": "0",
        "max_parallel_workers_per_gather": "2",
    },
    options=OPTIONS,
)
PER_GATHER = "max_parallel_workers_per_gather"


@insight(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def sequential_scan_without_workers(
    plan: Plan,
    catalog: Catalog | None,
    *,
    min_rows: Annotated[float, "read by the scan"] = 1_000_000,
    min_share: Annotated[float, "of the plan's time that the scan takes, 0 to 1"] = 0.3,
) -> Iterator[PlanFault]:
    for node in plan.nodes:
        read = (node.total_rows or 0) + node.removed_by_filter
        if node.kind != "Seq Scan" or node.parallel_aware or read < min_rows:
            continue
        if (plan.share(node) or 0.0) < min_share or _is_shared(plan, node):
            continue
        reason, advice = _reason(plan, catalog, node)
        yield PlanFault(
            node,
            f"one process read {count(read)} rows of {node.relation}: {reason}",
            {"rows_read": int(read), **share_of_time(plan, node)},
            advice,
            object=table_ref(catalog, node),
            confidence=Confidence.HIGH if advice else Confidence.LOW,
        )


def _is_shared(plan: Plan, node: PlanNode) -> bool:
    return any(above.kind in ("Gather", "Gather Merge") for above in plan.ancestors(node))


def _reason(plan: Plan, catalog: Catalog | None, node: PlanNode) -> tuple[str, str]:
    """What forbids workers, and what to do; the second is empty where it is not known."""
    table = table_of(catalog, node)
    if plan.root.kind == "ModifyTable" or any(n.kind == "ModifyTable" for n in plan.nodes):
        return "a statement that changes rows has no workers", (
            "Find the rows with a SELECT first, where that pays."
        )
    if any(each.kind == "LockRows" for each in plan.nodes):
        return "row locks (FOR UPDATE) forbid workers", "Lock only the rows that are changed."
    if _setting(plan, catalog, PER_GATHER) == "0":
        return f"{PER_GATHER} is 0", f"SET {PER_GATHER} = 2 for such queries."
    if table is not None and (found := _of_table(table)):
        return found
    return "the planner found workers too dear, or a function is not PARALLEL SAFE", ""


def _of_table(table: Table) -> tuple[str, str] | None:
    if table.persistence == "temporary":
        return "workers can't read a temporary table", "Use an unlogged table where that pays."
    if table.option.get("parallel_workers") == "0":
        return (
            "its storage parameter parallel_workers is 0",
            f"ALTER TABLE {table.qualified} RESET (parallel_workers);",
        )
    return None


def _setting(plan: Plan, catalog: Catalog | None, name: str) -> str | None:
    """As EXPLAIN tells it where it differs from the default, else as the catalog does."""
    if name in plan.settings:
        return plan.settings[name]
    setting = catalog.setting(name) if catalog is not None else None
    return setting.value if setting is not None else None
