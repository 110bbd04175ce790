"""What the values of a column are made of, as an expression over `n`, the number of the row.

`unusual` values are those that changes of a schema fall over: NULL, the longest text, texts that
differ in case or in a blank at their end, fractions, the last microsecond. Without them values are
as plain as can be: no NULL, digits that are a text and a number alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbwright.model.catalog import Catalog, Column, Type, TypeKind
from dbwright.model.names import literal

__all__ = ["Style", "value_of"]

NULLS = 7
"""Each seventh value is NULL, where it may be."""
SHORT = 12
"""Characters: in fewer, a word and a number may not fit."""
MOST = 200
"""Characters of the longest text that is made where the type sets no limit below."""

NUMBERS = {
    "smallint": ("(n % 32000)::smallint", "(n % 32000)::smallint"),
    "integer": ("n", "n"),
    "bigint": ("n::bigint", "n::bigint"),
    "real": ("n::real", "(n + 0.5)::real"),
    "double precision": ("n::float8", "(n + 0.125)::float8"),
    "money": ("n::int4::money", "n::int4::money"),
}
"""By type: plain, unusual."""
OTHERS = {
    "boolean": "n % 2 = 0",
    "date": "DATE '2024-01-01' + n % 20000",
    "time without time zone": "TIME '00:00:00' + n * interval '1 minute 0.5 second'",
    "time with time zone": "(TIME '00:00:00' + n * interval '1 minute')::timetz",
    "interval": "n * interval '1 hour 0.5 second'",
    "uuid": "md5(n::text)::uuid",
    "json": "json_build_object('n', n)",
    "jsonb": "jsonb_build_object('n', n)",
    "bytea": "decode(md5(n::text), 'hex')",
    "inet": "'10.0.0.0'::inet + n",
    "cidr": "set_masklen('10.0.0.0'::inet + n, 32)::cidr",
    "macaddr": "lpad(to_hex(n), 12, '0')::macaddr",
    "macaddr8": "lpad(to_hex(n), 16, '0')::macaddr8",
    "oid": "n::oid",
    "name": "('n' || n)::name",
    '"char"': "'a'::\"char\"",
    "point": "point(n, n)",
    "box": "box(point(n, n), point(n + 1, n + 1))",
    "circle": "circle(point(n, n), 1)",
    "tsvector": "to_tsvector('simple', 'word' || n)",
    "tsquery": "to_tsquery('simple', 'word' || n)",
    "xml": "('<n>' || n || '</n>')::xml",
    "int4range": "int4range(n::int4, n::int4 + 1)",
    "int8range": "int8range(n, n + 1)",
    "numrange": "numrange(n, n + 1)",
    "daterange": "daterange(DATE '2024-01-01' + n, DATE '2024-01-02' + n)",
    "tsrange": "tsrange('2024-01-01'::timestamp + n * interval '1 hour', "
    "'2024-01-01'::timestamp + (n + 1) * interval '1 hour')",
    "tstzrange": "tstzrange('2024-01-01'::timestamptz + n * interval '1 hour', "
    "'2024-01-01'::timestamptz + (n + 1) * interval '1 hour')",
}
"""By type; `n` is an integer from 1 on, and different numbers give different values as far as the
type has them."""


@dataclass(frozen=True, slots=True)
class Style:
    unusual: bool
    number: int = 0
    """Of the column in its table, so that not all columns of a row are NULL at once."""
    unique: bool = False
    """Is it part of a key?"""
    candidates: tuple[str, ...] = ()
    """Texts of values of which one is taken; what checks and bounds of partitions allow."""
    instead: str = ""
    """An expression that is taken in place of the type's own."""


def value_of(catalog: Catalog, column: Column, style: Style) -> str:
    """An expression of the column's type."""
    plain = _plain(catalog, column, style)
    typed = f"({plain})::{column.type}"
    if style.unusual and not column.not_null and not style.unique:
        return f"CASE WHEN (n + {style.number}) % {NULLS} = 0 THEN NULL ELSE {typed} END"
    return typed


def _plain(catalog: Catalog, column: Column, style: Style) -> str:
    if style.instead:
        return style.instead
    if style.candidates:
        return _one_of(style.candidates, column.type)
    own = _own_type(catalog, column)
    if column.is_array:
        return "'{}'"
    if own is not None and own.kind is TypeKind.ENUM:
        return _one_of(own.labels, column.type)
    base = column.base_type
    if base in NUMBERS:
        return NUMBERS[base][style.unusual and not style.unique]
    if base == "numeric":
        return _numeric(column, style)
    if base in ("text", "character varying", "character") or base.endswith("citext"):
        return _text(column, style)
    if base in ("bit", "bit varying"):
        return f"n::bit({min(column.length or 8, 32)})"
    if base.startswith("timestamp"):
        part = "0.123456 second" if style.unusual else "0 second"
        return f"'2024-01-01'::timestamptz + n * interval '1 hour' + interval '{part}'"
    return OTHERS.get(base, "n::text")


def _own_type(catalog: Catalog, column: Column) -> Type | None:
    names = (column.type, column.base_type)
    return next((type_ for type_ in catalog.types if type_.qualified in names), None)


def _one_of(values: Sequence[str], type_: str) -> str:
    listed = ", ".join(map(literal, values))
    return f"(ARRAY[{listed}]::text[])[1 + (n - 1) % {len(values)}]::{type_}"


def _numeric(column: Column, style: Style) -> str:
    inside = column.type.partition("(")[2].rstrip(")[]")
    precision, _, scale = inside.partition(",")
    if not inside:
        return "n + 0.25" if style.unusual and not style.unique else "n"
    digits = int(precision) - int(scale or 0)
    whole = f"(n % {10 ** min(max(digits, 0), 9)})"
    if style.unique or not style.unusual or int(scale or 0) <= 0:
        return whole
    return f"{whole} + {10 ** -int(scale):.{int(scale)}f}"


def _text(column: Column, style: Style) -> str:
    length = column.length or MOST
    if column.base_type == "character" or length < SHORT:
        return f"lpad(to_hex(n), {min(length, 8)}, '0')"
    if not style.unusual:
        return "n::text"
    if style.unique:
        # Some differ from another one in their case alone.
        return "CASE n % 10 WHEN 0 THEN upper('name ' || n - 1) ELSE 'name ' || n END"
    return (
        "CASE n % 6 WHEN 0 THEN 'Name ' || n WHEN 1 THEN 'name ' || n WHEN 2 THEN '' "
        f"WHEN 3 THEN 'näme ' || n WHEN 4 THEN n || ' ' ELSE rpad('long ' || n, {length}, 'x') END"
    )
