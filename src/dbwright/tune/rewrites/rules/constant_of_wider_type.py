"""A constant of a wider type makes the server convert the column, so that no index serves.

## What it finds

`id = 42.0` on an integer column, and `id::text = '42'`.

## Why it matters

An integer and a number with a point are compared as numeric: the column is converted in every row,
and its index is of no use. Drivers that send every number as a decimal do that.

## How to fix

Write the constant as what the column is.

## When to ignore

Never: it only costs.

## Sources

- PostgreSQL manual, Type Conversion: Operators.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import constant_kind
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import comparison, integer, operator

LARGEST = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**31 - 1}
"""What a constant may be: one that is larger is a bigint, which is fine, but not needed here."""
TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}
TEXTS = ("text", "varchar")

BAD = (
    RewriteExample("SELECT total FROM orders WHERE id = 42.0", SHOP),
    RewriteExample("SELECT total FROM orders WHERE 42.00 > id AND total > 1.5", SHOP),
    RewriteExample("SELECT total FROM orders WHERE id::text = '42'", SHOP),
)
GOOD = (
    RewriteExample("SELECT total FROM orders WHERE id = 42", SHOP),
    RewriteExample("SELECT id FROM orders WHERE total = 42.0", SHOP),
    RewriteExample("SELECT total FROM orders WHERE id = 42.5", SHOP),
    RewriteExample("SELECT total FROM orders WHERE id::text = '042'", SHOP),
    RewriteExample("SELECT total FROM orders WHERE id::text < '42'", SHOP),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def constant_of_wider_type(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        for path, kind, fields in source.expressions(level):
            if kind != "A_Expr" or operator(fields) not in TURNED:
                continue
            sides = (("lexpr", "rexpr"), ("rexpr", "lexpr"))
            found = [narrowed for a, b in sides if (narrowed := _narrowed(level, fields, a, b))]
            text = source.with_node(path, found[0]) if found else None
            if text is not None:
                yield Rewritten(text, "the constant is the same number, of the column's own type")


def _narrowed(level: Level, fields: Node, side: str, other: str) -> Node | None:
    """The comparison with the column's side first and a constant of its type."""
    if side not in fields:
        return None
    sign = operator(fields) if side == "lexpr" else TURNED[operator(fields)]
    node, constant = fields[side], constant_kind(fields[other])
    as_text = _is_text_cast(node)
    bare = node["TypeCast"]["arg"] if as_text else node
    named = level.named(bare["ColumnRef"]) if "ColumnRef" in bare else None
    if constant is None or named is None or named.column.type not in LARGEST:
        return None
    number = _whole(constant, as_text)
    if number is None or not 0 <= number <= LARGEST[named.column.type]:
        return None
    if as_text and sign not in ("=", "<>"):
        return None  # texts have another order
    return comparison(bare, sign, integer(number))


def _is_text_cast(node: Node) -> bool:
    cast = node.get("TypeCast")
    if cast is None or cast["typeName"].get("typmods") or cast["typeName"].get("arrayBounds"):
        return False
    return cast["typeName"]["names"][-1]["String"]["sval"] in TEXTS


def _whole(constant: tuple[str, str], as_text: bool) -> int | None:
    """The whole number that the constant is."""
    kind, text = constant
    if as_text:
        plain = kind == "sval" and text.isascii() and text.isdigit() and str(int(text)) == text
        return int(text) if plain else None
    if kind != "fval" or not text.replace(".", "", 1).isdigit():
        return None
    value = Decimal(text)
    return int(value) if "." in text and value == value.to_integral_value() else None
