"""A subquery sorts rows whose order nobody sees.

## What it finds

ORDER BY, without LIMIT, in a subquery of FROM, IN or EXISTS, in a WITH query or in a part of a
UNION that removes duplicates, where what is around it sorts again, or groups and counts.

## Why it matters

All rows are sorted for nothing. Worse, a subquery of FROM with ORDER BY is planned apart: what is
joined with it can't lead to its rows through an index, so that all of them are made.

## How to fix

Leave the inner ORDER BY out.

## When to ignore

Never: where the order counts (an aggregate that keeps it, a LIMIT around it), it is left alone.

## Sources

- PostgreSQL manual, Sorting Rows; is_simple_subquery in prepjointree.c of its source.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node, walk
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._ctes import CommonTable, common_tables
from dbwright.tune.rewrites.rules._parts import calls_aggregate, calls_odd, calls_own
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Item, Level, Source
from dbwright.tune.rewrites.trees import at, call_name

ORDER_IS_NOTHING = frozenset("count sum min max avg bool_and bool_or every bit_and bit_or".split())
"""Aggregates that give the same in any order (sums of floating-point numbers nearly so)."""

BAD = (
    RewriteExample(
        "SELECT count(*) FROM (SELECT customer_id FROM orders WHERE total > 3 ORDER BY placed) s",
        SHOP,
    ),
    RewriteExample(
        "SELECT s.id, s.total FROM customers c JOIN (SELECT * FROM orders ORDER BY total) s "
        "ON s.customer_id = c.id WHERE c.email = 'c7' ORDER BY s.id",
        SHOP,
    ),
    RewriteExample(
        "SELECT name FROM customers WHERE id IN "
        "(SELECT customer_id FROM orders WHERE total > 90 ORDER BY placed, total)",
        SHOP,
    ),
    RewriteExample(
        "WITH o AS (SELECT customer_id, total FROM orders ORDER BY placed) "
        "SELECT customer_id, sum(total) FROM o GROUP BY customer_id",
        SHOP,
    ),
)
GOOD = (
    RewriteExample("SELECT id FROM (SELECT id, total FROM orders ORDER BY total) s", SHOP),
    RewriteExample("WITH o AS (SELECT id FROM orders ORDER BY total) SELECT id FROM o", SHOP),
    RewriteExample("SELECT count(*) FROM (SELECT id FROM orders ORDER BY total LIMIT 5) s", SHOP),
    RewriteExample(
        "SELECT array_agg(id) AS ids FROM (SELECT id FROM orders ORDER BY total) s", SHOP
    ),
    RewriteExample(
        "SELECT id, row_number() OVER () FROM (SELECT id FROM orders ORDER BY total) s ORDER BY id",
        SHOP,
    ),
    RewriteExample(
        "SELECT count(*) FROM (SELECT DISTINCT ON (status) id FROM orders ORDER BY status, id) s",
        SHOP,
    ),
)


@rewrite(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def order_by_in_subquery(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        if not level.fields.get("sortClause") or _needed(level) or _seen(source, level):
            continue
        text = source.with_level(level, sortClause=None)
        if text is not None:
            yield Rewritten(text, "what is around the subquery gives the same in any order")


def _needed(level: Level) -> bool:
    """Does its order choose rows, or do its sort keys do more than sort?"""
    clauses = ("limitCount", "limitOffset", "lockingClause")
    first_of_each = level.fields.get("distinctClause", [{}]) != [{}]
    return (
        any(level.fields.get(name) for name in clauses)
        or first_of_each
        or calls_odd(level.fields["sortClause"])
        or calls_odd(level.fields.get("targetList", []))
    )


def _seen(source: Source, level: Level) -> bool:
    """Might what is around it depend on the order?"""
    path = level.path
    if path[-2:] == ("subselect", "SelectStmt"):
        # An array, and a scalar subquery that is known to give one row, are left alone.
        kind = at(source.tree, path[:-2])["subLinkType"]
        return kind not in ("EXISTS_SUBLINK", "ANY_SUBLINK", "ALL_SUBLINK")
    if path[-1] in ("larg", "rarg"):
        # What removes duplicates sorts or hashes the rows of both sides.
        return bool(at(source.tree, path[:-1]).get("all"))
    if path[-3:] == ("RangeSubselect", "subquery", "SelectStmt"):
        above = [other for other in source.levels if other.path == path[: len(other.path)]]
        readers = [max((o for o in above if o is not level), key=lambda one: len(one.path))]
    else:
        readers = list(_readers(source, level))
    own = source.catalog
    return not readers or not all(
        _orderless(reader) and not calls_own(own, dict(reader.fields)) for reader in readers
    )


def _readers(source: Source, level: Level) -> Iterator[Level]:
    """Who reads a WITH query; nobody for what is none, or may be read in a way not seen here."""
    for table in common_tables(source):
        if (*table.path, "ctequery", "SelectStmt") != level.path:
            continue
        found = [each for each in source.levels for item in each.items if _is(source, item, table)]
        if len(found) == table.uses:
            yield from found


def _is(source: Source, item: Item, table: CommonTable) -> bool:
    fields: Node = at(source.tree, item.path).get("RangeVar", {})
    return fields.get("relname") == table.name and not fields.get("schemaname")


def _orderless(level: Level) -> bool:
    """Does it give the same rows, in the order that it says itself, whatever the order of FROM?"""
    parts: list[Any] = [level.fields.get(name) for name in ("targetList", "havingClause")]
    calls = [
        fields
        for kind, fields in walk({"_": [parts, level.fields.get("sortClause")]})
        if kind == "FuncCall"
    ]
    if any("over" in call for call in calls) or level.fields.get("distinctClause", [{}]) != [{}]:
        return False
    grouped = bool(level.fields.get("groupClause")) or calls_aggregate(parts)
    aggregates = [call for call in calls if calls_aggregate({"FuncCall": call})]
    if any(call_name(call) not in ORDER_IS_NOTHING for call in aggregates):
        return False
    cut = level.fields.get("limitCount") or level.fields.get("limitOffset")
    if grouped:
        return not cut or bool(level.fields.get("sortClause"))
    return bool(level.fields.get("sortClause")) and not cut
