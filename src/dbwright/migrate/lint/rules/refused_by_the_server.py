"""The server refuses a statement.

## What it finds

Statements that a server of the target's version refused, with the schema as the files or the
target have it: syntax, names that are not there, views that stand in the way, forms that do not
exist. What only the throw-away server lacks (extensions, rights) is told as skipped instead.

## Why it matters

The migration will fail where it stands, and what comes after it does not run.

## How to fix

The server's own words tell; its hint is shown where it has one.

## When to ignore

The object is made outside of the migrations: give a target or a snapshot that has it.

## Sources

- PostgreSQL manual, Appendix A, PostgreSQL Error Codes.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.refusals import TOLD_ELSEWHERE, is_of_the_sandbox
from dbwright.migrate.lint.statement import brief, file_ref, table_ref, target
from dbwright.model.finding import Confidence, Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

BEFORE = """
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE VIEW people AS SELECT email FROM users;
CREATE TABLE events (id bigint, at date) PARTITION BY RANGE (at);
"""
BAD = (
    MigrationExample("ALTER TABLE users DROP COLUMN email;", BEFORE),
    MigrationExample("ALTER TABLE user ADD COLUMN;"),
    MigrationExample("ALTER TABLE nobody ADD COLUMN a integer;"),
    MigrationExample(
        "-- no-transaction\nCREATE INDEX CONCURRENTLY events_at ON events (at);", BEFORE
    ),
)
GOOD = (
    MigrationExample("DROP VIEW people; ALTER TABLE users DROP COLUMN email;", BEFORE),
    MigrationExample("CREATE EXTENSION IF NOT EXISTS no_such_extension;"),
    MigrationExample(
        "CREATE EXTENSION no_such_extension; ALTER TABLE users ADD place no_such_type;"
        "ALTER TABLE users ADD secret text DEFAULT no_such_function('a');"
        "CREATE TABLE places (place no_such_type); ALTER TABLE places ADD note text;",
        BEFORE,
    ),
)


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD, planned=True)
def refused_by_the_server(
    step: JudgedStatement, file: JudgedMigration, run: JudgedRun
) -> Iterator[HazardFault]:
    refusal = step.effects.refusal
    if refusal is None or is_of_the_sandbox(step, run) or refusal.sqlstate in TOLD_ELSEWHERE:
        return
    if step.kind == "TransactionStmt":
        return  # `commits-within-the-file` tells what is wrong with those
    more = " ".join(filter(None, (refusal.detail, refusal.hint, _further(step, file, run))))
    about = target(step, file)
    blind = run.start is None and not file.before.tables
    replayed = blind or any(one.part.endswith((".sql", ".py")) for one in run.skipped)
    yield HazardFault(
        file_ref(file) if about is None else table_ref(file, about),
        f"`{brief(step.text)}` is refused: {refusal.message}",
        {"sqlstate": refusal.sqlstate, "server_major": run.major},
        advice=more,
        confidence=Confidence.LOW if replayed else None,
        detail=brief(step.text),
    )


def _further(step: JudgedStatement, file: JudgedMigration, run: JudgedRun) -> str:
    """What the server does not say."""
    if step.node.get("concurrent") and step.kind == "IndexStmt":
        return (
            "On a partitioned table: CREATE INDEX … ON ONLY it, on each partition CONCURRENTLY, "
            "then ALTER INDEX … ATTACH PARTITION each."
        )
    if run.start is None and not file.before.tables:
        return "Nothing was known of the schema before this file: give --target TARGET."
    return ""
