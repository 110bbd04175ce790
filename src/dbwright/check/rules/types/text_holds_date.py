"""A text column holds nothing but dates.

## What it finds

Columns of a text type whose values all look like dates or times: `2026-01-31`, `2026-01-31
12:00:00`, `31.01.2026`, `01/31/2026`, and `20260131` where the name speaks of a date. By the
planner's statistics, and with `--data` by rows too where the name speaks of a date.

## Why it matters

The text takes `2026-02-30` and every spelling; ranges and sorting are those of text, which for
`31.01.2026` is by the day of the month; and no query can compute with it without a cast.

## How to fix

Change it to `date`, or `timestamp with time zone`. Where the form is not certain (is `01/02/2026`
in January or in February?), only you can tell. The change writes the table again and blocks reads
meanwhile.

## When to ignore

The text must stay as it was delivered: a staging table, an exchange format.

## Sources

- PostgreSQL manual, Date/Time Types; Data Type Formatting Functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Answers, Fault, rule
from dbwright.check.rules.types._columns import TypeChanges, by_hand
from dbwright.check.rules.types._texts import (
    SAMPLE_ROWS,
    Kind,
    Sample,
    SampleRows,
    questions_where,
    text_columns,
)
from dbwright.check.rules.types._words import is_personal, words
from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.finding import Confidence, Fix, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE invoices (
    id bigint PRIMARY KEY,
    issue_date text NOT NULL,
    due_date varchar(10)
);
INSERT INTO invoices
SELECT n, to_char(date '2026-01-01' + n, 'YYYY-MM-DD'), to_char(date '2026-01-01' + n, 'DD.MM.YYYY')
FROM generate_series(1, 100) n;
ANALYZE invoices;
""",
    objects=("public.invoices.issue_date", "public.invoices.due_date"),
)

GOOD = """
CREATE TABLE invoices (id bigint PRIMARY KEY, issue_date date NOT NULL, batch_date text);
INSERT INTO invoices
SELECT n, date '2026-01-01' + n, 'week ' || n FROM generate_series(1, 100) n;
ANALYZE invoices;
"""

OFFSET = r"(?:Z|[+-]\d{2}(?::?\d{2})?)"
CLOCK = r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?"


@dataclass(frozen=True, slots=True)
class _Format:
    name: str
    shape: re.Pattern[str]
    parse: str
    """For strptime; empty for ISO 8601."""
    type_: str
    template: str = ""
    """For to_date and to_char; empty where it can't be told for certain."""

    def fits(self, value: str) -> bool:
        """Has the value this shape, whether or not the date exists?"""
        return self.shape.fullmatch(value) is not None

    def exists(self, value: str) -> bool:
        """Is it a date of the calendar, read in this form?"""
        try:
            if self.parse:
                datetime.strptime(value, self.parse)
            else:
                datetime.fromisoformat(value)
        except ValueError:
            return False
        return True


FORMATS = (
    _Format("YYYY-MM-DD", re.compile(r"\d{4}-\d{2}-\d{2}"), "%Y-%m-%d", "date", "YYYY-MM-DD"),
    _Format("ISO 8601 with offset", re.compile(CLOCK + OFFSET), "", "timestamp with time zone"),
    _Format("ISO 8601", re.compile(CLOCK), "", "timestamp with time zone"),
    _Format("DD.MM.YYYY", re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}"), "%d.%m.%Y", "date", "DD.MM.YYYY"),
    _Format("DD/MM/YYYY", re.compile(r"\d{1,2}/\d{1,2}/\d{4}"), "%d/%m/%Y", "date"),
    _Format("MM/DD/YYYY", re.compile(r"\d{1,2}/\d{1,2}/\d{4}"), "%m/%d/%Y", "date"),
)
COMPACT = _Format("YYYYMMDD", re.compile(r"(?:19|20)\d{6}"), "%Y%m%d", "date", "YYYYMMDD")

DATES = frozenset(
    "at birthday dat date datetime day dob on since stamp time timestamp ts until".split()
)


def _speaks_of_date(name: str) -> bool:
    return not DATES.isdisjoint(words(name))


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("statistics.columns.values",),
    bad=BAD,
    good=GOOD,
    questions=questions_where(_speaks_of_date),
    data_optional=True,
)
def text_holds_date(
    catalog: Catalog,
    statistics: Statistics,
    answers: Answers,
    *,
    min_values: Annotated[int, "so many values must be known"] = 20,
    min_valid: Annotated[float, "so much of them must be dates that exist"] = 0.9,
    sample_rows: SampleRows = SAMPLE_ROWS,
) -> Iterator[Fault]:
    changes = TypeChanges(catalog, statistics)
    for table, column, sample in text_columns(catalog, statistics, answers, Kind.DIGITS):
        best: tuple[int, _Format] | None = None
        for format_ in (*FORMATS, COMPACT) if _speaks_of_date(column.name) else FORMATS:
            if sample.fits(format_.fits, min_values):
                wrong = sum(not format_.exists(value) for value in sample.values())
                if best is None or wrong < best[0]:
                    best = (wrong, format_)
        if best is None:
            continue
        wrong, format_ = best
        if wrong <= (1 - min_valid) * len(sample.values()):
            yield _fault(changes, table, column, sample, format_, wrong)


def _fault(
    changes: TypeChanges,
    table: Table,
    column: Column,
    sample: Sample,
    format_: _Format,
    wrong: int,
) -> Fault:
    obstacle = changes.obstacle(table, column) or _obstacle(sample, format_, wrong)
    values = sorted(sample.values())
    shown = [] if is_personal(column.name) else values[:3]
    return Fault(
        object=table.column_ref(column),
        message=f"{table.qualified}.{quote(column.name)} ({column.type}) holds dates as text, in "
        f"the form {format_.name}" + (f"; {wrong} of {len(values)} do not exist" if wrong else ""),
        evidence={
            "type": column.type,
            "format": format_.name,
            "values_seen": len(values),
            "dates_that_do_not_exist": wrong,
            "samples": shown,
            "rows": changes.rows(table),
        },
        severity=Severity.ERROR if wrong else None,
        confidence=sample.confidence,
        fix=None if obstacle else _fix(changes, table, column, format_),
        advice=by_hand(obstacle, format_.type_),
    )


def _obstacle(sample: Sample, format_: _Format, wrong: int) -> str | None:
    if wrong:
        return "some of the values are no dates"
    if sample.obstacle:
        return sample.obstacle
    if format_.name == "ISO 8601":
        return "only you know which zone's clock the values are readings of"
    if format_.name.count("/"):
        return "only you know whether the day or the month comes first"
    return None


def _fix(changes: TypeChanges, table: Table, column: Column, format_: _Format) -> Fix:
    name = quote(column.name)
    template = format_.template
    return changes.fix(
        table,
        column,
        format_.type_,
        using=f"to_date({name}, '{template}')" if template else "",
        back=f"to_char({name}, '{template}')" if template else "",
        risk="the table is written again while nobody can read; the first value that is no date "
        "makes it fail, and the application must send dates from then on",
    )
