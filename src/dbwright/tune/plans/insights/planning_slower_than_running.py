"""Planning the query takes longer than running it.

## What it finds

Plans whose planning took at least 10 ms, and longer than their execution.

## Why it matters

A query that runs often pays for its planning each time.

## How to fix

Prepare the statement (or let the driver do it), so that a generic plan is kept. Fewer partitions,
fewer joined tables (join_collapse_limit), fewer indexes on the tables and fewer views upon views
make planning cheaper. The first plan in a session also loads the catalog: look at a second one.

## When to ignore

The query is new in its session, or rare.

## Sources

- PostgreSQL manual, PREPARE; Query Planning: plan_cache_mode, join_collapse_limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.finding import Severity
from dbwright.model.plan import Plan
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight

PARTS = """
CREATE TABLE parts (id int, n int) PARTITION BY RANGE (id);
DO $$ BEGIN
    FOR i IN 0..49 LOOP
        EXECUTE format(
            'CREATE TABLE parts_%s PARTITION OF parts FOR VALUES FROM (%s) TO (%s)', i, i, i + 1
        );
    END LOOP;
END $$;
"""

BAD = PlanExample(
    "SELECT * FROM parts a JOIN parts b ON a.n = b.n JOIN parts c ON c.n = b.n WHERE a.id = 1 "
    "AND b.id = 2 AND c.id > 10",
    PARTS,
    options={"min_seconds": 0.0},
)
GOOD = PlanExample("SELECT count(*) FROM generate_series(1, 200000)", options={"min_seconds": 0.0})


@insight(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def planning_slower_than_running(
    plan: Plan,
    *,
    min_seconds: Annotated[float, "of planning"] = 0.01,
    min_factor: Annotated[float, "planning, times the execution"] = 1.0,
) -> Iterator[PlanFault]:
    planning, running = plan.planning_seconds, plan.execution_seconds
    if planning is None or running is None:
        return
    if planning < min_seconds or planning < min_factor * running:
        return
    yield PlanFault(
        None,
        f"planning took {planning * 1000:,.1f} ms, running {running * 1000:,.1f} ms",
        {
            "planning_seconds": planning,
            "execution_seconds": running,
            "relations": len({(n.schema, n.relation) for n in plan.nodes if n.relation}),
        },
        "Prepare the statement, so that its plan is kept; run it twice to see the planning of a "
        "session that knows its tables.",
    )
