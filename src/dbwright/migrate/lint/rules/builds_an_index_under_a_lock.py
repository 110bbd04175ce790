"""An index is built while writes, or all others, wait.

## What it finds

Statements of which a server was seen to build an index of a table under a lock that blocks writes:
CREATE INDEX and REINDEX without CONCURRENTLY, UNIQUE, PRIMARY KEY and EXCLUDE constraints, changes
of type that build indexes anew. Silent for tables that the same run makes, and for small ones.

## Why it matters

A plain CREATE INDEX blocks all writes of the table until it is built; a constraint that builds its
index blocks reads as well.

## How to fix

CREATE INDEX CONCURRENTLY, outside of a transaction. A UNIQUE or PRIMARY KEY constraint: build a
unique index so, then ADD CONSTRAINT … USING INDEX, which takes no time. An EXCLUDE constraint can't
be had without the lock.

## When to ignore

The application is down for maintenance, or only reads the table (CREATE INDEX lets reads go on).

## Sources

- PostgreSQL manual, CREATE INDEX, Building Indexes Concurrently.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.held import others_wait, with_locks_held
from dbwright.migrate.lint.reasons import why_built
from dbwright.migrate.lint.rules._under_a_lock import work_under_a_lock
from dbwright.migrate.lint.size import (
    CriticalSeconds,
    Limits,
    SmallBytes,
    SmallRows,
    Work,
    duration,
)
from dbwright.migrate.lint.statement import grouped, table_ref
from dbwright.model.finding import LockMode, Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY, email text, room int4range);"
LARGE = {"public.users": 80 * 10**9}
BAD = (
    MigrationExample(
        "CREATE INDEX users_email ON users (email);",
        BEFORE,
        LARGE,
        objects=("public.users",),
        severity="critical",
    ),
    MigrationExample("ALTER TABLE users ADD UNIQUE (email);", BEFORE, severity="warning"),
    MigrationExample("REINDEX TABLE users;", BEFORE, LARGE),
    MigrationExample("ALTER TABLE users ADD EXCLUDE USING gist (room WITH &&);", BEFORE, LARGE),
)
GOOD = (
    MigrationExample(
        "-- no-transaction\nCREATE INDEX CONCURRENTLY users_email ON users (email);", BEFORE, LARGE
    ),
    MigrationExample("CREATE INDEX users_email ON users (email);", BEFORE, {"public.users": 81920}),
    MigrationExample(
        "-- no-transaction\n"
        "CREATE TABLE notes (id bigint, body text); CREATE INDEX notes_body ON notes (body);"
    ),
    MigrationExample(
        "ALTER TABLE users ADD UNIQUE USING INDEX users_email;",
        f"{BEFORE} CREATE UNIQUE INDEX users_email ON users (email);",
        LARGE,
    ),
)


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD, planned=True)
def builds_an_index_under_a_lock(
    file: JudgedMigration,
    run: JudgedRun,
    *,
    small_bytes: SmallBytes = 10_000_000,
    small_rows: SmallRows = 10_000,
    critical_seconds: CriticalSeconds = 60.0,
) -> Iterator[HazardFault]:
    limits = Limits(small_bytes, small_rows, critical_seconds)
    for step, held in with_locks_held(file):
        rewritten = {one.name for one in step.effects.rewritten}
        built = [one for one in step.effects.built if one.table.name not in rewritten]
        for name in grouped(step, file, (one.table.name for one in built)):
            locks = [step.effects.lock_on(one.table.name) for one in built]
            mode = (
                step.effects.lock_on(name)
                or (held[name].mode if name in held else None)
                or next((lock for lock in locks if lock is not None), None)
            )
            long = duration(run, file, step, name, Work.BUILD, limits)
            if mode is None or long is None or not _waited_for(step, file, name, mode):
                continue
            names = [one.index.name for one in built]
            yield work_under_a_lock(
                run,
                file,
                step,
                name,
                long,
                mode=mode,
                does=f"builds an index of {name}{long.size_behind}",
                why=why_built(step, file),
                advice=_advice(step.text),
                # Of REINDEX the index itself is under ACCESS EXCLUSIVE.
                who="writes, and reads that need the index, wait"
                if step.kind == "ReindexStmt"
                else "",
                evidence={"indexes": names},
                detail=",".join(sorted(names)),
            )


def _waited_for(step: JudgedStatement, file: JudgedMigration, name: str, mode: LockMode) -> bool:
    """Of REINDEX also readers of a materialized view wait, for its index."""
    waits = others_wait(mode, table_ref(file, name))
    return waits or (step.kind == "ReindexStmt" and mode.blocks_writes)


def _advice(text: str) -> str:
    if "exclude" in text.lower():
        return "There is no way to have an EXCLUDE constraint without the lock: choose the hour."
    return "Build the index CONCURRENTLY, in a file of its own: dbwright migrate plan FILE"
