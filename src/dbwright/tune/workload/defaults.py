"""Values by what the statement's text and the types say, where no statistics say more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dbwright.model.snapshot import Snapshot
from dbwright.tune.workload.slots import Slot, Use

__all__ = [
    "NUMERIC",
    "TEXTS",
    "as_array",
    "as_pattern",
    "default_value",
    "fixed_argument",
    "is_number",
    "is_read_moment",
    "told_type",
]

NUMERIC = frozenset(
    "smallint integer bigint int2 int4 int8 real float4 float8 numeric decimal oid".split()
) | {"double precision"}

TEXTS = frozenset(
    ("text", "character varying", "character", "varchar", "bpchar", "citext", "unknown")
)

ARGUMENTS = {
    ("date_part", 0): "epoch",
    ("extract", 0): "epoch",
    ("date_trunc", 0): "day",
    ("timezone", 0): "UTC",
    ("to_char", 1): "YYYY-MM-DD",
    ("to_date", 1): "YYYY-MM-DD",
    ("to_timestamp", 1): "YYYY-MM-DD",
    ("like_escape", 1): "\\",
    ("similar_to_escape", 1): "\\",
    ("encode", 1): "hex",
    ("decode", 1): "hex",
    **{(f"{kind}range", 2): "[)" for kind in ("int4", "int8", "num", "ts", "tstz", "date")},
}
"""Text arguments that are not free."""

CONFIGURED = frozenset(
    "to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery".split()
)
"""Functions whose first argument of two names a text search configuration."""

SERIES = frozenset({"generate_series"})
"""Functions whose arguments no server tells apart from their text alone."""

BY_TYPE = {
    "boolean": "true",
    "bool": "true",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "interval": "1 day",
    "json": "{}",
    "jsonb": "{}",
    "jsonpath": "$",
    "bytea": "\\x00",
    "inet": "127.0.0.1",
    "cidr": "127.0.0.0/8",
    "macaddr": "00:00:00:00:00:00",
    "regconfig": "simple",
    "regclass": "pg_class",
    "regtype": "text",
    "tsquery": "a",
    "tsvector": "a",
    "point": "(0,0)",
    "box": "(1,1),(0,0)",
    "xml": "<a/>",
    "money": "1",
    "bit": "1",
    "time without time zone": "12:00",
    "time with time zone": "12:00+00",
    "time": "12:00",
    "timetz": "12:00+00",
    "int4range": "[1,10)",
    "int8range": "[1,10)",
    "numrange": "[1,10)",
    "tsrange": "[2000-01-01,2001-01-01)",
    "tstzrange": "[2000-01-01,2001-01-01)",
    "daterange": "[2000-01-01,2001-01-01)",
    "path": "[(0,0),(1,1)]",
    "line": "{1,-1,0}",
    "lseg": "[(0,0),(1,1)]",
    "polygon": "((0,0),(1,1),(1,0))",
    "circle": "<(0,0),1>",
    "macaddr8": "00:00:00:00:00:00:00:00",
    "pg_lsn": "0/0",
    "bit varying": "1",
    "hstore": "a=>1",
    "ltree": "a",
    "lquery": "a",
    "geometry": "POINT(0 0)",
    "geography": "POINT(0 0)",
    "vector": "[1,2,3]",
    "text": "a",
    "character varying": "a",
    "character": "a",
    "varchar": "a",
    "bpchar": "a",
    "name": "a",
}
"""What a type takes, where nothing is known of the values."""


def told_type(slot: Slot) -> str:
    """The parameter's type as far as the statement's text tells it; else empty."""
    place = slot.place
    if place.cast or slot.column is not None:
        return place.cast
    if place.beside:
        return place.beside
    if place.function in SERIES or place.result:
        return "integer"
    return ""


def fixed_argument(slot: Slot) -> str:
    """What a function's text argument has to be; empty where it is free."""
    place = slot.place
    if place.function in CONFIGURED and place.argument == 0 and place.arguments == 2:
        return "simple"
    return ARGUMENTS.get((place.function, place.argument), "")


def default_value(slot: Slot, type_name: str, snapshot: Snapshot) -> str:
    """A value that the type takes, as text."""
    if slot.place.built and slot.place.built not in TEXTS:
        return "1"  # of '1 days', '2024-1-1', '1.1'
    if is_read_moment(slot):
        return _moment(snapshot.catalog.captured_at, "date")
    if type_name.endswith("[]"):
        return as_array([default_value(slot, type_name.removesuffix("[]"), snapshot)])
    if type_name in NUMERIC:
        return "1"
    if type_name.startswith(("timestamp", "date")):
        return _moment(snapshot.catalog.captured_at, type_name)
    if type_name in BY_TYPE:
        if slot.use is Use.PATTERN and not slot.inside:
            return as_pattern(BY_TYPE[type_name])
        return BY_TYPE[type_name]
    if type_name.endswith("multirange"):
        return "{}"
    for made in snapshot.catalog.types:
        if type_name in (made.name, made.qualified):
            if made.labels:
                return made.labels[0]
            if made.base_type:
                return default_value(slot, made.base_type, snapshot)
    schema, _, bare = type_name.rpartition(".")
    if schema:  # of an extension in a schema of its own
        return default_value(slot, bare, snapshot)
    return "1"  # read as a number, as text, as JSON


def _moment(at: datetime, type_name: str) -> str:
    return at.date().isoformat() if type_name == "date" else at.strftime("%Y-%m-%d %H:%M:%S%z")


def as_pattern(beginning: str) -> str:
    """LIKE what begins so."""
    escaped = beginning.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"


def as_array(values: Sequence[str]) -> str:
    """An array's text."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


def is_read_moment(slot: Slot) -> bool:
    """Is it the text that to_date() or to_timestamp() reads?"""
    place = slot.place
    called = (place.argument, place.arguments) == (0, 2)
    return called and place.function in ("to_date", "to_timestamp")


def is_number(value: str) -> bool:
    """Is it one that may stand in a statement without quotes?"""
    digits = value.removeprefix("-")
    return digits.isascii() and digits.replace(".", "", 1).isdigit() and digits[0] != "."
