"""A column is of the type time with time zone.

## What it finds

Columns of the type `time with time zone` (timetz), or an array of it.

## Why it matters

A zone without a date has no fixed offset: daylight saving time decides, and only the offset is
stored. So the value is wrong for half of the year.

The manual itself says that the type exists for the SQL standard only, and doesn't recommend it.

## How to fix

For a moment use `timestamp with time zone`. For an hour of the day (opening hours) use `time`, and
the zone's name in a second column. Only you know which of the two is meant.

## When to ignore

The values come from, and go to, a system that uses fixed offsets.

## Sources

- PostgreSQL manual, Times and Time Zones: "we do not recommend using the type time
  with time zone".
- PostgreSQL wiki, Don't Do This: Don't use timetz.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.types._columns import own_columns
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.names import quote

BAD = Example(
    "CREATE TABLE shops (id bigint PRIMARY KEY, opens_at time with time zone NOT NULL);",
    objects=("public.shops.opens_at",),
    fix_mends=False,
)

GOOD = """
CREATE TABLE shops (
    id bigint PRIMARY KEY,
    opens_at time NOT NULL,
    time_zone text NOT NULL
);
"""


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def time_with_time_zone(catalog: Catalog) -> Iterator[Fault]:
    for table, column in own_columns(catalog.columns_by_type.get("time with time zone", ())):
        yield Fault(
            object=table.column_ref(column),
            message=f"{table.qualified}.{quote(column.name)} is of the type {column.type}: a zone "
            "without a date has no fixed offset",
            evidence={"type": column.type},
            advice="Use timestamp with time zone for a moment; for an hour of the day use time, "
            "with the zone's name in a column of its own.",
        )
