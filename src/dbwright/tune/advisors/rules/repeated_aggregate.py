"""An expensive aggregate is computed again and again.

## What it finds

Queries that group or sum up many rows into few, cost at least `expensive` a call, and would be
served by one materialized view: queries with the same tables, joins and groups, whatever their
order, limit and constants (columns that are compared with constants become groups of the view). It
is advised where the queries of the workload pay for `refreshes` refreshes of the view: a day where
it is known for how long they were counted, else in all.

## Why it matters

Each call reads all the rows again, to find a result that changed little since the last one.

## How to fix

Make the view, its unique index, and refresh it in the rhythm that readers need and the saving
pays for. The finding shows the query that reads the view; with the view's own query in its place it
gave the same rows as the original on everything that was made to tell them apart.

## When to ignore

Readers need the figures of this moment. Or the table is partitioned by time and its older sums
could be kept for good: then a summary table that is written once a day is cheaper than a view that
is refreshed whole.

## Sources

- PostgreSQL manual, Materialized Views; REFRESH MATERIALIZED VIEW, CONCURRENTLY.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.finding import Confidence, Severity
from dbwright.model.report import Skipped
from dbwright.tune.advisors.advisor import Advice, advisor
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.views.advise import advise_views
from dbwright.tune.views.candidates import Limits

ORDERS = """
CREATE TABLE orders (
    id bigint PRIMARY KEY, shop text NOT NULL, status text NOT NULL, day date NOT NULL,
    total numeric(10, 2) NOT NULL
);
INSERT INTO orders SELECT n, 'shop ' || n % 20, CASE WHEN n % 10 = 0 THEN 'open' ELSE 'paid' END,
    date '2025-01-01' + n % 30, n % 500 FROM generate_series(1, 30000) n;
"""
BY_SHOP = """
-- calls: 400
SELECT shop, count(*), sum(total) AS total FROM orders WHERE status = 'paid'
GROUP BY shop ORDER BY total DESC LIMIT 5;
"""
THRESHOLDS = {"expensive": 500.0}
BAD = (
    AdvisorExample(ORDERS, BY_SHOP, thresholds=THRESHOLDS, objects=("public.orders",)),
    AdvisorExample(
        ORDERS,
        "-- calls: 300\nSELECT avg(total), count(*) FROM orders WHERE day >= '2025-01-20';",
        thresholds=THRESHOLDS,
        objects=("public.orders",),
    ),
)
GOOD = (
    AdvisorExample(ORDERS, BY_SHOP.replace("400", "10"), thresholds=THRESHOLDS),
    AdvisorExample(
        ORDERS,
        "-- calls: 400\nSELECT id, count(*) FROM orders GROUP BY id;",
        thresholds=THRESHOLDS,
    ),
    AdvisorExample(
        ORDERS + "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;", BY_SHOP, thresholds=THRESHOLDS
    ),
    AdvisorExample(
        ORDERS,
        "-- calls: 400\nSELECT now()::date - day, count(*) FROM orders GROUP BY 1;",
        thresholds=THRESHOLDS,
    ),
)


@advisor(severity=Severity.NOTICE, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def repeated_aggregate(
    bench: Workbench,
    *,
    expensive: Annotated[float, "queries that cost so much a call are looked at"] = 10_000.0,
    rows_share: Annotated[float, "of the rows read now, the view has at most so many"] = 0.1,
    refreshes: Annotated[float, "the queries must pay for so many refreshes (a day)"] = 24.0,
) -> Iterator[Advice | Skipped]:
    yield from advise_views(bench, Limits(expensive, rows_share, refreshes))
