"""A column is compared through a function, so that no index on it serves.

## What it finds

Conditions on a part of a moment: `date_trunc('month', placed) = '2024-05-01'`,
`placed::date = '2024-05-17'`, `extract(year FROM placed) = 2024` (also with `extract(month …) = 5`
and `extract(day …) = 17` beside it), with `=`, `<`, `<=`, `>`, `>=` or
BETWEEN and IN, on columns of type date or timestamp; with time zone also behind
`AT TIME ZONE 'zone'`. The other side may move with the clock: `placed::date = CURRENT_DATE`,
`date_trunc('month', placed) = date_trunc('month', now())`.

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

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._calendar import one_period, start_of
from dbwright.tune.rewrites.rules._moments import (
    WITHOUT_CHANGES,
    always_one_midnight,
    following,
    one_midnight,
)
from dbwright.tune.rewrites.rules._periods import Period, between, bound, period_of
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.rules._today import (
    ZONED,
    following_day,
    following_start,
    is_day,
    start_of_now,
)
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import all_of, any_node, conjuncts, operator

ENDS = {"=": (0, 1), ">=": (0,), "<": (0,), ">": (1,), "<=": (1,)}
"""Which ends of the period each comparison is with."""
MOST = 10
"""Members of a list."""
RECENT = 2000
"""What moves with the clock is no year before."""
NOTE = "the period is the moments from its first one to the next's"
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
        "SELECT id FROM orders WHERE date(placed) IN ('2024-05-17', '2024-05-19')", SHOP
    ),
    RewriteExample("SELECT id FROM orders WHERE placed::date >= CURRENT_DATE - 7", SHOP),
    RewriteExample(
        "SELECT id FROM events WHERE date_trunc('month', at) = date_trunc('month', now())", EVENTS
    ),
    RewriteExample(
        "SELECT id FROM orders WHERE extract(month FROM placed) = 5 AND total > 3 "
        "AND extract(year FROM placed)::int = 2024",
        SHOP,
    ),
    RewriteExample(
        "SELECT id FROM events WHERE date_part('year', at) = 2024 AND date_part('month', at) = 3 "
        "AND date_part('day', at) = 31",
        EVENTS,
    ),
    RewriteExample(
        "SELECT id FROM events WHERE date_trunc('day'::text, at) = "
        "'2024-05-17 00:00:00+00'::timestamptz",
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
    RewriteExample(
        "SELECT id FROM events WHERE date_trunc('day', at) = '2024-05-17 01:00+00'::timestamptz",
        EVENTS,
    ),
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


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def function_on_compared_column(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    setting = catalog.setting("TimeZone")
    zone = "" if setting is None else setting.value or ""
    for level in source.levels:
        for path, kind, fields in source.expressions(level):
            range_ = _range(level, fields, zone) if kind == "A_Expr" else None
            text = None if range_ is None else source.with_node(path, range_)
            if text is not None:
                yield Rewritten(text, NOTE)
        conditions = conjuncts(level.fields.get("whereClause"))
        for parts, range_ in one_period(level, conditions, zone):
            left = [range_, *(each for each in conditions if each not in parts)]
            text = source.with_level(level, whereClause=all_of(left))
            if text is not None:
                yield Rewritten(text, NOTE)


def _range(level: Level, fields: Node, zone: str) -> Node | None:
    if fields.get("kind") == "AEXPR_BETWEEN":
        part = period_of(level, fields["lexpr"], zone)
        if part is None:
            return None
        first, last = fields["rexpr"]["List"]["items"]
        low, high = _compared(part, ">=", first, zone), _compared(part, "<=", last, zone)
        return None if low is None or high is None else all_of((low, high))
    if fields.get("kind") == "AEXPR_IN":
        return _among(level, fields, zone)
    sign = operator(fields)
    if sign not in TURNED:
        return None
    for side, other, own in (("lexpr", "rexpr", sign), ("rexpr", "lexpr", TURNED[sign])):
        part = period_of(level, fields.get(side, {}), zone)
        if part is not None:
            return _compared(part, own, fields[other], zone)
    return None


def _among(level: Level, fields: Node, zone: str) -> Node | None:
    """Of `… IN (…)`, a range for each member."""
    items = fields["rexpr"].get("List", {}).get("items", ())
    part = period_of(level, fields["lexpr"], zone)
    if part is None or len(items) > MOST or fields["name"][0]["String"]["sval"] != "=":
        return None
    ranges = [_compared(part, "=", item, zone) for item in items]
    found = [range_ for range_ in ranges if range_ is not None]
    if len(found) < len(items):
        return None
    return found[0] if len(found) == 1 else {"BoolExpr": {"boolop": "OR_EXPR", "args": found}}


def _compared(part: Period, sign: str, constant: Node, zone: str) -> Node | None:
    """The comparison with the period that the constant names, on the column itself; None where it
    names none, or where it is no single stretch."""
    start = start_of(part, constant)
    if start is None:
        return _moving(part, sign, constant, zone)
    moments = [(start, following(start, part.unit))[end] for end in ENDS[sign]]
    if part.zone and not all(one_midnight(moment, part.zone) for moment in moments):
        return None
    return between(part, sign, [bound(part, moment) for moment in moments])


def _moving(part: Period, sign: str, other: Node, zone: str) -> Node | None:
    """The comparison with today, or with the period that it is now."""
    zoned = part.type == ZONED
    if part.named or (zoned and not always_one_midnight(zone, since=RECENT)):
        return None
    if part.unit == "day" and is_day(other):
        # A parameter may be any day, however long ago.
        if zoned and any_node(other, ("ParamRef",)) and not always_one_midnight(zone):
            return None
        both = (other, following_day(other))
    else:
        found = start_of_now(other, part.unit, number=part.number)
        if found is None:
            return None
        start, type_ = found
        # A timestamp without time zone is compared with one with: that is the same as comparing
        # their parts only where no clock ever changes.
        if part.type != type_ and zone.lower() not in WITHOUT_CHANGES:
            return None
        both = (start, following_start(start, part.unit))
    return between(part, sign, [both[end] for end in ENDS[sign]])
