"""A subquery runs once for each row.

## What it finds

A correlated subquery (SubPlan) that ran a thousand times or more.

## Why it matters

Each run starts it anew: opens its scans, evaluates it, closes it. A join does the same work in one
go, and lets the planner choose how.

## How to fix

Write it as a join, LEFT JOIN with GROUP BY, LATERAL, or a window function; EXISTS and IN are turned
into joins by the planner itself unless they stand under OR or in the select list. See that the
column which it is correlated by has an index.

## When to ignore

Each run is one look into an index, and few rows are returned.

## Sources

- PostgreSQL manual, Using EXPLAIN (SubPlan); LATERAL Subqueries.
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
from dbwright.tune.plans.insights._words import count, titled

ROWS = """
CREATE TABLE people (id int PRIMARY KEY, name text);
CREATE TABLE visits (person int, at int);
INSERT INTO people SELECT n, 'name' FROM generate_series(1, 1500) n;
INSERT INTO visits SELECT n % 1500, n FROM generate_series(1, 1500) n;
ANALYZE people; ANALYZE visits;
"""

BAD = PlanExample(
    "SELECT name, (SELECT max(at) FROM visits v WHERE v.person = p.id) FROM people p", ROWS
)
GOOD = PlanExample(
    "SELECT name, max(at) FROM people p LEFT JOIN visits v ON v.person = p.id GROUP BY p.id", ROWS
)

DISCARDED = 0.9
"""Of the rows read: where a scan keeps more, an index would not be used."""


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD)
def subplan_runs_per_row(
    plan: Plan,
    catalog: Catalog | None,
    *,
    min_loops: Annotated[int, "runs of the subquery"] = 1000,
    min_fraction: Annotated[float, "of the plan's time, where it was timed"] = 0.1,
) -> Iterator[PlanFault]:
    for node in plan.nodes:
        if node.parent_relationship != "SubPlan" or (node.loops or 0) < min_loops:
            continue
        elapsed, whole = plan.elapsed(node), plan.seconds
        fraction = None if elapsed is None or not whole else elapsed / whole
        if fraction is not None and fraction < min_fraction:
            continue
        fix = _fix(catalog, node)
        above = plan.parent(node)
        yield PlanFault(
            node,
            f"{node.subplan_name or 'a subquery'} ran {count(node.loops or 0)} times, once for "
            f"each row of {titled(above) if above is not None else 'the query'}",
            {
                "runs": node.loops,
                "seconds": elapsed,
                "time_fraction": None if fraction is None else round(fraction, 3),
            },
            "Write the subquery as a join"
            + ("; or index what it is correlated by." if fix else "."),
            fix,
        )


def _fix(catalog: Catalog | None, subplan: PlanNode) -> Fix | None:
    """An index for a sequential scan inside it that throws most rows away."""
    for node in subplan.walk():
        table = table_of(catalog, node)
        read = node.removed_by_filter + (node.total_rows or 0.0)
        few = node.removed_by_filter > DISCARDED * read
        if catalog is not None and table is not None and node.kind == "Seq Scan" and few:
            return create_index(catalog, table, compared(node.filter, node).keys)
    return None
