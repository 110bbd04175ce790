"""Where a period begins: one that a constant names, or a year, a month and perhaps a day that are
asked for by a condition each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rules._moments import YEARS, following, is_start, local, one_midnight
from dbwright.tune.rewrites.rules._parts import constant_kind
from dbwright.tune.rewrites.rules._periods import (
    Period,
    between,
    bound,
    extracted,
    period_of,
    type_name,
    without_cast,
)
from dbwright.tune.rewrites.rules._today import ZONED
from dbwright.tune.rewrites.source import Level
from dbwright.tune.rewrites.trees import operator, string
from dbwright.tune.rewrites.writing import without_locations

__all__ = ["one_period", "start_of"]

PARTS = ("year", "month", "day")


def one_period(
    level: Level, conditions: Sequence[Node], zone: str
) -> Iterator[tuple[list[Node], Node]]:
    """The conditions that name a month or a day together, and the one that stands for them."""
    found: dict[str, dict[str, tuple[Node, int]]] = {}
    periods: dict[str, Period] = {}
    for condition in conditions:
        part = _part(level, condition, zone)
        if part is not None:
            what, period, number = part
            key = json.dumps([without_locations(period.column), period.zone, period.named])
            periods[key] = period
            found.setdefault(key, {}).setdefault(what, (condition, number))
    for key, parts in found.items():
        whole = "year" in parts and "month" in parts
        start = _start([parts[what][1] for what in PARTS if what in parts]) if whole else None
        unit = "day" if "day" in parts else "month"
        if start is None:
            continue
        period, ends = periods[key], (start, following(start, unit))
        if period.zone and not all(one_midnight(moment, period.zone) for moment in ends):
            continue
        range_ = between(period, "=", [bound(period, moment) for moment in ends])
        if range_ is not None:
            yield [condition for condition, _ in parts.values()], range_


def _part(level: Level, condition: Node, zone: str) -> tuple[str, Period, int] | None:
    """Of `extract(month FROM placed) = 5`: month, what it is a part of, 5."""
    fields: Node = condition.get("A_Expr", {})
    if operator(fields) != "=" or "lexpr" not in fields:
        return None
    for side, other in (("lexpr", "rexpr"), ("rexpr", "lexpr")):
        node, constant = without_cast(fields[side]), constant_kind(fields[other])
        what = extracted(node)
        if what not in PARTS or constant is None or constant[0] != "ival":
            continue
        call: Node = node["FuncCall"]
        year: Node = {"FuncCall": {**call, "args": [string("year"), *call["args"][1:]]}}
        period = period_of(level, year, zone)
        if period is not None:
            return what, period, int(constant[1])
    return None


def _start(parts: list[int]) -> datetime | None:
    """The first moment of that month or day; None where there is none."""
    year, month, day = (*parts, 1)[:3]
    try:
        return datetime(year, month, day) if year in YEARS else None
    except ValueError:
        return None


def start_of(part: Period, node: Node) -> datetime | None:
    """The first moment of the period that the constant names; None where it names none."""
    cast = node.get("TypeCast")
    type_ = "" if cast is None else type_name(cast)
    # One with time zone is compared with the session's midnights.
    zoned = type_ == "timestamptz" and part.type == ZONED and not part.named
    if cast is not None:
        if type_ not in ("date", "timestamp") and not zoned:
            return None
        node = cast["arg"]
    constant = constant_kind(node)
    if constant is None:
        return None
    kind, text = constant
    if part.number:
        whole = kind == "ival" and int(text) in YEARS
        return datetime(int(text), 1, 1) if whole else None
    try:
        moment = datetime.fromisoformat(text) if kind == "sval" else None
    except ValueError:
        return None
    if moment is not None and zoned:
        moment = local(moment, part.zone)
    if moment is None or moment.tzinfo is not None or moment.year not in YEARS:
        return None
    return moment if is_start(moment, part.unit) else None
