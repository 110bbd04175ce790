"""An index has more columns than queries profit from.

## What it finds

New indexes that are not unique with more than three key columns (`max_columns`), on tables that
were there before.

## Why it matters

Each column makes the index larger and each write dearer, while a search seldom narrows down after
the third.

## How to fix

The columns that queries compare with =, then the one they sort or cut by. What is only read goes
into INCLUDE.

## When to ignore

A query was measured with it.

## Sources

- ankane/strong_migrations, Keeping non-unique indexes to three columns or less.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import table_ref, target
from dbwright.model.finding import Confidence, Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement

BEFORE = "CREATE TABLE users (a int, b int, c int, d int);"
BAD = MigrationExample("CREATE INDEX wide ON users (a, b, c, d);", BEFORE, objects=("public.wide",))
GOOD = (
    MigrationExample("CREATE INDEX narrow ON users (a, b, c);", BEFORE),
    MigrationExample("CREATE UNIQUE INDEX key ON users (a, b, c, d);", BEFORE),
)


@hazard(severity=Severity.NOTICE, bad=BAD, good=GOOD, confidence=Confidence.MEDIUM)
def index_with_many_columns(
    step: JudgedStatement,
    file: JudgedMigration,
    *,
    max_columns: Annotated[int, "key columns that are nothing unusual"] = 3,
) -> Iterator[HazardFault]:
    count = len(step.node.get("indexParams", ()))
    about = target(step, file)
    if step.kind != "IndexStmt" or step.node.get("unique") or count <= max_columns:
        return
    if about is None or step.effects.refusal is not None or file.is_new(about, step):
        return
    table = file.after.find_table(about)
    name = step.node.get("idxname", "")
    index = next((one for one in table.indexes if one.name == name), None) if table else None
    yield HazardFault(
        table_ref(file, about) if index is None else index.ref,
        f"the new index {name or 'without a name'} of {about} has {count} key columns",
        {"columns": count},
        advice="What is only read goes into INCLUDE.",
    )
