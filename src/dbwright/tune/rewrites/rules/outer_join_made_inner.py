"""WHERE throws away what an outer join adds.

## What it finds

`LEFT JOIN o … WHERE coalesce(o.total, 0) > 5`: the condition is never true for the rows that the
join fills with NULLs.

## Why it matters

The server sees that a plain comparison can't be true for NULL, and plans an inner join by itself.
Through coalesce it does not see it: it must begin with the left table, and can't begin with the one
that the condition is about.

## How to fix

Write JOIN.

## When to ignore

Never: it is the same query.

## Sources

- reduce_outer_joins in prepjointree.c of the PostgreSQL source; manual, Conditional Expressions.
"""

from __future__ import annotations

import operator as operators
from collections.abc import Callable, Iterator, Mapping

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import constant_kind
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Item, Level, Source
from dbwright.tune.rewrites.trees import Path, at, conjuncts, operator, put

COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    "=": operators.eq, "<>": operators.ne, "<": operators.lt,
    ">": operators.gt, "<=": operators.le, ">=": operators.ge,
}  # fmt: skip
TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}

SMALL = (
    SHOP
    + """
CREATE TABLE flags (order_id int REFERENCES orders, level int);
INSERT INTO flags SELECT n * 40, n % 50 FROM generate_series(1, 500) n;
ANALYZE flags;
"""
)

BAD = (
    RewriteExample(
        "SELECT o.id, f.level FROM orders o LEFT JOIN flags f ON f.order_id = o.id "
        "WHERE coalesce(f.level, 0) = 41",
        SMALL,
    ),
    RewriteExample(
        "SELECT c.name, f.level FROM customers c JOIN orders o ON o.customer_id = c.id "
        "LEFT JOIN flags f ON f.order_id = o.id WHERE 7 = coalesce(f.level, -1)",
        SMALL,
    ),
)
GOOD = (
    RewriteExample(
        "SELECT o.id FROM orders o LEFT JOIN flags f ON f.order_id = o.id "
        "WHERE coalesce(f.level, 0) < 40",
        SMALL,
    ),
    RewriteExample(
        "SELECT o.id FROM orders o LEFT JOIN flags f ON f.order_id = o.id WHERE f.level > 40",
        SMALL,
    ),
    RewriteExample(
        "SELECT o.id FROM orders o JOIN flags f ON f.order_id = o.id "
        "WHERE coalesce(f.level, 0) > 40",
        SMALL,
    ),
)


@rewrite(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def outer_join_made_inner(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        if level.set_operation or not level.plain_from:
            continue
        for condition in conjuncts(level.fields.get("whereClause")):
            item = _refused(level, condition)
            path = None if item is None else _join(source, level, item)
            if path is None or item is None:
                continue
            text = source.with_tree(put(source.tree, (*path, "jointype"), "JOIN_INNER"))
            if text is not None:
                note = f"the condition is false where {item.alias} has no row"
                yield Rewritten(text, note)


def _refused(level: Level, condition: Node) -> Item | None:
    """The relation of which the condition is not true where an outer join fills it with NULLs."""
    fields: Node = condition.get("A_Expr", {})
    sign = operator(fields)
    if sign not in COMPARE:
        return None
    for side, other, own in (
        ("lexpr", "rexpr", sign), ("rexpr", "lexpr", TURNED.get(sign, sign)),
    ):  # fmt: skip
        arguments = fields.get(side, {}).get("CoalesceExpr", {}).get("args", ())
        constant = constant_kind(fields.get(other, {}))
        if len(arguments) != 2 or "ColumnRef" not in arguments[0] or constant is None:
            continue
        named = level.named(arguments[0]["ColumnRef"])
        instead = constant_kind(arguments[1])
        if named is None or instead is None or {instead[0], constant[0]} != {"ival"}:
            continue
        here = named.level.path == level.path and named.item.nullable
        if here and not COMPARE[own](int(instead[1]), int(constant[1])):
            return named.item
    return None


def _join(source: Source, level: Level, item: Item) -> Path | None:
    """The LEFT JOIN whose right side the relation is."""
    path = item.path[:-1]
    if len(path) <= len(level.path) or item.path[-1] != "rarg" or path[-1] != "JoinExpr":
        return None
    return path if at(source.tree, path).get("jointype") == "JOIN_LEFT" else None
