"""A WITH query is computed whole before anything is asked of it.

## What it finds

`WITH … AS MATERIALIZED`, and a WITH query that is read more than once, which the server
materializes by itself.

## Why it matters

Conditions from outside are not moved into it, and no index serves what reads it: all of its rows
are made and kept, also where a few are wanted.

## How to fix

Without MATERIALIZED a query that is read once becomes part of what reads it. One that is read more
than once needs `AS NOT MATERIALIZED`; it is then computed for each reader, with the conditions of
that reader.

## When to ignore

It is meant as a fence against a bad plan, or it is dear and gives few rows.

## Sources

- PostgreSQL manual, WITH Queries: Common Table Expression Materialization.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._ctes import DEFAULT, NEVER, common_tables, has_choice
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Source

BAD = (
    RewriteExample(
        "WITH spent AS MATERIALIZED (SELECT customer_id, sum(total) AS s FROM orders "
        "GROUP BY customer_id) SELECT s FROM spent WHERE customer_id = 7",
        SHOP,
    ),
    RewriteExample(
        "WITH o AS (SELECT * FROM orders) SELECT a.id FROM o a JOIN o b ON b.id = a.coupon_id "
        "WHERE a.customer_id = 7",
        SHOP,
    ),
)
GOOD = (
    RewriteExample("WITH o AS (SELECT * FROM orders) SELECT id FROM o WHERE id = 7", SHOP),
    RewriteExample(
        "WITH o AS MATERIALIZED (SELECT id, random() AS r FROM orders) "
        "SELECT id FROM o WHERE r < 0.5",
        SHOP,
    ),
    RewriteExample(
        "WITH o AS (SELECT id, coupon_id FROM orders ORDER BY total LIMIT 9) "
        "SELECT a.id FROM o a JOIN o b ON b.id = a.coupon_id",
        SHOP,
    ),
    RewriteExample(
        "WITH RECURSIVE n AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM n WHERE id < 9) "
        "SELECT o.id FROM n a JOIN n b USING (id) JOIN orders o USING (id)",
        SHOP,
    ),
)


@rewrite(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def materialized_cte(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for table in common_tables(source):
        if table.uses == 0 or table.materialized == NEVER:
            continue
        if table.uses == 1 and table.materialized == DEFAULT:
            continue  # is part of its reader already
        if table.uses > 1 and has_choice(table):
            continue  # its readers must see the same rows
        text = table.as_(DEFAULT if table.uses == 1 else NEVER)
        if text is not None:
            note = f"{table.name} becomes part of what reads it, and calls nothing volatile"
            yield Rewritten(text, note)
