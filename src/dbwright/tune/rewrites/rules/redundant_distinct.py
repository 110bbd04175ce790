"""DISTINCT removes duplicates where there can be none.

## What it finds

SELECT DISTINCT whose columns hold a key of each of its tables (or the key of what a join looks up),
or all that it groups by; and `IN (SELECT DISTINCT …)`, which does not mind how often a value comes.

## Why it matters

The rows are sorted or hashed to find duplicates, before the first one is sent.

## How to fix

Leave DISTINCT out.

## When to ignore

The key might be dropped one day; or so few rows come that it does not matter.

## Sources

- PostgreSQL manual, SELECT: DISTINCT Clause.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._distinct import gives_distinct_rows
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import at

BAD = (
    RewriteExample("SELECT DISTINCT id, status, placed FROM orders", SHOP),
    RewriteExample("SELECT DISTINCT o.* FROM orders o WHERE o.total > 3 ORDER BY o.total", SHOP),
    RewriteExample(
        "SELECT DISTINCT o.id, c.name FROM orders o LEFT JOIN customers c ON c.id = o.customer_id",
        SHOP,
    ),
    RewriteExample(
        "SELECT DISTINCT customer_id, placed, count(*) FROM orders GROUP BY 1, placed",
        SHOP,
    ),
    RewriteExample(
        "SELECT id, name FROM customers WHERE email = 'c7' AND id IN "
        "(SELECT DISTINCT customer_id FROM orders)",
        SHOP,
    ),
)
GOOD = (
    RewriteExample("SELECT DISTINCT customer_id FROM orders", SHOP),
    RewriteExample(
        "SELECT DISTINCT c.id FROM customers c JOIN orders o ON o.customer_id = c.id", SHOP
    ),
    RewriteExample("SELECT DISTINCT ON (status) id FROM orders ORDER BY status, id", SHOP),
    RewriteExample("SELECT DISTINCT status FROM orders GROUP BY status, customer_id", SHOP),
    RewriteExample(
        "SELECT id FROM customers WHERE id IN (SELECT DISTINCT coupon_id FROM orders "
        "ORDER BY coupon_id LIMIT 3)",
        SHOP,
    ),
    RewriteExample("SELECT DISTINCT a FROM t", "CREATE TABLE t (a int UNIQUE, b int)"),
    RewriteExample(
        "SELECT DISTINCT id FROM t",
        "CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u () INHERITS (t)",
    ),
    RewriteExample(
        "SELECT DISTINCT id FROM t", "CREATE TABLE t (id int PRIMARY KEY DEFERRABLE, b int)"
    ),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def redundant_distinct(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        # DISTINCT without ON is a list of one empty node.
        if level.fields.get("distinctClause") != [{}]:
            continue
        if _is_list(source, level):
            note = "IN asks whether a value is there, and not how often"
        elif gives_distinct_rows(level, catalog):
            note = "a key is among its columns, so no two rows are the same"
        else:
            continue
        text = source.with_level(level, distinctClause=None)
        if text is not None:
            yield Rewritten(text, note)


def _is_list(source: Source, level: Level) -> bool:
    """Is it the whole list of an IN (a LIMIT counts rows)?"""
    if level.path[-2:] != ("subselect", "SelectStmt"):
        return False
    kind = at(source.tree, level.path[:-2])["subLinkType"]
    cut = level.fields.get("limitCount") or level.fields.get("limitOffset")
    return kind in ("ANY_SUBLINK", "ALL_SUBLINK") and not cut
