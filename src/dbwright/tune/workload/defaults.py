"""Values by what the statement's text and the types say, where no statistics say more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dbwright.model.snapshot import Snapshot
from dbwright.tune.workload.slots import Slot, Use

__all__ = [
    "NUMERIC",
    "as_array",
    "as_pattern",
    "default_value",
    "fixed_argument",
    "told_type",
]

NUMERIC = frozenset(
    "smallint integer bigint int2 int4 int8 real float4 float8 numeric decimal oid".split()
) | {"double precision"}

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
    for made in snapshot.catalog.types:
        if type_name in (made.name, made.qualified):
            if made.labels:
                return made.labels[0]
            if made.base_type:
                return default_value(slot, made.base_type, snapshot)
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
