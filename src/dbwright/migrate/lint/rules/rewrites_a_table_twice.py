"""A file writes all rows of one table anew more than once.

## What it finds

Two and more statements of a file that rewrite the same table, which is not small and was there
before.

## Why it matters

Each of them reads and writes all rows and builds all indexes again, under ACCESS EXCLUSIVE.

## How to fix

Write them as one ALTER TABLE with several commands: they share one rewrite.

## When to ignore

Never, where both are needed.

## Sources

- PostgreSQL manual, ALTER TABLE, Notes.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.size import Limits, SmallBytes, SmallRows, Work, duration
from dbwright.migrate.lint.statement import grouped, table_ref
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

BEFORE = "CREATE TABLE items (a integer, b integer);"
BAD = MigrationExample(
    "ALTER TABLE items ALTER a TYPE bigint; ALTER TABLE items ALTER b TYPE bigint;",
    BEFORE,
    objects=("public.items",),
)
GOOD = (
    MigrationExample("ALTER TABLE items ALTER a TYPE bigint, ALTER b TYPE bigint;", BEFORE),
    MigrationExample(
        "ALTER TABLE items ALTER a TYPE bigint; ALTER TABLE items ALTER b TYPE bigint;",
        BEFORE,
        {"public.items": 81920},
    ),
)


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def rewrites_a_table_twice(
    file: JudgedMigration,
    run: JudgedRun,
    *,
    small_bytes: SmallBytes = 10_000_000,
    small_rows: SmallRows = 10_000,
) -> Iterator[HazardFault]:
    limits = Limits(small_bytes, small_rows, 60.0)
    seen: dict[str, list[JudgedStatement]] = {}
    for step in file.steps:
        for name in grouped(step, file, (one.name for one in step.effects.rewritten)):
            seen.setdefault(name, []).append(step)
    for name, steps in seen.items():
        if len(steps) < 2 or duration(run, file, steps[1], name, Work.REWRITE, limits) is None:
            continue
        lines = list(dict.fromkeys(step.statement.line for step in steps))
        yield HazardFault(
            table_ref(file, name),
            f"all rows of {name} are written anew {len(steps)} times, "
            f"in line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}",
            {"lines": lines},
            advice="One ALTER TABLE with several commands writes them once.",
            step=steps[1],
        )
