"""A column is compared through coalesce, so that no index on it serves.

## What it finds

`coalesce(status, '') = 'paid'`: a column, and a constant that stands for NULL, compared for
equality with another constant or the same.

## Why it matters

The server has to compute coalesce for every row, and knows nothing of how many rows there are: it
guesses one in two hundred. The bare column uses a plain index, and the column's statistics.

## How to fix

Compare the column itself: NULL is never equal to the constant. Where the constant is the one that
stands for NULL, ask for NULL as well: `(status = '' OR status IS NULL)`.

## When to ignore

There is an index on the expression.

## Sources

- PostgreSQL manual, Conditional Expressions: COALESCE; Indexes on Expressions.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog, Column
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import INTEGERS, constant_kind
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.rules._texts import compares_bytes, text_column
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import comparison, operator

COUPONS = SHOP + "CREATE INDEX ON orders (coupon_id); CREATE INDEX ON customers (name);"

BAD = (
    RewriteExample("SELECT id FROM customers WHERE coalesce(name, '') = 'name 7'", COUPONS),
    RewriteExample("SELECT id FROM orders WHERE 7 = coalesce(coupon_id, 0)", COUPONS),
    RewriteExample("SELECT id FROM orders WHERE coalesce(coupon_id, -1) = -1", COUPONS),
)
GOOD = (
    RewriteExample("SELECT id FROM orders WHERE coalesce(coupon_id, 0) > 7", COUPONS),
    RewriteExample("SELECT id FROM orders WHERE coalesce(coupon_id, id) = 7", COUPONS),
    RewriteExample("SELECT id FROM orders WHERE coalesce(total, 0) = '7'", COUPONS),
    RewriteExample("SELECT id FROM orders WHERE coalesce(coupon_id, 0) <> 7", COUPONS),
)


@rewrite(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def coalesce_compared_with_constant(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        for path, kind, fields in source.expressions(level):
            if kind != "A_Expr" or operator(fields) != "=" or "lexpr" not in fields:
                continue
            found = _compared(level, fields["lexpr"], fields["rexpr"]) or _compared(
                level, fields["rexpr"], fields["lexpr"]
            )
            text = None if found is None else source.with_node(path, found[0])
            if found is not None and text is not None:
                yield Rewritten(text, found[1])


def _compared(level: Level, node: Node, other: Node) -> tuple[Node, str] | None:
    """The comparison of the column alone, and why it is the same."""
    parts = node.get("CoalesceExpr", {}).get("args", ())
    if len(parts) != 2 or "ColumnRef" not in parts[0]:
        return None
    named = level.named(parts[0]["ColumnRef"])
    instead, wanted = constant_kind(parts[1]), constant_kind(other)
    if named is None or instead is None or wanted is None or not _plain(named.column, instead[0]):
        return None
    if instead[0] != wanted[0]:
        return None
    equal = comparison(parts[0], "=", other)
    if instead[1] != wanted[1]:
        return equal, "what stands for NULL is not the constant, and NULL never is"
    null: Node = {"NullTest": {"arg": parts[0], "nulltesttype": "IS_NULL"}}
    both: Node = {"BoolExpr": {"boolop": "OR_EXPR", "args": [equal, null]}}
    return both, "the constant is what stands for NULL"


def _plain(column: Column, kind: str) -> bool:
    """Are two constants of the kind equal in the column's type only where they are written so?"""
    if kind == "ival":
        return column.type in (*INTEGERS, "numeric")
    return kind == "sval" and text_column(column) and compares_bytes(column)
