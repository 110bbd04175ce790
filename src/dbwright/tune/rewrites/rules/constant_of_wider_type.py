"""A constant of a wider type makes the server convert the column, so that no index serves.

## What it finds

`id = 42.0`, `id = 42::numeric` and `id IN (42.0, 43.0)` on an integer column, `id::text = '42'`,
`id::text = '…'` on a uuid, and `code = 'x'::text` on character(n).

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

from collections.abc import Collection, Iterator
from decimal import Decimal
from uuid import UUID

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import constant_kind
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import comparison, integer, operator, string

LARGEST = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**31 - 1}
"""What a constant may be: one that is larger is a bigint, which is fine, but not needed here."""
TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}
TEXTS = ("text", "varchar")
FLOATS = ("float4", "float8")
WIDER = ("numeric", *FLOATS)
EXACT = 2**24
"""Up to here each whole number is a floating-point number of its own."""

BAD = (
    RewriteExample("SELECT total FROM orders WHERE id = 42.0", SHOP),
    RewriteExample("SELECT total FROM orders WHERE 42.00 > id AND total > 1.5", SHOP),
    RewriteExample("SELECT total FROM orders WHERE id::text = '42'", SHOP),
    RewriteExample("SELECT total FROM orders WHERE id IN (42.0, -3.0)", SHOP),
    RewriteExample(
        "SELECT n FROM codes WHERE code = 'c7'::text",
        "CREATE TABLE codes (code char(6) PRIMARY KEY, n int); INSERT INTO codes "
        "SELECT 'c' || n, n FROM generate_series(1, 3000) n; ANALYZE codes",
    ),
    RewriteExample("SELECT total FROM orders WHERE id = '42'::numeric", SHOP),
    RewriteExample(
        "SELECT n FROM tokens WHERE id::text = '00000000-0000-4000-8000-00000000002a'",
        "CREATE TABLE tokens (id uuid PRIMARY KEY, n int); INSERT INTO tokens SELECT "
        "('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, n "
        "FROM generate_series(1, 3000) n; ANALYZE tokens",
    ),
)
GOOD = (
    RewriteExample("SELECT total FROM orders WHERE id = 42", SHOP),
    RewriteExample("SELECT id FROM orders WHERE total = 42.0", SHOP),
    RewriteExample("SELECT total FROM orders WHERE id = 42.5", SHOP),
    RewriteExample("SELECT total FROM orders WHERE id::text = '042'", SHOP),
    RewriteExample("SELECT total FROM orders WHERE id::text < '42'", SHOP),
    RewriteExample("SELECT total FROM orders WHERE id IN (42, 43)", SHOP),
    RewriteExample("SELECT total FROM orders WHERE id IN (42.0, 43.5)", SHOP),
    RewriteExample("SELECT total FROM orders WHERE id = 42.4::numeric(3, 0)", SHOP),
    RewriteExample("SELECT total FROM orders WHERE id = 33333333::float8", SHOP),
    RewriteExample(
        # No text without its padding ends with a space.
        "SELECT n FROM codes WHERE code = 'c7 '::text",
        "CREATE TABLE codes (code char(6), n int)",
    ),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def constant_of_wider_type(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        for path, kind, fields in source.expressions(level):
            if kind != "A_Expr":
                continue
            if fields.get("kind") == "AEXPR_IN":
                narrowed = _list(level, fields)
            elif operator(fields) in TURNED:
                narrowed = _narrowed(level, fields, "lexpr", "rexpr") or _narrowed(
                    level, fields, "rexpr", "lexpr"
                )
            else:
                continue
            text = source.with_node(path, narrowed) if narrowed is not None else None
            if text is not None:
                yield Rewritten(text, "the constant is the same value, of the column's own type")


def _narrowed(level: Level, fields: Node, side: str, other: str) -> Node | None:
    """The comparison with the column's side first and a constant of its type."""
    if side not in fields:
        return None
    sign = operator(fields) if side == "lexpr" else TURNED[operator(fields)]
    column = _column(level, fields[side], sign)
    constant = None if column is None else _own(*column, fields[other])
    return None if column is None or constant is None else comparison(column[0], sign, constant)


def _list(level: Level, fields: Node) -> Node | None:
    """Of `id IN (1.0, 2.0)`."""
    sign = fields["name"][0]["String"]["sval"]
    column = _column(level, fields["lexpr"], sign)
    items = fields["rexpr"].get("List", {}).get("items", ())
    if column is None or not items:
        return None
    own = [_own(*column, item) for item in items]
    fine = [not column[2] and (constant_kind(item) or ("",))[0] == "ival" for item in items]
    if not any(own) or not all(a or b for a, b in zip(own, fine, strict=True)):
        return None
    own = [constant or item for constant, item in zip(own, items, strict=True)]
    return {"A_Expr": {**fields, "lexpr": column[0], "rexpr": {"List": {"items": own}}}}


def _column(level: Level, node: Node, sign: str) -> tuple[Node, str, bool] | None:
    """The bare column, its type, and whether it is compared as a text."""
    as_text = _cast_to(node, TEXTS)
    bare = node["TypeCast"]["arg"] if as_text else node
    named = level.named(bare["ColumnRef"]) if "ColumnRef" in bare else None
    if named is None or (as_text and sign not in ("=", "<>")):
        return None  # texts have another order
    type_ = named.column.type
    padded = named.column.base_type == "character" and not named.column.is_array
    if padded and not as_text and sign in ("=", "<>"):
        return bare, "character", False
    known = type_ in LARGEST or (as_text and type_ == "uuid")
    return (bare, type_, as_text) if known else None


def _cast_to(node: Node, types: Collection[str]) -> bool:
    cast = node.get("TypeCast")
    if cast is None or cast["typeName"].get("typmods") or cast["typeName"].get("arrayBounds"):
        return False
    return cast["typeName"]["names"][-1]["String"]["sval"] in types


def _own(column: Node, type_: str, as_text: bool, node: Node) -> Node | None:
    """The constant as one of the column's type, if it is one and is not written so."""
    cast = not as_text and _cast_to(node, WIDER)
    constant = constant_kind(node["TypeCast"]["arg"] if cast else node)
    if type_ == "character":
        return _padded(node)
    if constant is None:
        return None
    if type_ == "uuid":
        return string(constant[1]) if constant[0] == "sval" and _is_uuid(constant[1]) else None
    number = _same_text(*constant) if as_text else _whole(*constant, cast=cast)
    most = EXACT if cast and _cast_to(node, FLOATS) else LARGEST[type_]
    return integer(number) if number is not None and abs(number) <= most else None


def _padded(node: Node) -> Node | None:
    """Of `'x'::text` the constant alone: beside it character(n) is a text, without its padding, and
    so is compared with no text that ends with a space."""
    text = constant_kind(node["TypeCast"]["arg"]) if _cast_to(node, TEXTS) else None
    plain = text is not None and text[0] == "sval" and not text[1].endswith(" ")
    return string(text[1]) if text is not None and plain else None


def _same_text(kind: str, text: str) -> int | None:
    """The whole number that is written so."""
    digits = text.removeprefix("-")
    plain = kind == "sval" and digits.isascii() and digits.isdigit() and str(int(text)) == text
    return int(text) if plain else None


def _is_uuid(text: str) -> bool:
    """Is it one, written as the server writes it?"""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _whole(kind: str, text: str, *, cast: bool) -> int | None:
    """The whole number that the constant is; without a cast only one with a point is wider."""
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.replace(".", "", 1).isdigit():
        return None
    if not cast and (kind != "fval" or "." not in text):
        return None
    value = Decimal(text)
    return int(value) if value == value.to_integral_value() else None
