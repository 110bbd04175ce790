"""All rows of a table are read while writes, or all others, wait.

## What it finds

Statements of which a server was seen to read a whole table under a lock that blocks: SET NOT NULL
without a CHECK that proves it, CHECK and FOREIGN KEY constraints, ATTACH PARTITION without a CHECK,
PRIMARY KEY on columns that may be NULL, constraints of domains, some changes of type. Silent where
the server finds a proof, for tables that the same run makes, and for small ones.

## Why it matters

Whoever wants to write (under ACCESS EXCLUSIVE also to read) waits until the last row is read.

## How to fix

Add the constraint as NOT VALID, which reads nothing, and VALIDATE it in another transaction, during
which others go on writing. NOT NULL: by way of CHECK (c IS NOT NULL), validated so, which is the
proof; then SET NOT NULL, and drop the CHECK. A partition: give it a CHECK of its bounds first, the
same way.

## When to ignore

The application is down for maintenance.

## Sources

- PostgreSQL manual, ALTER TABLE, Notes; Table Partitioning.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.held import others_wait, with_locks_held
from dbwright.migrate.lint.reasons import UNKNOWN, why_scanned
from dbwright.migrate.lint.rules._under_a_lock import work_under_a_lock
from dbwright.migrate.lint.size import (
    CriticalSeconds,
    Limits,
    SmallBytes,
    SmallRows,
    Work,
    duration,
)
from dbwright.migrate.lint.statement import (
    adds_required_columns,
    grouped,
    is_row_change,
    table_ref,
    target,
)
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

BEFORE = """
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
"""
LARGE = {"public.users": 80 * 10**9, "public.orders": 80 * 10**9}
PARTS = """
CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2026 (id bigint, at date NOT NULL);
"""
BAD = (
    MigrationExample(
        "ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
        BEFORE,
        LARGE,
        objects=("public.users",),
        severity="critical",
    ),
    MigrationExample("ALTER TABLE users ADD CHECK (email <> '');", BEFORE, severity="warning"),
    MigrationExample(
        "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users;",
        BEFORE,
        LARGE,
        objects=("public.orders",),
    ),
    MigrationExample("ALTER TABLE users ADD COLUMN age int CHECK (age > 0);", BEFORE, LARGE),
    MigrationExample(
        "ALTER TABLE events ATTACH PARTITION events_2026 "
        "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
        PARTS,
        objects=("public.events_2026",),
    ),
)
GOOD = (
    MigrationExample(
        "ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
        f"{BEFORE} ALTER TABLE users ADD CONSTRAINT email_there CHECK (email IS NOT NULL);",
        LARGE,
    ),
    MigrationExample("ALTER TABLE users ADD CHECK (email <> '') NOT VALID;", BEFORE, LARGE),
    MigrationExample(
        "ALTER TABLE users VALIDATE CONSTRAINT short;",
        f"{BEFORE} ALTER TABLE users ADD CONSTRAINT short CHECK (email < 'z') NOT VALID;",
        LARGE,
    ),
    MigrationExample(
        "ALTER TABLE users ALTER COLUMN email SET NOT NULL;", BEFORE, {"public.users": 81920}
    ),
)


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD, planned=True)
def scans_under_a_lock(
    file: JudgedMigration,
    run: JudgedRun,
    *,
    small_bytes: SmallBytes = 10_000_000,
    small_rows: SmallRows = 10_000,
    critical_seconds: CriticalSeconds = 60.0,
) -> Iterator[HazardFault]:
    limits = Limits(small_bytes, small_rows, critical_seconds)
    for step, held in with_locks_held(file):
        if is_row_change(step) or _validates(step):
            continue  # others' to say: `waits-with-locks-held`, `constraint-validated-…`
        for name in _scanned(step, file):
            mode = step.effects.lock_on(name) or (held[name].mode if name in held else None)
            long = duration(run, file, step, name, Work.SCAN, limits)
            if mode is None or long is None or not others_wait(mode, table_ref(file, name)):
                continue
            why = why_scanned(step, file)
            if why == UNKNOWN and adds_required_columns(step, file):
                continue  # it fails on the first row: `not-null-without-default`
            yield work_under_a_lock(
                run,
                file,
                step,
                name,
                long,
                mode=mode,
                does=f"reads all of {name}{long.size_behind}",
                why=why,
                advice="First what reads nothing (NOT VALID), then VALIDATE in a transaction of "
                "its own: dbwright migrate plan FILE",
            )


def _validates(step: JudgedStatement) -> bool:
    subtypes = [one["AlterTableCmd"]["subtype"] for one in step.node.get("cmds", ())]
    return step.kind == "AlterTableStmt" and subtypes == ["AT_ValidateConstraint"]


def _scanned(step: JudgedStatement, file: JudgedMigration) -> tuple[str, ...]:
    """Tables that are read and not rewritten, and of which no index is built; of a foreign key the
    referencing one alone, for its rows are looked up in the other."""
    effects = step.effects
    done = {one.name for one in effects.rewritten} | {one.table.name for one in effects.built}
    names = [one.name for one in effects.scanned if one.name not in done]
    if effects.validated and step.kind == "AlterTableStmt":
        relation = grouped(step, file, names)
        about = [name for name in relation if name == target(step, file)]
        return tuple(about) or relation
    return grouped(step, file, names)
