"""Values that several constants of a query make together: an array of them, a document with one
under the name of another, the days of a year and a month."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise

from dbwright.model.catalog import Column
from dbwright.model.names import literal

__all__ = ["combined", "is_made_of_several", "reached"]

MOST = 6
"""Constants that are put together."""
YEARS = range(1000, 9999)
NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")
AROUND = (
    "",
    " - interval '1 microsecond'",
    " + interval '1 microsecond'",
    " + interval '12 hours'",
)
"""Of a moment that a length of time leads to."""
DOCUMENTS = ("json", "jsonb")


def combined(column: Column, constants: Sequence[str]) -> list[str]:
    """Texts for the column; whether it takes them, its server says."""
    if column.is_array:
        return list(dict.fromkeys(_arrays(constants)))
    if column.base_type in DOCUMENTS:
        return list(dict.fromkeys(_documents(constants)))
    if column.base_type.startswith(("date", "timestamp")):
        return list(dict.fromkeys(_days(constants)))
    return []


def is_made_of_several(column: Column) -> bool:
    """Does one value hold several others, so that constants beside the column's own count?"""
    return column.is_array or column.base_type in DOCUMENTS


def reached(column: Column, constants: Sequence[str]) -> list[str]:
    """Expressions over a value `v` of the column: where arithmetic with these constants leads."""
    if column.is_array:
        return []
    if column.base_type.startswith(("date", "timestamp")):
        lengths = [text for text in constants if text[:1].isdigit() and text[-1:].isalpha()]
        ends = [f"v {sign} interval {literal(text)}" for text in lengths[:2] for sign in "-+"]
        days = [text for text in constants if text.isdigit() and 0 < int(text) < YEARS.start]
        if column.base_type == "date":
            return [*ends, *(f"v {sign} {number}" for number in days[:3] for sign in "-+")]
        return [f"{end}{by}" for end in ends for by in AROUND]
    if column.base_type in NUMBERS:
        numbers = [text for text in constants if _is_number(text) and float(text) != 0]
        return [f"v {sign} {number}" for number in numbers[:3] for sign in "-+/"]
    return []


def _arrays(constants: Sequence[str]) -> Iterator[str]:
    some = [json.dumps(text, ensure_ascii=False) for text in constants[:MOST]]
    for text in some:
        yield f"{{{text}}}"
        yield f"{{NULL,{text}}}"
    numbers = [text for text, own in zip(some, constants, strict=False) if _is_number(own)]
    for several in (some, numbers):
        if len(several) > 1:
            yield f"{{{','.join(several)}}}"


def _documents(constants: Sequence[str]) -> Iterator[str]:
    some = constants[:MOST]
    names = [text for text in some if text and not _is_number(text) and text[0] not in "{["]
    for name, value in pairwise(some):
        if name in names:
            yield json.dumps({name: value})
            if _is_number(value):
                yield f"{{{json.dumps(name)}: {value}}}"
    for outer, name, value in zip(some, some[1:], some[2:], strict=False):
        if outer in names and name in names:
            yield json.dumps({outer: {name: value}})
    for name in names:
        yield json.dumps({name: None})
    yield from (text for text in some if text[:1] in ("{", "["))


def _days(constants: Sequence[str]) -> Iterator[str]:
    for text in constants:
        year, _, month = text.partition("-")
        if month.isdigit() and len(month) == 2 and _is_year(year):
            yield f"{text}-01"  # a month, as to_char writes it
    numbers = [int(text) for text in constants if text.isascii() and text.isdigit()]
    for whole in [number for number in numbers if number in YEARS][:2]:
        for part in [number for number in numbers if 1 <= number <= 12][:MOST]:
            yield f"{whole}-{part:02}-01"
            for day in [number for number in numbers if 1 <= number <= 28][:MOST]:
                yield f"{whole}-{part:02}-{day:02}"


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isascii() and text.isdigit() and int(text) in YEARS


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit() and (digits == "0" or text[0] != "0")
