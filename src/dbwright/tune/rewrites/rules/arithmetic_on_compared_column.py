"""Something is added to a column before it is compared, so that no index on it serves.

## What it finds

`created + interval '30 days' < now()`, `now() - created < interval '7 days'`,
`extract(epoch FROM now() - created) < 3600`, `CURRENT_DATE - due <= 30`, `id + 1 = 100`: a column,
and constants or the clock added to it or taken from it.

## Why it matters

The server does not solve equations. It computes the sum for every row, and guesses that a third of
them meet the condition.

## How to fix

Bring all that is not the column to the other side: `created < now() - interval '30 days'`.

## When to ignore

There is an index on the expression. Lengths with months are left alone (a month back from the 31st
is no way forth), and days on timestamp with time zone where the session's zone changes its clocks,
for there a day may have 23 hours.

## Sources

- PostgreSQL manual, Date/Time Functions and Operators; Indexes on Expressions.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._lengths import (
    INTERVAL,
    MOMENTS,
    NUMBER,
    TEXT,
    Fixed,
    Length,
    cast,
    fixed,
    in_hours,
)
from dbwright.tune.rewrites.rules._moments import WITHOUT_CHANGES
from dbwright.tune.rewrites.rules._parts import INTEGERS, constant_kind
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import call_name, comparison, integer, operator

TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}
LARGEST = 2**31 - 1
TYPES = {
    **dict.fromkeys(INTEGERS, NUMBER),
    "date": "date",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
}

LOGINS = """
CREATE TABLE logins (id int PRIMARY KEY, at timestamptz);
INSERT INTO logins SELECT n, now() - n * interval '1 hour' FROM generate_series(1, 20000) n;
CREATE INDEX logins_at ON logins (at);
ANALYZE logins;
"""
BAD = (
    RewriteExample("SELECT id FROM logins WHERE at + interval '10 days' > now()", LOGINS),
    RewriteExample("SELECT id FROM logins WHERE now() - at < '1 week'", LOGINS),
    RewriteExample("SELECT id FROM logins WHERE now() - '2 hours'::interval < at + interval '1 h'",
                   LOGINS),
    RewriteExample("SELECT id FROM logins WHERE extract(epoch FROM now() - at) <= 7200", LOGINS),
    RewriteExample("SELECT id FROM orders WHERE placed - interval '1 hour' = '2024-05-17'", SHOP),
    RewriteExample("SELECT id FROM orders WHERE date '2025-04-20' - due < 20", SHOP),
    RewriteExample("SELECT id FROM orders WHERE due + 7 > '2025-04-20'", SHOP),
    RewriteExample("SELECT total FROM orders WHERE id - 1 = 100", SHOP),
)  # fmt: skip
GOOD = (
    RewriteExample("SELECT id FROM logins WHERE at + interval '1 month' > now()", LOGINS),
    RewriteExample("SELECT id FROM logins WHERE age(at) < interval '7 days'", LOGINS),
    RewriteExample("SELECT id FROM logins WHERE at > now() - interval '7 days'", LOGINS),
    RewriteExample("SELECT id FROM orders WHERE placed + interval '1 day' < due", SHOP),
    RewriteExample("SELECT id FROM orders WHERE id + 2000000000 = -2000000000", SHOP),
    RewriteExample("SELECT id FROM orders WHERE total + 1 > 5", SHOP),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def arithmetic_on_compared_column(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    setting = catalog.setting("TimeZone")
    steady = setting is not None and (setting.value or "").lower() in WITHOUT_CHANGES
    for level in source.levels:
        for path, kind, fields in source.expressions(level):
            solved = _solved(level, fields, steady) if kind == "A_Expr" else None
            text = None if solved is None else source.with_node(path, solved)
            if text is not None:
                yield Rewritten(text, "what is not the column stands on the other side")


def _solved(level: Level, fields: Node, steady: bool) -> Node | None:
    """The comparison with the bare column; None where it can't be solved for it."""
    sign = operator(fields)
    if sign not in TURNED or "lexpr" not in fields:
        return None
    for side, other, own in (("lexpr", "rexpr", sign), ("rexpr", "lexpr", TURNED[sign])):
        node, end = fields[side], _end(fields[other])
        elapsed = _seconds(node)
        if elapsed is not None and end is not None and end.type == NUMBER:
            node, end = elapsed, fixed(cast(f"{end.number} seconds", INTERVAL))
        sum_ = node.get("A_Expr", {})
        if end is None or operator(sum_) not in ("+", "-") or "lexpr" not in sum_:
            continue
        for part, rest, turned in (("lexpr", "rexpr", False), ("rexpr", "lexpr", True)):
            type_, added = _type(level, sum_[part]), fixed(sum_[rest])
            if type_ is None or added is None:
                continue
            less = operator(sum_) == "-"
            if turned and less:
                found = _taken_from(type_, added, end, steady)
                return None if found is None else comparison(sum_[part], TURNED[own], found)
            found = _added_to(type_, added, end, less, steady)
            return None if found is None else comparison(sum_[part], own, found)
    return None


def _end(node: Node) -> Fixed | None:
    """The other side: fixed, or a moment with something added."""
    found, fields = fixed(node), node.get("A_Expr", {})
    if found is not None or operator(fields) not in ("+", "-") or "lexpr" not in fields:
        return found
    start, length = fixed(fields["lexpr"]), fixed(fields["rexpr"])
    if start is None or length is None or start.type not in MOMENTS:
        return None
    if length.type == INTERVAL:
        return Fixed(node, "timestamp" if start.type == "date" else start.type)
    return Fixed(node, "date") if (start.type, length.type) == ("date", NUMBER) else None


def _seconds(node: Node) -> Node | None:
    """What `extract(epoch FROM …)` is of."""
    call = node.get("FuncCall", {})
    if not call or call_name(call) not in ("extract", "date_part") or len(call["args"]) != 2:
        return None
    what, moment = call["args"]
    sum_: Node = moment.get("A_Expr", {})
    length = operator(sum_) == "-" and "lexpr" in sum_
    return moment if length and constant_kind(what) == ("sval", "epoch") else None


def _type(level: Level, node: Node) -> str | None:
    named = level.named(node["ColumnRef"]) if "ColumnRef" in node else None
    plain = named is not None and not named.column.is_array and named.column.domain is None
    return TYPES.get(named.column.base_type) if named is not None and plain else None


def _added_to(type_: str, added: Fixed, end: Fixed, less: bool, steady: bool) -> Node | None:
    """Of `column + added = end` (`less`: `column - added`), what the column is compared with."""
    back = "+" if less else "-"
    if type_ == NUMBER:
        both = added.type == end.type == NUMBER
        return _whole(end.number + (added.number if less else -added.number)) if both else None
    if type_ == "date" and added.type == NUMBER:
        day = cast(end.node, "date") if end.type == TEXT else end.node
        return comparison(day, back, added.node) if end.type in (TEXT, "date") else None
    length = added.length if added.type == INTERVAL else None
    if length is None or length.months or type_ not in MOMENTS:
        return None
    zoned = type_ == "timestamptz"
    if not steady and zoned and (length.days or end.type not in (TEXT, "timestamptz")):
        return None
    if not steady and not zoned and end.type == "timestamptz":
        return None
    if end.type == TEXT:
        return comparison(cast(end.node, "timestamptz" if zoned else "timestamp"), back, added.node)
    return comparison(end.node, back, added.node) if end.type in MOMENTS else None


def _taken_from(type_: str, whole: Fixed, end: Fixed, steady: bool) -> Node | None:
    """Of `whole - column = end`, what the column is compared with."""
    if type_ == NUMBER:
        both = whole.type == end.type == NUMBER
        return _whole(whole.number - end.number) if both else None
    if type_ == "date":
        days = whole.type == "date" and end.type == NUMBER
        return comparison(whole.node, "-", end.node) if days else None
    length, typed = end.length, end.type == INTERVAL
    if length is None or end.type not in (INTERVAL, TEXT) or whole.type not in MOMENTS:
        return None
    if not steady and (type_ == "timestamptz") != (whole.type == "timestamptz"):
        return None
    plain = _is_exact(length, zoned=type_ == "timestamptz" and not steady)
    node = (end.node if typed else cast(end.node, INTERVAL)) if plain else in_hours(length)
    return comparison(whole.node, "-", node)


def _is_exact(length: Length, *, zoned: bool) -> bool:
    """Is it as long as it is taken for in a comparison, wherever it is counted from?"""
    return not length.months and not (zoned and length.days)


def _whole(number: int) -> Node | None:
    return integer(number) if abs(number) <= LARGEST else None
