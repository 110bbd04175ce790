"""An index-only scan looks into the table for many rows all the same.

## What it finds

An Index Only Scan that fetched at least a tenth of its rows, and a thousand or more, from the
table.

## Why it matters

The index holds all columns that are wanted, but not whether a row is visible. For pages that
VACUUM has not marked as all-visible the table must be read, so the scan is no cheaper than a plain
index scan.

## How to fix

VACUUM the table. Have autovacuum come by more often where that keeps happening
(autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_scale_factor of the table).

## When to ignore

The rows that are read are those that were just written.

## Sources

- PostgreSQL manual, Index-Only Scans and Covering Indexes; Updating the Visibility Map.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.plan import Plan
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._tables import table_of, table_ref
from dbwright.tune.plans.insights._words import count, share_of_time

ROWS = """
CREATE TABLE logs (id int PRIMARY KEY, n int) WITH (autovacuum_enabled = off);
INSERT INTO logs SELECT n, n FROM generate_series(1, 5000) n;
ANALYZE logs;
"""
SCAN = {"enable_seqscan": "off", "enable_bitmapscan": "off"}
QUERY = "SELECT id FROM logs WHERE id < 4000"

BAD = PlanExample(QUERY, ROWS, SCAN, object="public.logs", fix_mends=True)
GOOD = PlanExample(QUERY, ROWS + "VACUUM logs;", SCAN)


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD)
def heap_fetches(
    plan: Plan,
    catalog: Catalog | None,
    *,
    min_fetches: Annotated[int, "rows looked up in the table"] = 1000,
    min_fraction: Annotated[float, "of the rows that the index gave"] = 0.1,
) -> Iterator[PlanFault]:
    for node in plan.nodes:
        fetched = node.heap_fetches or 0
        rows = (node.total_rows or 0.0) + node.removed_by_filter
        if fetched < min_fetches or fetched < min_fraction * rows:
            continue
        table = table_of(catalog, node)
        fix = None
        if table is not None:
            fix = Fix(
                up=f"VACUUM (ANALYZE) {table.qualified};",
                down="",
                lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
                scans=True,
                transactional=False,
                risk="reads and writes; rows that a long transaction may see stay as they are",
            )
        yield PlanFault(
            node,
            f"the index-only scan of {node.index} looked up {count(fetched)} rows in the table, "
            f"of {count(rows)}",
            {"heap_fetches": fetched, "rows": int(rows), **share_of_time(plan, node)},
            "" if fix else "VACUUM the table, and have autovacuum come by more often.",
            fix,
            table_ref(catalog, node),
        )
