"""A WITH query is computed again for each of its readers.

## What it finds

`WITH … AS NOT MATERIALIZED` of a query that is read more than once.

## Why it matters

What all readers need is computed as often as it is read.

## How to fix

Leave NOT MATERIALIZED out: the server then computes the query once, and keeps its rows for all
readers.

## When to ignore

Each reader asks for few of its rows, and there are indexes for that.

## Sources

- PostgreSQL manual, WITH Queries: Common Table Expression Materialization.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._ctes import DEFAULT, NEVER, common_tables
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Source

BAD = RewriteExample(
    "WITH spent AS NOT MATERIALIZED (SELECT customer_id, sum(total) AS s FROM orders "
    "GROUP BY customer_id) SELECT customer_id FROM spent WHERE s = (SELECT max(s) FROM spent)",
    SHOP,
)
GOOD = (
    RewriteExample(
        "WITH o AS NOT MATERIALIZED (SELECT * FROM orders) SELECT id FROM o WHERE id = 7", SHOP
    ),
    RewriteExample(
        "WITH o AS (SELECT * FROM orders) SELECT a.id FROM o a JOIN o b ON b.id = a.id + 1", SHOP
    ),
)


@rewrite(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def cte_computed_for_each_reader(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for table in common_tables(source):
        if table.uses > 1 and table.materialized == NEVER:
            text = table.as_(DEFAULT)
            if text is not None:
                yield Rewritten(text, f"{table.name} is computed once for its {table.uses} readers")
