"""Nothing limits how long statements wait for their locks.

## What it finds

Files that take locks which block, on tables that were there before, without `SET lock_timeout`.
Told once for all files, and not for a folder that `dbwright migrate up` runs: it sets a short one
by itself, and tries again.

## Why it matters

A statement that waits for its lock makes everybody wait who comes after it: measured, a plain
SELECT waited 1.2 s behind an ALTER TABLE that had not even begun.

## How to fix

SET lock_timeout = '500ms' at the head of each file and try again when it fails; or run them with
`dbwright migrate up`. Not around CREATE INDEX CONCURRENTLY.

## When to ignore

The tool that runs them sets it for its sessions: then `runner_sets_it = true`.

## Sources

- PostgreSQL manual, Client Connection Defaults, lock_timeout.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.held import own_locks
from dbwright.migrate.lint.statement import brief, file_ref, is_row_change
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedRun

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY, email text);"
ALTER = "ALTER TABLE users ADD COLUMN age integer;"
BAD = MigrationExample(ALTER, BEFORE)
GOOD = (
    MigrationExample(f"SET lock_timeout = '500ms'; {ALTER}", BEFORE),
    MigrationExample(f"{BEFORE}{ALTER}"),
    MigrationExample(ALTER, BEFORE, options={"runner_sets_it": True}),
)
NONE = ("0", "0ms", "0s", "")


@hazard(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def no_lock_timeout(
    run: JudgedRun,
    *,
    runner_sets_it: Annotated[bool, "does the tool that runs the files set it?"] = False,
) -> Iterator[HazardFault]:
    if runner_sets_it:
        return
    found = [
        (file, step)
        for file in run.migrations
        for step in file.steps
        if step.effects.transactional
        and step.session.get("lock_timeout", "0") in NONE
        and not is_row_change(step)
        and own_locks(step, file)
    ]
    if not found:
        return
    file, step = found[0]
    files = len({one.migration.path for one, _ in found})
    yield HazardFault(
        file_ref(file),
        f"no lock_timeout is set, and statements lock tables that are in use: {len(found)}, in "
        f"{files} of the files; the first is `{brief(step.text)}`",
        {"statements": len(found), "files": files},
        advice="SET lock_timeout = '500ms' at the head, and try again; or dbwright migrate up.",
        step=step,
        file=file,
    )
