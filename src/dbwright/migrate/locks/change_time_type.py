"""ALTER TABLE … ALTER COLUMN … TYPE, of times, dates and intervals."""

from __future__ import annotations

from dbwright.migrate.locks.words import EXCLUSIVELY, SHADOW, TABLE, only
from dbwright.model.lock_fact import LockFact

__all__ = ["FACTS"]

_STORED = "The values are stored in another way, so all rows are written anew."
_KEPT = "The stored values are good for the new type as they are."

FACTS = (
    LockFact(
        id="type-time-precision-up",
        form="timestamp, timestamptz, time or interval to a larger precision, or to one without",
        examples=(
            "ALTER TABLE items ALTER made_3 TYPE timestamp(6)",
            "ALTER TABLE items ALTER made_3 TYPE timestamp",
            "ALTER TABLE items ALTER seen_3 TYPE timestamptz",
            "ALTER TABLE items ALTER opens_3 TYPE time",
            "ALTER TABLE items ALTER lasts_3 TYPE interval",
        ),
        locks=EXCLUSIVELY,
        why=_KEPT,
    ),
    LockFact(
        id="type-time-precision-down",
        form="timestamp, timestamptz, time or interval to a smaller precision",
        examples=(
            "ALTER TABLE items ALTER made TYPE timestamp(3)",
            "ALTER TABLE items ALTER seen TYPE timestamptz(0)",
            "ALTER TABLE items ALTER opens TYPE time(0)",
            "ALTER TABLE items ALTER lasts TYPE interval(3)",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why="Each value is rounded, so all rows are written anew.",
        safe="Round what is written from now on in the application, and leave the type.",
    ),
    LockFact(
        id="type-timestamptz-utc",
        form="timestamp to timestamptz or back, in a session whose TimeZone is UTC",
        examples=(
            "ALTER TABLE items ALTER seen TYPE timestamp",
            "ALTER TABLE items ALTER made_3 TYPE timestamptz",
        ),
        locks=EXCLUSIVELY,
        settings={"TimeZone": "UTC"},
        why="Under UTC the stored values are the same.",
        safe="SET TimeZone = 'UTC' in the migration, and leave USING out.",
    ),
    LockFact(
        id="type-timestamptz-utc-indexed",
        form="timestamp to timestamptz or back, under UTC, of a column with an index",
        examples=(
            "ALTER TABLE items ALTER made TYPE timestamptz",
            "ALTER TABLE items ALTER noted TYPE timestamp",
        ),
        locks=EXCLUSIVELY,
        builds=only(TABLE),
        scans=only(TABLE),
        settings={"TimeZone": "UTC"},
        why="The stored values are the same, but the index is of another operator class.",
        safe="DROP INDEX CONCURRENTLY before, CREATE INDEX CONCURRENTLY after it.",
    ),
    LockFact(
        id="type-timestamptz-precision",
        form="timestamp(p) to timestamptz(p) or back, with a precision, even under UTC",
        examples=(
            "ALTER TABLE items ALTER made_3 TYPE timestamptz(3)",
            "ALTER TABLE items ALTER seen_3 TYPE timestamp(3)",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        settings={"TimeZone": "UTC"},
        why="The precision is applied to each value, so all rows are written anew.",
        safe="SET TimeZone = 'UTC' in the migration, and change to the type without a precision.",
    ),
    LockFact(
        id="type-timestamptz-elsewhere",
        form="timestamp to timestamptz or back, in a session whose TimeZone is another",
        examples=(
            "ALTER TABLE items ALTER seen TYPE timestamp",
            "ALTER TABLE items ALTER made TYPE timestamptz",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        settings={"TimeZone": "Europe/Vienna"},
        why="Each value is moved by the zone's offset at its time, so all rows are written anew.",
        safe="SET TimeZone = 'UTC' in the migration where the values mean UTC; else a new column.",
    ),
    LockFact(
        id="type-timestamptz-using",
        form="timestamp to timestamptz or back, USING … AT TIME ZONE 'UTC'",
        examples=(
            "ALTER TABLE items ALTER made TYPE timestamptz USING made AT TIME ZONE 'UTC'",
            "ALTER TABLE items ALTER seen TYPE timestamp USING seen AT TIME ZONE 'UTC'",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        settings={"TimeZone": "UTC"},
        why="An expression is computed for each row, though it changes nothing under UTC.",
        safe="SET TimeZone = 'UTC' in the migration, and leave USING out.",
    ),
    LockFact(
        id="type-date",
        form="date to timestamp or timestamptz, or back",
        examples=(
            "ALTER TABLE items ALTER due TYPE timestamp",
            "ALTER TABLE items ALTER due TYPE timestamptz",
            "ALTER TABLE items ALTER made TYPE date",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        settings={"TimeZone": "UTC"},
        why=_STORED,
        safe=SHADOW,
    ),
)
