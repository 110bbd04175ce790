"""What a part of a condition is that no row tells: a number, a moment, a length of time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from dbwright.sql.parse import Node, parse
from dbwright.tune.rewrites.rules._parts import constant_kind
from dbwright.tune.rewrites.rules._periods import type_name
from dbwright.tune.rewrites.trees import call_name, comparison, operator

__all__ = ["INTERVAL", "MOMENTS", "NUMBER", "TEXT", "Fixed", "Length", "cast", "fixed", "in_hours"]

NUMBER, TEXT, INTERVAL = "integer", "text", "interval"
MOMENTS = ("date", "timestamp", "timestamptz")
CLOCKS = {
    "SVFOP_CURRENT_DATE": "date",
    "SVFOP_CURRENT_TIMESTAMP": "timestamptz",
    "SVFOP_LOCALTIMESTAMP": "timestamp",
}
CALLS = ("now", "statement_timestamp", "transaction_timestamp")
SECONDS = {"second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600, "h": 3600}
DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "mon": 1, "year": 12}


@dataclass(frozen=True, slots=True)
class Length:
    """An interval, in the three parts that the server keeps apart."""

    months: int = 0
    days: int = 0
    seconds: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A part that is the same for every row."""

    node: Node
    type: str
    """TEXT for a constant that takes its type from what it stands beside."""
    number: int = 0
    length: Length | None = None


def fixed(node: Node) -> Fixed | None:
    """What the node is; None for anything that a row tells, and what is not known here."""
    constant = constant_kind(node)
    if constant is not None:
        if constant[0] == "ival":
            return Fixed(node, NUMBER, number=int(constant[1]))
        return Fixed(node, TEXT, length=_length(constant[1])) if constant[0] == "sval" else None
    if "SQLValueFunction" in node:
        clock = CLOCKS.get(node["SQLValueFunction"].get("op", ""))
        return None if clock is None else Fixed(node, clock)
    if "FuncCall" in node:
        return Fixed(node, "timestamptz") if call_name(node["FuncCall"]) in CALLS else None
    if "TypeCast" in node:
        return _cast(node)
    return _times(node)


def in_hours(length: Length) -> Node:
    """An interval as long as the server takes this one for where it compares: a month has 30 days,
    a day 24 hours."""
    seconds = (length.months * 30 + length.days) * 86400 + length.seconds
    whole = seconds / 3600
    text = f"{whole} hours" if whole.denominator == 1 else f"{float(seconds):.6f} seconds"
    return cast(text, INTERVAL)


def cast(text: str | Node, type_: str) -> Node:
    """The constant as one of the type."""
    fields = parse(f"SELECT NULL::{type_}").statements[0].node
    target: Node = fields["targetList"][0]["ResTarget"]["val"]["TypeCast"]
    arg = {"A_Const": {"sval": {"sval": text}}} if isinstance(text, str) else text
    return {"TypeCast": {"arg": arg, "typeName": target["typeName"]}}


def _cast(node: Node) -> Fixed | None:
    own = node["TypeCast"]
    name, inner = type_name(own), fixed(own["arg"])
    if inner is None or own["typeName"].get("typmods"):
        return None
    if name == INTERVAL and inner.type == TEXT and inner.length is not None:
        return Fixed(node, INTERVAL, length=inner.length)
    moment = name in MOMENTS and inner.type in (TEXT, *MOMENTS)
    return Fixed(node, name) if moment else None


def _times(node: Node) -> Fixed | None:
    """Of `30 * interval '1 day'`."""
    fields = node.get("A_Expr", {})
    if operator(fields) != "*" or "lexpr" not in fields:
        return None
    left, right = fixed(fields["lexpr"]), fixed(fields["rexpr"])
    for count, one in ((left, right), (right, left)):
        if count is None or one is None or count.type != NUMBER or one.length is None:
            continue
        if one.type == INTERVAL:
            own, times = one.length, count.number
            many = Length(own.months * times, own.days * times, own.seconds * times)
            return Fixed(comparison(fields["lexpr"], "*", fields["rexpr"]), INTERVAL, length=many)
    return None


def _length(text: str) -> Length | None:
    """Of `30 days` or `1 hour 30 minutes`; None for any other way to write one."""
    words = text.lower().split()
    if not words or len(words) % 2:
        return None
    months, days, seconds = 0, 0, 0
    for number, unit in zip(words[::2], words[1::2], strict=True):
        digits = number.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            return None
        name, count = unit.removesuffix("s"), int(number)
        if name in MONTHS:
            months += count * MONTHS[name]
        elif name in DAYS:
            days += count * DAYS[name]
        elif name in SECONDS:
            seconds += count * SECONDS[name]
        else:
            return None
    return Length(months, days, Fraction(seconds))
