"""Rows are counted only to learn whether there are any.

## What it finds

`(SELECT count(*) FROM … WHERE …) > 0`, and the other comparisons that only tell none from some
(`= 0`, `>= 1`, `< 1`, `<> 0`); and `SELECT count(*) > 0 FROM …`, also inside of a CASE.

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
from dbwright.tune.rewrites.rules._parts import calls_aggregate, only_target, subquery
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import (
    Path,
    all_of,
    at,
    call_name,
    column_refs,
    conjuncts,
    exists,
    has_value,
    is_not_null,
    negated,
    one_select,
    operator,
    put,
)
from dbwright.tune.rewrites.values import BY_TYPE

SOME = {(">", 0), (">=", 1), ("<>", 0)}
NONE = {("=", 0), ("<", 1), ("<=", 0)}
TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}
NOT_READ = (
    "groupClause havingClause limitCount limitOffset distinctClause windowClause withClause "
    "lockingClause valuesLists"
).split()
INTEGERS = frozenset(("int2", "int4", "int8"))
NAMELESS = "?column?"
"""What the server calls a column that is a comparison."""
NOTE = "a count is at least 1 where a row exists"

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
    RewriteExample(
        "SELECT CASE WHEN count(o.id) > 0 THEN true ELSE false END AS known FROM orders o "
        "WHERE o.status = 'paid'",
        SHOP,
    ),
)
GOOD = (
    RewriteExample("SELECT count(*) > 0, max(total) FROM orders", SHOP),
    RewriteExample("SELECT count(*) > 0 FROM orders GROUP BY status", SHOP),
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
            compared = _compared(fields) if kind == "A_Expr" else None
            if compared is None:
                continue
            side, wanted = compared
            text = None
            if "SubLink" in fields[side]:
                counted = subquery(source, (*path, kind, side))
                value = None if counted is None else only_target(counted)
                asked = None if counted is None or value is None else _asked(counted, value)
                if asked is not None:
                    text = source.with_node(path, asked if wanted else negated(asked))
            else:
                text = _of_level(source, level, path, fields[side], wanted)
            if text is not None:
                yield Rewritten(text, NOTE)


def _compared(fields: Node) -> tuple[str, bool] | None:
    """The side of a comparison that only tells none from some, and whether some are wanted."""
    for side, other, sign in (
        ("lexpr", "rexpr", operator(fields)),
        ("rexpr", "lexpr", TURNED.get(operator(fields), "")),
    ):
        wanted = (sign, _number(fields.get(other, {})))
        if wanted in SOME | NONE and side in fields:
            return side, wanted in SOME
    return None


def _number(node: Node) -> int | None:
    constant = node.get("A_Const", {})
    return int(constant["ival"].get("ival", 0)) if "ival" in constant else None


def _of_level(source: Source, level: Level, path: Path, counted: Node, wanted: bool) -> str | None:
    """`SELECT count(*) > 0 FROM …`: a SELECT of one row, which EXISTS tells as well."""
    target = (*level.path, "targetList", 0, "ResTarget")
    if path[: len(target)] != target or only_target(level) is None:
        return None
    if level.fields.get("sortClause") or not level.fields.get("fromClause"):
        return None
    asked = _asked(level, counted)
    if asked is None:
        return None
    own = at(source.tree, target)
    value = put(own["val"], path[len(target) + 1 :], asked if wanted else negated(asked))
    outside = put(own["val"], path[len(target) + 1 :], None)
    if calls_aggregate(outside) or column_refs(outside):
        return None
    name = own.get("name") or (NAMELESS if path == (*target, "val") else None)
    if name is None and "CaseExpr" not in value:
        return None  # its name might be that of EXISTS now
    named = {"name": name} if name else {}
    plain = {"limitOption": "LIMIT_OPTION_DEFAULT", "op": "SETOP_NONE"}
    query = {"targetList": [{"ResTarget": {"val": value, **named}}], **plain}
    return source.with_tree(put(source.tree, level.path, query))


def _asked(level: Level, counted: Node) -> Node | None:
    """EXISTS over what the level counts; None where it does more than count."""
    call = _bare(counted).get("FuncCall")
    more = level.set_operation or any(level.fields.get(name) for name in NOT_READ)
    if call is None or call_name(call) != "count" or "over" in call or more:
        return None
    conditions = conjuncts(level.fields.get("whereClause"))
    conditions += conjuncts(call.get("agg_filter"))
    if not call.get("agg_star"):
        if len(call.get("args", ())) != 1:
            return None
        conditions += _is_counted(level, call["args"][0])
    return exists(one_select({**level.fields, "whereClause": all_of(conditions)}))


def _bare(node: Node) -> Node:
    """Without a cast to an integer, as drivers that dislike bigint write it."""
    cast = node.get("TypeCast")
    if cast is None or cast["typeName"].get("arrayBounds"):
        return node
    name = cast["typeName"]["names"][-1]["String"]["sval"]
    bare: Node = cast["arg"]
    return bare if name in INTEGERS else node


def _is_counted(level: Level, argument: Node) -> list[Node]:
    """That count() counts it; nothing for what is never NULL. A row of NULLs is counted, while
    `row IS NOT NULL` is false of a row with one NULL in it."""
    named = level.named(argument["ColumnRef"]) if "ColumnRef" in argument else None
    if named is not None and named.level is level and named.not_null:
        return []
    plain = named is not None and named.column.base_type in BY_TYPE
    return [is_not_null(argument) if plain else has_value(argument)]
