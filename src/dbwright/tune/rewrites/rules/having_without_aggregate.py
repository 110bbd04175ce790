"""HAVING asks a subquery about a column that is grouped by.

## What it finds

A condition of HAVING with a subquery and without an aggregate: `GROUP BY customer_id HAVING
customer_id IN (SELECT …)`.

## Why it matters

All rows are grouped first, and the groups thrown away after. In WHERE the condition leaves fewer
rows to be grouped, and becomes a join. (Conditions without a subquery the server moves by itself.)

## How to fix

Move the condition to WHERE.

## When to ignore

Nearly all groups meet the condition.

## Sources

- PostgreSQL manual, The GROUP BY and HAVING Clauses; subquery_planner in planner.c of its source.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import calls_aggregate, calls_odd
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import all_of, any_node, conjuncts

BAD = RewriteExample(
    "SELECT customer_id, sum(total) AS spent FROM orders GROUP BY customer_id "
    "HAVING customer_id IN (SELECT c.id FROM customers c WHERE c.email = 'c7') AND sum(total) > 3",
    SHOP,
)
GOOD = (
    RewriteExample(
        "SELECT customer_id FROM orders GROUP BY customer_id HAVING customer_id = 7", SHOP
    ),
    RewriteExample(
        "SELECT customer_id FROM orders GROUP BY customer_id "
        "HAVING count(*) IN (SELECT id FROM customers)",
        SHOP,
    ),
    RewriteExample(
        "SELECT count(*) FROM orders HAVING EXISTS (SELECT id FROM customers WHERE id = 7)", SHOP
    ),
    RewriteExample(
        "SELECT status, customer_id FROM orders GROUP BY ROLLUP (status, customer_id) "
        "HAVING customer_id IN (SELECT id FROM customers)",
        SHOP,
    ),
)


@rewrite(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def having_without_aggregate(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        groups = level.fields.get("groupClause", ())
        # One group of all rows is there even where WHERE leaves none.
        if not groups or any("GroupingSet" in group for group in groups):
            continue
        conditions = conjuncts(level.fields.get("havingClause"))
        moved = [c for c in conditions if _may_move(level, c)]
        if not moved:
            continue
        where = [*conjuncts(level.fields.get("whereClause")), *moved]
        text = source.with_level(
            level,
            whereClause=all_of(where),
            havingClause=all_of([c for c in conditions if c not in moved]),
        )
        if text is not None:
            yield Rewritten(
                text, "all rows of a group have the same value in what it is grouped by"
            )


def _may_move(level: Level, condition: Node) -> bool:
    """No aggregate anywhere in it: that of a subquery might be the level's own."""
    return (
        any_node(condition, ("SubLink",))
        and not calls_aggregate(condition)
        and not calls_odd(condition)
        and level.plain_from
    )
