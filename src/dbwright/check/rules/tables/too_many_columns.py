"""A table has very many columns, or has nearly used up the places for them.

## What it finds

Tables with more than `max_columns` columns: a notice, and a warning above three times as many.
And tables that have used 1300 of the 1600 places that a table has for columns, which is an error:
dropped columns keep their place. Partitions are told by their partitioned table.

## Why it matters

Each row carries every column, so reads and updates move more bytes than they need, and most
columns are NULL in most rows. Once 1600 places are used, ADD COLUMN fails for good.

## How to fix

Move what belongs together and is seldom read into a table of its own, with the same primary key;
repeated groups of columns into rows. Where dropped columns used up the places, copy the rows to a
new table and swap the names: only a new table starts to count anew.

## When to ignore

Wide tables that are only loaded and read whole, such as the extracts of a warehouse.

## Sources

- PostgreSQL manual, Appendix K PostgreSQL Limits: 1600 columns per table, and "columns that have
  been dropped from the table also contribute".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import Severity

LIMIT = 1600
NEARLY = 1300

BAD = (
    Example(
        """
CREATE TABLE survey (id bigint PRIMARY KEY, name text, a1 text, a2 text, a3 text, a4 text);
""",
        objects=("public.survey",),
        options={"max_columns": 5},
        fix_mends=False,
    ),
    Example(
        """
CREATE TABLE settings (id bigint PRIMARY KEY);
DO $$ BEGIN
    FOR n IN 1..1400 LOOP
        EXECUTE format('ALTER TABLE settings ADD COLUMN tried_%s text', n);
        EXECUTE format('ALTER TABLE settings DROP COLUMN tried_%s', n);
    END LOOP;
END $$;
ALTER TABLE settings ADD COLUMN theme text;
""",
        objects=("public.settings",),
        fix_mends=False,
    ),
)

GOOD = Example(
    """
CREATE TABLE survey (id bigint PRIMARY KEY, name text);
CREATE TABLE answer (survey_id bigint REFERENCES survey, question integer, answer text);
""",
    options={"max_columns": 5},
)


@rule(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def too_many_columns(
    catalog: Catalog,
    *,
    max_columns: Annotated[int, "a table with more columns is told"] = 100,
) -> Iterator[Fault]:
    for table in catalog.tables:
        if table.is_partition or not table.columns:
            continue
        used = max(column.position for column in table.columns)
        if used >= NEARLY or len(table.columns) > max_columns:
            yield _fault(table, used, max_columns)


def _fault(table: Table, used: int, max_columns: int) -> Fault:
    columns = len(table.columns)
    if used >= NEARLY:
        message = (
            f"{table.qualified} has used {used:,} of the {LIMIT:,} places for columns, "
            f"with {columns:,} columns alive"
        )
        severity = Severity.ERROR
        advice = "Copy its rows to a new table and swap the names before the places run out."
    else:
        message = f"{table.qualified} has {columns:,} columns"
        severity = Severity.WARNING if columns > 3 * max_columns else Severity.NOTICE
        advice = (
            "Move columns that are seldom read, and repeated groups of columns, into tables "
            "of their own."
        )
    return Fault(
        object=table.ref,
        message=message,
        evidence={"columns": columns, "places_used": used, "places": LIMIT},
        severity=severity,
        advice=advice,
    )
