"""A column is compared through a function, so that no index on it serves.

## What it finds

Conditions on a part of a moment: `date_trunc('month', placed) = '2024-05-01'`,
`placed::date = '2024-05-17'`, `extract(year FROM placed) = 2024`, with `=`, `<`, `<=`, `>`, `>=` or
BETWEEN, on columns of type date or timestamp (without time zone).

## Why it matters

The server has to compute the function for every row, and knows nothing of how many rows there are:
it guesses one in two hundred. The same condition on the bare column uses a plain index, and the
column's statistics.

## How to fix

Compare the column with the first moment of the period and the first one after it.

## When to ignore

There is an index on the expression. On timestamp with time zone the days depend on the session's
time zone (and where clocks are set back at midnight, a day is no range), so it is left alone.

## Sources

- PostgreSQL manual, Indexes on Expressions; Date/Time Functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import constant_kind
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import all_of, call_name, comparison, operator, string

TYPES = ("date", "timestamp without time zone")
TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}
YEARS = range(1, 9998)

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
)
GOOD = (
    RewriteExample("SELECT id FROM orders WHERE date_trunc('month', placed) = '2024-05-17'", SHOP),
    RewriteExample("SELECT id FROM orders WHERE extract(month FROM placed) = 5", SHOP),
    RewriteExample("SELECT id FROM orders WHERE placed >= '2024-05-17'", SHOP),
    RewriteExample("SELECT id FROM orders WHERE placed::date = due", SHOP),
    RewriteExample(
        "SELECT id FROM t WHERE at::date = '2024-05-17'", "CREATE TABLE t (id int, at timestamptz)"
    ),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def function_on_compared_column(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        for path, kind, fields in source.expressions(level):
            range_ = _range(level, fields) if kind == "A_Expr" else None
            text = None if range_ is None else source.with_node(path, range_)
            if text is not None:
                yield Rewritten(text, "the period is the moments from its first one to the next's")


def _range(level: Level, fields: Node) -> Node | None:
    if fields.get("kind") == "AEXPR_BETWEEN":
        column, unit = _part(level, fields["lexpr"])
        bounds = fields["rexpr"]["List"]["items"]
        first, last = (_start(unit, bound) for bound in bounds)
        if column is None or first is None or last is None:
            return None
        low = _compared(column, ">=", first, unit)
        high = _compared(column, "<=", last, unit)
        return None if low is None or high is None else all_of((low, high))
    sign = operator(fields)
    if sign not in TURNED:
        return None
    for side, other, own in (("lexpr", "rexpr", sign), ("rexpr", "lexpr", TURNED[sign])):
        column, unit = _part(level, fields.get(side, {}))
        start = _start(unit, fields.get(other, {}))
        if column is not None and start is not None:
            return _compared(column, own, start, unit)
    return None


def _part(level: Level, node: Node) -> tuple[Node | None, str]:
    """The column of which the node is a part, and which part; None for anything else."""
    ((kind, fields),) = node.items() if len(node) == 1 else (("", {}),)
    unit, inner = "", None
    if kind == "TypeCast" and _type(fields) == "date":
        unit, inner = "day", fields["arg"]
    elif kind == "FuncCall":
        arguments = fields.get("args", ())
        name = call_name(fields)
        if name == "date" and len(arguments) == 1:
            unit, inner = "day", arguments[0]
        elif len(arguments) == 2:
            constant = constant_kind(arguments[0])
            what = constant[1].lower() if constant and constant[0] == "sval" else ""
            if name == "date_trunc" and what in ("day", "month", "year"):
                unit, inner = what, arguments[1]
            elif name in ("extract", "date_part") and what == "year":
                unit, inner = "number of year", arguments[1]
    if inner is None or "ColumnRef" not in inner:
        return None, ""
    named = level.named(inner["ColumnRef"])
    known = named is not None and named.column.type.partition("(")[0] and _fits(named.column.type)
    return (inner, unit) if known else (None, "")


def _fits(type_: str) -> bool:
    return type_ == "date" or (
        type_.startswith("timestamp") and type_.endswith("without time zone")
    )


def _type(fields: Node) -> str:
    names = [part["String"]["sval"] for part in fields["typeName"]["names"]]
    return str(names[-1]) if not fields["typeName"].get("arrayBounds") else ""


def _start(unit: str, node: Node) -> datetime | None:
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
    if unit == "number of year":
        whole = kind == "ival" and int(text) in YEARS
        return datetime(int(text), 1, 1) if whole else None
    try:
        moment = datetime.fromisoformat(text) if kind == "sval" else None
    except ValueError:
        return None
    if moment is None or moment.tzinfo is not None or moment.year not in YEARS:
        return None
    return moment if moment == _floor(moment, unit) else None


def _floor(moment: datetime, unit: str) -> datetime:
    first = datetime(moment.year, moment.month, moment.day)
    if unit == "month":
        return first.replace(day=1)
    return first.replace(month=1, day=1) if unit == "year" else first


def _next(start: datetime, unit: str) -> datetime:
    if unit == "day":
        return start + timedelta(days=1)
    if unit == "month":
        return (start + timedelta(days=32)).replace(day=1)
    return start.replace(year=start.year + 1)


def _compared(column: Node, sign: str, start: datetime, unit: str) -> Node | None:
    """The comparison of a period's start, on the column itself."""
    first = string(_written(start))
    after = string(_written(_next(start, unit)))
    if sign == "=":
        return all_of((comparison(column, ">=", first), comparison(column, "<", after)))
    if sign in (">=", "<"):
        return comparison(column, sign, first)
    return comparison(column, ">=" if sign == ">" else "<", after)


def _written(moment: datetime) -> str:
    return date(moment.year, moment.month, moment.day).isoformat()
