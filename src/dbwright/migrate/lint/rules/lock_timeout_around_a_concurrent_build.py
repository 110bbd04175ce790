"""A time-out is set around a statement that waits for others by design.

## What it finds

CREATE INDEX, DROP INDEX, REINDEX or DETACH PARTITION with CONCURRENTLY after the file has set
lock_timeout or statement_timeout.

## Why it matters

A concurrent build waits for every transaction that is older than it, whatever that one does.
Giving up leaves an INVALID index behind, which costs writes and serves nobody: measured with
lock_timeout = 0.5 s and a reader of another table.

## How to fix

Leave the time-out out, or SET it to 0 before this statement; while it waits, it blocks nobody.
Look for old transactions first.

## When to ignore

The runner drops the INVALID index and builds it again.

## Sources

- PostgreSQL manual, CREATE INDEX, Building Indexes Concurrently; lock_timeout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import brief, file_ref, table_ref, target
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY, email text);"
BUILD = "CREATE INDEX CONCURRENTLY users_email ON users (email);"
BAD = (
    MigrationExample(f"-- no-transaction\nSET lock_timeout = '500ms'; {BUILD}", BEFORE),
    MigrationExample(f"-- no-transaction\nSET statement_timeout = 1000; {BUILD}", BEFORE),
)
GOOD = (
    MigrationExample(f"-- no-transaction\n{BUILD}", BEFORE),
    MigrationExample(
        f"-- no-transaction\nSET lock_timeout = '500ms'; SET lock_timeout = 0; {BUILD}", BEFORE
    ),
)
NONE = re.compile(r"-?0*(\.0*)?\s*[a-z]*", re.IGNORECASE)
"""What means without a limit."""


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def lock_timeout_around_a_concurrent_build(
    step: JudgedStatement, file: JudgedMigration
) -> Iterator[HazardFault]:
    if not step.effects.waits_for_transactions:
        return
    for setting in ("lock_timeout", "statement_timeout"):
        value = step.session.get(setting, "0").strip()
        if NONE.fullmatch(value):
            continue
        about = target(step, file)
        yield HazardFault(
            file_ref(file) if about is None else table_ref(file, about),
            f"`{brief(step.text)}` runs with {setting} = {value}: where it gives up, an INVALID "
            "index is left",
            {setting: value},
            advice=f"SET {setting} = 0 before it: while it waits, it blocks nobody.",
            detail=setting,
        )
