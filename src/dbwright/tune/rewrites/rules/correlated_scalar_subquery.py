"""A subquery aggregates for each row what could be aggregated once for all.

## What it finds

`SELECT …, (SELECT sum(o.total) FROM orders o WHERE o.customer_id = c.id) FROM customers c`, also as
`(SELECT coalesce(sum(…), 0) …)`, and the same in WHERE (`placed = (SELECT max(p.placed) …)`,
`total < (SELECT 0.2 * avg(…) …)`): an aggregate over rows that are tied to the row outside by
equality alone.

## Why it matters

The subquery runs once for each row outside. With an index that is many descents, without one it is
the whole table each time.

## How to fix

Aggregate by the tying columns in a subquery of FROM, and LEFT JOIN it.

## When to ignore

The query gives few rows, and there is an index for the subquery.

## Sources

- PostgreSQL manual, Scalar Subqueries; Aggregate Functions.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._aggregated import aggregated
from dbwright.tune.rewrites.rules._correlated import gathers, joined_text, shows_all, tied_parts
from dbwright.tune.rewrites.rules._parts import only_target, subquery
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source, read_source
from dbwright.tune.rewrites.trees import Path, all_of, column, comparison

ALIAS = "aggregated"
MOST = 5
"""Subqueries that are joined at a time."""

BAD = (
    RewriteExample(
        "SELECT c.id, (SELECT sum(o.total) FROM orders o WHERE o.customer_id = c.id AND total > 1) "
        "AS spent FROM customers c",
        SHOP,
    ),
    RewriteExample(
        "SELECT name, (SELECT count(*) FROM orders WHERE orders.coupon_id = c.referrer) "
        "FROM customers c ORDER BY id",
        SHOP,
    ),
    RewriteExample(
        "SELECT o.id FROM orders o WHERE o.placed = "
        "(SELECT max(p.placed) FROM orders p WHERE p.customer_id = o.customer_id)",
        SHOP,
    ),
    RewriteExample(
        "SELECT sum(o.total) AS small FROM orders o JOIN customers c ON c.id = o.customer_id "
        "WHERE c.referrer = 3 AND o.total < "
        "(SELECT 0.2 * avg(p.total) FROM orders p WHERE p.coupon_id = o.coupon_id)",
        SHOP,
    ),
    RewriteExample(
        "SELECT c.id, (SELECT coalesce(sum(total), 0) FROM orders WHERE coupon_id = c.referrer), "
        "coalesce((SELECT string_agg(status, ',' ORDER BY id) FROM orders "
        "WHERE coupon_id = c.referrer), '') FROM customers c",
        SHOP,
    ),
    RewriteExample(
        "SELECT id, (SELECT min(placed) FROM orders WHERE coupon_id = c.referrer) AS a, "
        "(SELECT count(*) FROM orders WHERE coupon_id = c.referrer) AS n FROM customers c",
        SHOP,
    ),
)
GOOD = (
    RewriteExample(
        "SELECT c.id, (SELECT sum(o.total) FROM orders o WHERE o.customer_id > c.id) AS spent "
        "FROM customers c",
        SHOP,
    ),
    RewriteExample("SELECT id, (SELECT max(total) FROM orders) AS most FROM customers", SHOP),
    RewriteExample(
        # Of groups that nobody asks for the sum may be 0.
        "SELECT id, (SELECT 9 / sum(total) FROM orders WHERE coupon_id = c.referrer) AS share "
        "FROM customers c WHERE id < 9",
        SHOP,
    ),
    RewriteExample(
        "SELECT c.id, (SELECT o.total FROM orders o WHERE o.id = c.id) AS t FROM customers c", SHOP
    ),
    RewriteExample(
        "SELECT c.referrer, sum((SELECT count(*) FROM orders o WHERE o.customer_id = c.id)) "
        "FROM customers c GROUP BY c.referrer",
        SHOP,
    ),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def correlated_scalar_subquery(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    note = "each row meets the one aggregate of its own group, or none"
    singly = list(_each(source, 1))
    for text in singly:
        yield Rewritten(text, note)
    if len(singly) > 1:
        together = _all(singly[0], catalog)
        if together is not None:
            yield Rewritten(together, note)


def _all(text: str, catalog: Catalog) -> str | None:
    """With the others written anew as well."""
    found = None
    for number in range(2, MOST + 1):
        source = read_source(text, catalog)
        another = None if source is None else next(_each(source, number), None)
        if another is None:
            break
        text = found = another
    return found


def _each(source: Source, number: int) -> Iterator[str]:
    """The query with one of its subqueries joined; `number` tells the joins apart."""
    alias = f"{ALIAS}_{number}"
    for level in source.levels:
        if not level.items or level.set_operation or level.fields.get("lockingClause"):
            continue
        if any(item.alias == alias for item in level.items) or shows_all(level):
            continue
        for path, kind, fields in source.expressions(level):
            if kind == "SubLink" and fields["subLinkType"] == "EXPR_SUBLINK":
                clause = path[len(level.path)]
                grouped = clause == "targetList" and gathers(level)
                inner = subquery(source, path)
                if clause not in ("targetList", "whereClause") or grouped or inner is None:
                    continue
                text = _joined(source, level, path, inner, alias)
                if text is not None:
                    yield text


def _joined(source: Source, level: Level, path: Path, inner: Level, alias: str) -> str | None:
    value = only_target(inner)
    if value is None or not inner.plain or not inner.plain_from or not inner.items:
        return None
    found = aggregated(inner, value)
    parts = tied_parts(inner)
    if found is None or parts is None:
        return None
    ties, others = parts
    tied = {outer.item.path: outer.item for _, outer in ties}
    if len(tied) != 1 or any(outer.level.path != level.path for _, outer in ties):
        return None
    (item,) = tied.values()
    keys: list[Node] = [{"ColumnRef": own} for own, _ in ties]
    names = [f"{alias}_key_{n}" for n in range(1, len(keys) + 1)]
    shown = [*zip(names, keys, strict=True), (f"{alias}_value", found.value)]
    subselect = {
        "targetList": [{"ResTarget": {"name": n, "val": each}} for n, each in shown],
        "fromClause": inner.fields["fromClause"],
        **({} if not others else {"whereClause": all_of(others)}),
        "groupClause": keys,
        "limitOption": "LIMIT_OPTION_DEFAULT",
        "op": "SETOP_NONE",
    }
    range_ = {"subquery": {"SelectStmt": subselect}, "alias": {"aliasname": alias}}
    conditions = [
        comparison(column(alias, key), "=", column(outer.item.alias, outer.column.name))
        for key, (_, outer) in zip(names, ties, strict=True)
    ]
    instead: Node = column(alias, f"{alias}_value")
    if found.default is not None:
        instead = {"CoalesceExpr": {"args": [instead, found.default]}}
    join = {
        "jointype": "JOIN_LEFT",
        "rarg": {"RangeSubselect": range_},
        "quals": all_of(conditions),
    }
    return joined_text(source, level, path, item.path, join, instead, found.name)
