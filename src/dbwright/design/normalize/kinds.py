"""What the texts of a column are: the narrowest of SQL's types that takes every one of them.

Texts that are one value of that type (1.0 and 1.00) get one code, as they would have on a server.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from dbwright.design.normalize.relation import Column, Kind

__all__ = ["declared", "inferred"]

INTEGER = re.compile(r"(?:0|-?[1-9][0-9]{0,18})", re.ASCII)
NUMERIC = re.compile(
    r"-?(?:0|[1-9][0-9]{0,100})(?:\.[0-9]{1,100})?(?:[eE][-+]?[0-9]{1,2})?", re.ASCII
)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r" ?(?:Z|[-+][0-9]{2}(?::?[0-9]{2})?)?",
    re.ASCII,
)
MOST = 2**63 - 1
LEAST = -(2**63)
BOOLEANS = frozenset({"true", "false", "t", "f"})

DECLARED = {
    "smallint": Kind.INTEGER,
    "integer": Kind.INTEGER,
    "bigint": Kind.INTEGER,
    "numeric": Kind.NUMERIC,
    "real": Kind.NUMERIC,
    "double precision": Kind.NUMERIC,
    "money": Kind.NUMERIC,
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    "timestamp without time zone": Kind.TIME,
    "timestamp with time zone": Kind.TIME,
    "time without time zone": Kind.TIME,
    "time with time zone": Kind.TIME,
    "text": Kind.TEXT,
    "character varying": Kind.TEXT,
    "character": Kind.TEXT,
    "citext": Kind.TEXT,
    "uuid": Kind.TEXT,
}


def inferred(column: Column) -> Column:
    """With the kind and the type of all its values."""
    texts = [value for value in column.values if value is not None]
    if not texts:
        return replace(column, kind=Kind.EMPTY)
    for kind, type_, fits, same in TESTS:
        if all(map(fits, texts)):
            return _merged(replace(column, kind=kind, type=type_), same)
    return column


def declared(column: Column, type_: str, base_type: str) -> Column:
    """With the type that the database declares."""
    kind = Kind.EMPTY if column.values in ((), (None,)) else DECLARED.get(base_type, Kind.OTHER)
    found = replace(column, kind=kind, type=type_)
    if base_type == "numeric":
        return _merged(found, _number)
    return _merged(found, str.casefold) if base_type == "citext" else found


def _merged(column: Column, same: Callable[[str], Hashable] | None) -> Column:
    """Values that are the same get one code: that of the first."""
    if same is None:
        return column
    seen: dict[Hashable, int] = {}
    to: list[int] = []
    values: list[str | None] = []
    for value in column.values:
        what = None if value is None else (same(value),)
        if what not in seen:
            seen[what] = len(values)
            values.append(value)
        to.append(seen[what])
    if len(values) == len(column.values):
        return column
    codes = array("i", map(to.__getitem__, column.codes))
    return replace(column, codes=codes, values=tuple(values))


def _is_integer(text: str) -> bool:
    return INTEGER.fullmatch(text) is not None and LEAST <= int(text) <= MOST


def _is_numeric(text: str) -> bool:
    return NUMERIC.fullmatch(text) is not None


def _number(text: str) -> Hashable:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _is_date(text: str) -> bool:
    if DATE.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text.replace(" +", "+").replace(" Z", "Z"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _is_time(text: str) -> bool:
    if TIME.fullmatch(text) is None:
        return False
    try:
        _moment(text)
    except ValueError:
        return False
    return True


def _is_boolean(text: str) -> bool:
    return text.lower() in BOOLEANS


def _truth(text: str) -> bool:
    return text.lower().startswith("t")


TESTS: tuple[tuple[Kind, str, Callable[[str], bool], Callable[[str], Hashable] | None], ...] = (
    (Kind.BOOLEAN, "boolean", _is_boolean, _truth),
    (Kind.INTEGER, "bigint", _is_integer, None),
    (Kind.NUMERIC, "numeric", _is_numeric, _number),
    (Kind.DATE, "date", _is_date, None),
    (Kind.TIME, "timestamptz", _is_time, _moment),
)
