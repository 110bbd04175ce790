"""A column is compared through a function, so that no index on it serves.

## What it finds

Conditions on a part of a moment: `date_trunc('month', placed) = '2024-05-01'`,
`placed::date = '2024-05-17'`, `extract(year FROM placed) = 2024`, with `=`, `<`, `<=`, `>`, `>=` or
BETWEEN, on columns of type date or timestamp; with time zone also behind `AT TIME ZONE 'zone'`.

## Why it matters

The server has to compute the function for every row, and knows nothing of how many rows there are:
it guesses one in two hundred. The same condition on the bare column uses a plain index, and the
column's statistics.

## How to fix

Compare the column with the first moment of the period and the first one after it. On timestamp with
time zone these are moments in the same zone that the function counts in: the session's, or the one
that is named.

## When to ignore

There is an index on the expression. A day with time zone is left alone where clocks were set back
just after midnight, for it is no single stretch there, and where the zone is not known.

## Sources

- PostgreSQL manual, Indexes on Expressions; Date/Time Functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._moments import (
    SHORT,
    UNITS,
    YEARS,
    following,
    is_start,
    one_midnight,
    written,
)
from dbwright.tune.rewrites.rules._parts import constant_kind
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import all_of, call_name, comparison, operator, string

TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}

EVENTS = """
CREATE TABLE events (id int PRIMARY KEY, at timestamptz);
INSERT INTO events SELECT n, timestamptz '2024-01-01 00:00+00' + n * interval '1 hour'
    FROM generate_series(1, 20000) n;
CREATE INDEX events_at ON events (at);
ANALYZE events;
"""

BAD = (
    RewriteExample("SELECT id FROM orders WHERE date_trunc('day', placed) = '2024-05-17'", SHOP),
    RewriteExample("SELECT id FROM orders WHERE placed::date = '2024-05-17'", SHOP),
    RewriteExample(
        "SELECT id FROM orders WHERE CAST(placed AS date) BETWEEN '2024-05-17' AND '2024-05-18'",
        SHOP,
    ),
    RewriteExample("SELECT id FROM orders WHERE extract(year FROM placed) = 2025", SHOP),
    RewriteExample("SELECT id FROM orders WHERE date_part('year', due) >= 2025", SHOP),
    RewriteExample(
        "SELECT id FROM orders WHERE date '2025-04-01' <= date_trunc('month', placed)", SHOP
    ),
    RewriteExample(
        "SELECT id FROM orders WHERE date_trunc('hour', placed) = '2024-05-17 13:00'", SHOP
    ),
    RewriteExample("SELECT id FROM orders WHERE date_trunc('week', due) = '2024-05-13'", SHOP),
    RewriteExample("SELECT id FROM events WHERE at::date = '2024-05-17'", EVENTS),
    RewriteExample(
        "SELECT id FROM events WHERE (at AT TIME ZONE 'Europe/Berlin')::date "
        "BETWEEN '2024-03-30' AND '2024-03-31'",
        EVENTS,
    ),
    RewriteExample(
        "SELECT id FROM events WHERE date_trunc('quarter', at AT TIME ZONE 'utc') = '2024-04-01'",
        EVENTS,
    ),
)
GOOD = (
    RewriteExample("SELECT id FROM orders WHERE date_trunc('month', placed) = '2024-05-17'", SHOP),
    RewriteExample("SELECT id FROM orders WHERE extract(month FROM placed) = 5", SHOP),
    RewriteExample("SELECT id FROM orders WHERE placed >= '2024-05-17'", SHOP),
    RewriteExample("SELECT id FROM orders WHERE placed::date = due", SHOP),
    RewriteExample(
        "SELECT id FROM events WHERE (at AT TIME ZONE 'America/St_Johns')::date = '2010-11-07'",
        EVENTS,
    ),
    RewriteExample(
        "SELECT id FROM events WHERE date_trunc('hour', at) = '2024-05-17 13:00'", EVENTS
    ),
    RewriteExample(
        "SELECT id FROM events WHERE (at AT TIME ZONE 'mars')::date = '2024-05-17'", EVENTS
    ),
)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a moment that a column holds."""

    column: Node
    unit: str
    number: bool
    """Is it the number of the year?"""
    zone: str = ""
    """Whose midnights count; empty where the column knows of no zone."""
    named: bool = False
    """Is the zone named in the condition (else it is the session's)?"""


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def function_on_compared_column(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    setting = catalog.setting("TimeZone")
    zone = "" if setting is None else setting.value or ""
    for level in source.levels:
        for path, kind, fields in source.expressions(level):
            range_ = _range(level, fields, zone) if kind == "A_Expr" else None
            text = None if range_ is None else source.with_node(path, range_)
            if text is not None:
                yield Rewritten(text, "the period is the moments from its first one to the next's")


def _range(level: Level, fields: Node, zone: str) -> Node | None:
    if fields.get("kind") == "AEXPR_BETWEEN":
        part = _part(level, fields["lexpr"], zone)
        if part is None:
            return None
        first, last = fields["rexpr"]["List"]["items"]
        low, high = _compared(part, ">=", first), _compared(part, "<=", last)
        return None if low is None or high is None else all_of((low, high))
    sign = operator(fields)
    if sign not in TURNED:
        return None
    for side, other, own in (("lexpr", "rexpr", sign), ("rexpr", "lexpr", TURNED[sign])):
        part = _part(level, fields.get(side, {}), zone)
        if part is not None:
            return _compared(part, own, fields[other])
    return None


def _part(level: Level, node: Node, zone: str) -> _Part | None:
    """What part of which column the node is; None for anything else."""
    ((kind, fields),) = node.items() if len(node) == 1 else (("", {}),)
    unit, number, inner = "", False, None
    if kind == "TypeCast" and _type(fields) == "date":
        unit, inner = "day", fields["arg"]
    elif kind == "FuncCall":
        arguments = fields.get("args", ())
        name = call_name(fields)
        if name == "date" and len(arguments) == 1:
            unit, inner = "day", arguments[0]
        elif len(arguments) == 2:
            what = _text(arguments[0]).lower()
            if name == "date_trunc" and what in UNITS:
                unit, inner = what, arguments[1]
            elif name in ("extract", "date_part") and what == "year":
                unit, number, inner = "year", True, arguments[1]
    return None if inner is None else _of_column(level, inner, unit, number, zone)


def _of_column(level: Level, inner: Node, unit: str, number: bool, zone: str) -> _Part | None:
    call = inner.get("FuncCall", {})
    there = ""
    if call and call_name(call) == "timezone" and len(call.get("args", ())) == 2:
        there, inner = _text(call["args"][0]), call["args"][1]
        if not there:
            return None
    named = level.named(inner["ColumnRef"]) if "ColumnRef" in inner else None
    if named is None or named.column.is_array:
        return None
    type_ = named.column.base_type
    if type_ == "timestamp with time zone":
        known = bool(there or zone) and unit not in SHORT
        return _Part(inner, unit, number, there or zone, bool(there)) if known else None
    plain = type_ == "timestamp without time zone" or (type_ == "date" and unit not in SHORT)
    return _Part(inner, unit, number) if plain and not there else None


def _text(node: Node) -> str:
    constant = constant_kind(node)
    return constant[1] if constant is not None and constant[0] == "sval" else ""


def _type(fields: Node) -> str:
    names = [part["String"]["sval"] for part in fields["typeName"]["names"]]
    return str(names[-1]) if not fields["typeName"].get("arrayBounds") else ""


def _compared(part: _Part, sign: str, constant: Node) -> Node | None:
    """The comparison with the period that the constant names, on the column itself; None where it
    names none, or where it is no single stretch."""
    start = _start(part, constant)
    if start is None:
        return None
    ends = {"=": (0, 1), ">=": (0,), "<": (0,), ">": (1,), "<=": (1,)}[sign]
    moments = [(start, following(start, part.unit))[end] for end in ends]
    if part.zone and not all(one_midnight(moment, part.zone) for moment in moments):
        return None
    bounds = [_bound(part, moment) for moment in moments]
    if sign == "=":
        signs: tuple[str, ...] = (">=", "<")
    else:
        signs = (">=",) if sign in (">=", ">") else ("<",)
    return all_of(
        [comparison(part.column, each, bound) for each, bound in zip(signs, bounds, strict=True)]
    )


def _start(part: _Part, node: Node) -> datetime | None:
    """The first moment of the period that the constant names; None where it names none."""
    cast = node.get("TypeCast")
    if cast is not None:
        if _type(cast) not in ("date", "timestamp"):
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
    if moment is None or moment.tzinfo is not None or moment.year not in YEARS:
        return None
    return moment if is_start(moment, part.unit) else None


def _bound(part: _Part, moment: datetime) -> Node:
    text = string(written(moment))
    if not part.named:
        return text
    names = [{"String": {"sval": "pg_catalog"}}, {"String": {"sval": "timestamp"}}]
    local: Node = {"TypeCast": {"arg": text, "typeName": {"names": names, "typemod": -1}}}
    return {
        "FuncCall": {
            "funcname": [{"String": {"sval": "pg_catalog"}}, {"String": {"sval": "timezone"}}],
            "args": [string(part.zone), local],
            "funcformat": "COERCE_SQL_SYNTAX",
        }
    }
