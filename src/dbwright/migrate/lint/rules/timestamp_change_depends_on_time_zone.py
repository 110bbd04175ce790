"""What a column's times mean after the change depends on who runs the migration.

## What it finds

ALTER COLUMN TYPE between timestamp and timestamptz in a session whose TimeZone is not UTC, without
a USING … AT TIME ZONE that says which zone the values are of.

## Why it matters

Each value is taken as a time of the session's zone: run by somebody else, or on another server,
the same file gives other moments. And only under UTC the table is not written anew.

## How to fix

SET TimeZone = 'UTC' (or the zone that the values are of) at the head of the file.

## When to ignore

The values are of the session's zone, on all servers.

## Sources

- PostgreSQL manual, Date/Time Types, Time Zones.
- The lock table of dbwright.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.reasons import TIMES, is_utc, type_change
from dbwright.migrate.lint.size import rows_of
from dbwright.migrate.lint.statement import column_ref, commands
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

BEFORE = "CREATE TABLE orders (id bigint, placed timestamp);"
CHANGE = "ALTER TABLE orders ALTER COLUMN placed TYPE timestamptz"
BAD = MigrationExample(
    f"SET TimeZone = 'Europe/Berlin'; {CHANGE};", BEFORE, objects=("public.orders.placed",)
)
GOOD = (
    MigrationExample(f"SET TimeZone = 'UTC'; {CHANGE};", BEFORE),
    MigrationExample(
        f"SET TimeZone = 'Europe/Berlin'; {CHANGE} USING placed AT TIME ZONE 'UTC';", BEFORE
    ),
)


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def timestamp_change_depends_on_time_zone(
    step: JudgedStatement, file: JudgedMigration, run: JudgedRun
) -> Iterator[HazardFault]:
    zone = step.session.get("TimeZone", "UTC")
    if is_utc(zone):
        return
    for command in commands(step, file, "AT_AlterColumnType"):
        change = type_change(command, step, file)
        empty = file.is_new(command.table, step) or rows_of(run, step, command.table) == 0
        if change is None or empty:
            continue
        explicit = "raw_default" in (command.definition("ColumnDef") or {})
        if set(map(_plain, change)) == set(TIMES) and not explicit:
            yield HazardFault(
                column_ref(command.table, command.name),
                f"{command.name} of {command.table} changes from {change[0]} to {change[1]} while "
                f"TimeZone is {zone}: its values are taken as times of that zone",
                {"time_zone": zone},
                advice="SET TimeZone = 'UTC', or the zone that the values are of, before it.",
            )


def _plain(type_: str) -> str:
    """Without a precision."""
    head, mark, rest = type_.partition("(")
    return head + rest.partition(")")[2] if mark else type_
