"""Rows are counted only to learn whether there are any.

## What it finds

`(SELECT count(*) FROM … WHERE …) > 0`, and the other comparisons that only tell none from some
(`= 0`, `>= 1`, `< 1`, `<> 0`).

## Why it matters

All the rows are read and counted, for each row of the query around it. EXISTS stops at the first
one, and the planner can make a join of it.

## How to fix

Ask EXISTS, or NOT EXISTS.

## When to ignore

There are never more than a few rows to count.

## Sources

- PostgreSQL manual, Subquery Expressions: EXISTS.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import only_target, subquery
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import (
    all_of,
    call_name,
    conjuncts,
    exists,
    is_not_null,
    negated,
    one_select,
    operator,
)

SOME = {(">", 0), (">=", 1), ("<>", 0)}
NONE = {("=", 0), ("<", 1), ("<=", 0)}
TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}
NOT_READ = ("groupClause", "havingClause", "limitCount", "limitOffset", "distinctClause")

BAD = (
    RewriteExample(
        "SELECT name FROM customers c "
        "WHERE (SELECT count(*) FROM orders o WHERE o.customer_id = c.id AND o.total > 5) > 0",
        SHOP,
    ),
    RewriteExample(
        "SELECT name FROM customers c "
        "WHERE 1 > (SELECT count(o.coupon_id) FROM orders o WHERE o.customer_id = c.id)",
        SHOP,
    ),
    RewriteExample(
        "SELECT id, (SELECT count(*) FILTER (WHERE total > 5) FROM orders o "
        "WHERE o.customer_id = c.id) = 0 AS small FROM customers c",
        SHOP,
    ),
)
GOOD = (
    RewriteExample(
        "SELECT name FROM customers c "
        "WHERE (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) > 1",
        SHOP,
    ),
    RewriteExample(
        "SELECT name FROM customers c WHERE "
        "(SELECT count(*) FROM orders o WHERE o.customer_id = c.id GROUP BY status LIMIT 1) > 0",
        SHOP,
    ),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def count_compared_with_zero(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        for path, kind, fields in source.expressions(level):
            if kind != "A_Expr":
                continue
            for side, sign in (("lexpr", operator(fields)), ("rexpr", _turned(fields))):
                other = fields.get("rexpr" if side == "lexpr" else "lexpr", {})
                wanted = (sign, _number(other))
                if wanted not in SOME | NONE or "SubLink" not in fields.get(side, {}):
                    continue
                counted = subquery(source, (*path, kind, side))
                asked = None if counted is None else _asked(counted)
                if asked is None:
                    continue
                text = source.with_node(path, asked if wanted in SOME else negated(asked))
                if text is not None:
                    yield Rewritten(text, "a count is at least 1 where a row exists")


def _turned(fields: Node) -> str:
    return TURNED.get(operator(fields), "")


def _number(node: Node) -> int | None:
    constant = node.get("A_Const", {})
    return int(constant["ival"].get("ival", 0)) if "ival" in constant else None


def _asked(level: Level) -> Node | None:
    """EXISTS over what is counted; None where the level does more than count."""
    call = (only_target(level) or {}).get("FuncCall")
    more = level.set_operation or any(level.fields.get(name) for name in NOT_READ)
    if call is None or call_name(call) != "count" or "over" in call or more:
        return None
    if level.fields.get("withClause") or level.fields.get("lockingClause"):
        return None
    conditions = conjuncts(level.fields.get("whereClause"))
    conditions += conjuncts(call.get("agg_filter"))
    if not call.get("agg_star"):
        if len(call.get("args", ())) != 1:
            return None
        conditions.append(is_not_null(call["args"][0]))
    return exists(one_select({**level.fields, "whereClause": all_of(conditions)}))
