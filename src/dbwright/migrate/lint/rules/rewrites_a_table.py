"""All rows of a table are written anew while nobody can read or write it.

## What it finds

Statements of which a server was seen to write all rows of a table (or materialized view) anew: some
changes of type, columns with a volatile default, identities, stored generated columns, constrained
domains, SET LOGGED or TABLESPACE, CLUSTER, VACUUM FULL, REFRESH MATERIALIZED VIEW. Whether a
statement does, depends on the types, the session's TimeZone and the version: it is tried on a
server with the same schema. Silent for tables that the same run makes, and for small ones.

## Why it matters

The table is under ACCESS EXCLUSIVE from the first row to the last: all reads and writes wait, and
whoever comes after them.

## How to fix

Do it beside the table: a new column that a trigger keeps up to date, filled in batches, and a swap
in one short transaction. `dbwright migrate plan FILE` writes that. A default is added apart from
the column: ADD COLUMN without it, SET DEFAULT, fill in batches.

## When to ignore

The application is down for maintenance, or the table is not used yet.

## Sources

- PostgreSQL manual, ALTER TABLE, Notes.
- The lock table of dbwright: measured on PostgreSQL 12 to 18.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.reasons import why_rewritten
from dbwright.migrate.lint.rules._under_a_lock import work_under_a_lock
from dbwright.migrate.lint.size import (
    CriticalSeconds,
    Limits,
    SmallBytes,
    SmallRows,
    Work,
    duration,
)
from dbwright.migrate.lint.statement import grouped
from dbwright.model.finding import LockMode, Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

BEFORE = """
CREATE TABLE orders (id integer PRIMARY KEY, code varchar(10), placed timestamp);
"""
LARGE = {"public.orders": 80 * 10**9}
BAD = (
    MigrationExample(
        "ALTER TABLE orders ALTER COLUMN id TYPE bigint;",
        BEFORE,
        LARGE,
        objects=("public.orders",),
        severity="critical",
    ),
    MigrationExample(
        "ALTER TABLE orders ADD COLUMN token double precision DEFAULT random();",
        BEFORE,
        objects=("public.orders",),
        severity="warning",
    ),
    MigrationExample(
        "SET TimeZone = 'Europe/Berlin'; ALTER TABLE orders ALTER COLUMN placed TYPE timestamptz;",
        BEFORE,
        LARGE,
    ),
    MigrationExample("ALTER TABLE orders ADD COLUMN number bigserial;", BEFORE, LARGE),
    MigrationExample(
        "CREATE DOMAIN positive AS integer CHECK (VALUE > 0);"
        "ALTER TABLE orders ADD COLUMN weight positive;",
        BEFORE,
        LARGE,
    ),
)
GOOD = (
    MigrationExample("ALTER TABLE orders ALTER COLUMN code TYPE varchar(20);", BEFORE, LARGE),
    MigrationExample("ALTER TABLE orders ALTER COLUMN code TYPE text;", BEFORE, LARGE),
    MigrationExample(
        "SET TimeZone = 'UTC'; ALTER TABLE orders ALTER COLUMN placed TYPE timestamptz;",
        BEFORE,
        LARGE,
    ),
    MigrationExample(
        "ALTER TABLE orders ADD COLUMN hash text DEFAULT md5('a');"
        "ALTER TABLE orders ADD COLUMN made timestamptz NOT NULL DEFAULT now();",
        BEFORE,
        LARGE,
    ),
    MigrationExample(
        "ALTER TABLE orders ADD COLUMN level integer DEFAULT nothing();",
        f"{BEFORE} CREATE FUNCTION nothing() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';",
        LARGE,
    ),
    MigrationExample(
        "ALTER TABLE orders ALTER COLUMN id TYPE bigint;", BEFORE, {"public.orders": 81920}
    ),
    MigrationExample(
        "CREATE TABLE baskets (id integer); ALTER TABLE baskets ALTER COLUMN id TYPE bigint;"
    ),
)


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD, planned=True)
def rewrites_a_table(
    step: JudgedStatement,
    file: JudgedMigration,
    run: JudgedRun,
    *,
    small_bytes: SmallBytes = 10_000_000,
    small_rows: SmallRows = 10_000,
    critical_seconds: CriticalSeconds = 60.0,
) -> Iterator[HazardFault]:
    limits = Limits(small_bytes, small_rows, critical_seconds)
    for name in grouped(step, file, (one.name for one in step.effects.rewritten)):
        long = duration(run, file, step, name, Work.REWRITE, limits)
        if long is None:
            continue
        yield work_under_a_lock(
            run,
            file,
            step,
            name,
            long,
            mode=LockMode.ACCESS_EXCLUSIVE,
            does=f"writes all rows of {name}{long.size_behind} anew",
            why=why_rewritten(step, file),
            advice="Change it beside the table, in steps: dbwright migrate plan FILE",
            evidence={"time_zone": step.session.get("TimeZone")},
        )
