"""A constant of a wider type makes the server convert the column, so that no index serves.

## What it finds

`id = 42.0`, `id = 42::numeric` and `id IN (42.0, 43.0)` on an integer column, `id::text = '42'`,
`id::text = '…'` on a uuid, `state::text = 'paid'` on an enum, and `code = 'x'::text` or
`code::text = 'x'` on character(n).

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

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import constant_kind, enum_labels
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

JOBS = """
CREATE TYPE state AS ENUM ('new', 'failed', 'done');
CREATE TABLE jobs (n int, state state, code char(6));
INSERT INTO jobs SELECT n, (CASE n % 1000 WHEN 7 THEN 'failed' WHEN 8 THEN 'new' ELSE 'done' END)
    ::state, 'c' || n FROM generate_series(1, 20000) n;
CREATE INDEX jobs_state ON jobs (state);
CREATE INDEX jobs_code ON jobs (code);
ANALYZE jobs;
"""

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
    RewriteExample("SELECT n FROM jobs WHERE state::text = 'failed'", JOBS),
    RewriteExample(
        "SELECT n FROM jobs WHERE (state)::text = ANY (ARRAY['failed'::text, 'new'::text])", JOBS
    ),
    RewriteExample("SELECT n FROM jobs WHERE 'c7' = code::text", JOBS),
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
    RewriteExample("SELECT n FROM jobs WHERE state::text > 'failed'", JOBS),
    RewriteExample("SELECT n FROM jobs WHERE state::text IN ('failed', 'gone')", JOBS),
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
            if fields.get("kind") in ("AEXPR_IN", "AEXPR_OP_ANY"):
                narrowed = _list(level, catalog, fields)
            elif operator(fields) in TURNED:
                narrowed = _narrowed(level, catalog, fields, "lexpr", "rexpr") or _narrowed(
                    level, catalog, fields, "rexpr", "lexpr"
                )
            else:
                continue
            text = source.with_node(path, narrowed) if narrowed is not None else None
            if text is not None:
                yield Rewritten(text, "the constant is the same value, of the column's own type")


@dataclass(frozen=True, slots=True)
class _Compared:
    """A column, as it is compared."""

    node: Node
    type: str
    as_text: bool
    labels: Sequence[str] = ()
    """Of an enum."""


def _narrowed(level: Level, catalog: Catalog, fields: Node, side: str, other: str) -> Node | None:
    """The comparison with the column's side first and a constant of its type."""
    if side not in fields:
        return None
    sign = operator(fields) if side == "lexpr" else TURNED[operator(fields)]
    column = _column(level, catalog, fields[side], sign)
    constant = None if column is None else _own(column, fields[other])
    return None if column is None or constant is None else comparison(column.node, sign, constant)


def _list(level: Level, catalog: Catalog, fields: Node) -> Node | None:
    """Of `id IN (1.0, 2.0)`, or `state::text = ANY (ARRAY['new'::text])`, as views have it."""
    sign = fields["name"][0]["String"]["sval"]
    column = _column(level, catalog, fields["lexpr"], sign)
    items = fields["rexpr"].get("List", {}).get("items", ())
    if fields["kind"] == "AEXPR_OP_ANY" and sign == "=":
        items = fields["rexpr"].get("A_ArrayExpr", {}).get("elements", ())
    if column is None or not items:
        return None
    own = [_own(column, item) for item in items]
    fine = [not column.as_text and (constant_kind(item) or ("",))[0] == "ival" for item in items]
    if not any(own) or not all(a or b for a, b in zip(own, fine, strict=True)):
        return None
    own = [constant or item for constant, item in zip(own, items, strict=True)]
    listed = {"kind": "AEXPR_IN", "lexpr": column.node, "rexpr": {"List": {"items": own}}}
    return {"A_Expr": {**fields, **listed}}


def _column(level: Level, catalog: Catalog, node: Node, sign: str) -> _Compared | None:
    """The bare column; None for anything else."""
    as_text = _cast_to(node, TEXTS)
    bare = node["TypeCast"]["arg"] if as_text else node
    named = level.named(bare["ColumnRef"]) if "ColumnRef" in bare else None
    if named is None or (as_text and sign not in ("=", "<>")):
        return None  # texts have another order
    type_ = named.column.type
    padded = named.column.base_type == "character" and not named.column.is_array
    if padded and sign in ("=", "<>"):
        return _Compared(bare, "character", as_text)
    if as_text and (labels := enum_labels(catalog, type_)):
        return _Compared(bare, type_, as_text, labels)
    known = type_ in LARGEST or (as_text and type_ == "uuid")
    return _Compared(bare, type_, as_text) if known else None


def _cast_to(node: Node, types: Collection[str]) -> bool:
    cast = node.get("TypeCast")
    if cast is None or cast["typeName"].get("typmods") or cast["typeName"].get("arrayBounds"):
        return False
    return cast["typeName"]["names"][-1]["String"]["sval"] in types


def _own(column: _Compared, node: Node) -> Node | None:
    """The constant as one of the column's type, if it is one and is not written so."""
    type_, as_text = column.type, column.as_text
    if as_text and (type_ == "character" or column.labels):
        text = constant_kind(node["TypeCast"]["arg"] if _cast_to(node, TEXTS) else node)
        if text is None or text[0] != "sval" or text[1].endswith(" "):
            return None
        return string(text[1]) if not column.labels or text[1] in column.labels else None
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
