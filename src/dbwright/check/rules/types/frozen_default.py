"""A default is the moment at which somebody wrote it.

## What it finds

Defaults of date and time columns that are a constant with a time of day down to fractions of a
second, as `DEFAULT 'now'` leaves it. For dates, and constants in whole seconds, the column's name
must speak of the moment of writing (created, updated …: a warning) or at least of a date (a
notice). `'infinity'`, the first of a month, times at midnight and one second before it are taken to
be meant.

## Why it matters

PostgreSQL reads `'now'` and `'today'` once, when the default is made: since then every new row gets
the same old moment, without an error.

## How to fix

Use a function, which is called for each row: `now()`, CURRENT_DATE, LOCALTIME. Then look at the
rows that got the frozen value.

## When to ignore

The constant is meant: a date before which nothing was recorded, or the first day of a system.

## Sources

- PostgreSQL manual, Current Date/Time, Tip: "The system will convert now to a timestamp as
  soon as the constant is parsed".
- PostgreSQL manual, Special Values.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from dbwright.check.example import Example
from dbwright.check.fixes import alter_table
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.types._columns import is_own
from dbwright.check.rules.types._words import words
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import quote
from dbwright.model.snapshot import Snapshot
from dbwright.sql.lexer import significant

BAD = Example(
    """
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT 'now',
    created_on date NOT NULL DEFAULT '2024-05-17'
);
""",
    objects=("public.orders.created_at", "public.orders.created_on"),
)

GOOD = """
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_on date NOT NULL DEFAULT CURRENT_DATE,
    valid_from date NOT NULL DEFAULT '2000-01-01',
    valid_until timestamptz NOT NULL DEFAULT 'infinity',
    checked_at timestamptz NOT NULL DEFAULT '9999-12-31 23:59:59',
    opens_at time NOT NULL DEFAULT '09:30'
);
"""

NOW = {
    "timestamp with time zone": "now()",
    "timestamp without time zone": "LOCALTIMESTAMP",
    "date": "CURRENT_DATE",
    "time without time zone": "LOCALTIME",
    "time with time zone": "CURRENT_TIME",
}

EVENTS = frozenset(
    """
    added changed created creation entered inserted logged made modified now received
    recorded registered saved sent signup submitted today updated
    """.split()
)
"""Names of what happens when the row is written."""

PERHAPS = frozenset("date datetime stamp time timestamp".split())

FIRST_YEAR = 1996
"""PostgreSQL's first: an older moment was not written by it."""


@rule(severity=Severity.ERROR, bad=BAD, good=GOOD)
def frozen_default(catalog: Catalog, snapshot: Snapshot) -> Iterator[Fault]:
    for base, function in NOW.items():
        for table, column in catalog.columns_by_type.get(base, ()):
            if column.default is None or not column.default.startswith("'"):
                continue
            if column.generated or column.is_array or not is_own(table, column):
                continue
            constant = _constant(column.default)
            if constant is None:
                continue
            certain = _is_frozen(constant, base, catalog.captured_at.date())
            found = frozenset(words(column.name))
            if certain is None or not (certain or found & (EVENTS | PERHAPS)):
                continue
            likely = bool(found & EVENTS)
            name = quote(column.name)
            yield Fault(
                object=table.column_ref(column),
                message=f"{table.qualified}.{name} gets the same moment in each new row: its "
                "default is a constant, not a function",
                # Files are loaded anew for each run, and then freeze another moment.
                evidence={
                    "type": column.type,
                    "default": None if snapshot.from_files else column.default,
                },
                severity=None if certain else Severity.WARNING if likely else Severity.NOTICE,
                confidence=None if certain else Confidence.MEDIUM if likely else Confidence.LOW,
                fix=None
                if snapshot.from_files
                else alter_table(
                    table,
                    f"ALTER COLUMN {name} SET DEFAULT {function}",
                    f"ALTER COLUMN {name} SET DEFAULT {column.default}",
                    risk="rows that exist keep the frozen value: look at them",
                ),
                advice=f"Write DEFAULT {function} instead." if snapshot.from_files else "",
            )


def _constant(default: str) -> str | None:
    """The text of a default such as `'2026-01-01'::date`; None for anything that is computed."""
    found = list(significant(default))
    texts = [token.text for token in found]
    if len(found) < 4 or found[0].kind != "string" or texts[1:3] != [":", ":"]:
        return None
    if any(token.kind not in ("word", "number") and token.text not in "()" for token in found[3:]):
        return None
    return texts[0].strip("'")


def _is_frozen(constant: str, base: str, today: date) -> bool | None:
    """True: a moment to the fraction of a second. False: perhaps. None: no."""
    try:
        if base == "date":
            day = date.fromisoformat(constant)
            meant = day.day == 1 or (day.month, day.day) == (12, 31)
            return None if meant or day.year < FIRST_YEAR or day > today else False
        if base.startswith("time "):
            clock = time.fromisoformat(constant)
        else:
            moment = datetime.fromisoformat(constant)
            if moment.year < FIRST_YEAR or moment.date() > today:
                return None
            clock = moment.timetz()
    except ValueError:
        return None  # infinity, or a year that Python does not know
    if (clock.hour, clock.minute, clock.second) == (23, 59, 59):
        return None
    if clock.microsecond:
        return True
    if (clock.hour, clock.minute, clock.second) == (0, 0, 0):
        return None
    return False if clock.second and not base.startswith("time ") else None
