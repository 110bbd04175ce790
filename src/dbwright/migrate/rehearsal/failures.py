"""What is told of a run that failed."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from dbwright.migrate.rehearsal.findings import finding
from dbwright.migrate.rehearsal.runs import Outcome
from dbwright.migrate.rehearsal.stage import Stage
from dbwright.migrate.runner.work import Work
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Finding, ObjectRef, Severity
from dbwright.model.names import qualify

__all__ = ["down_failed", "up_failed"]

FOREIGN_KEY_VIOLATION = "23503"
UNIQUE_VIOLATION = "23505"
KEY = "Key ("
"""How the server's detail begins where rows collide: `Key (lower(email))=(…) is duplicated.`"""


def up_failed(
    work: Work, outcome: Outcome, again: Outcome | None, before: Catalog, stage: Stage
) -> Iterator[Finding]:
    """What the server said, and what state it leaves; `again`: the same run once more.

    `stage`: as it was before the migration; rows are counted there, where they collide.
    """
    assert outcome.problem is not None
    advice = [f"{outcome.problem.next_step}.", _state(work, outcome, again)]
    if any(skipped.part == "copy.schema" for skipped in stage.skipped):
        advice.append("Mind that the copy lacks what could not be made there.")
    if stage.sampled and outcome.sqlstate == FOREIGN_KEY_VIOLATION:
        advice.append("Only some rows were copied: with --rows all the missing one may be there.")
    yield finding(
        "migrate/up-failed",
        Severity.ERROR,
        work.migration,
        f"UP fails: {outcome.problem.message}",
        detail=outcome.sqlstate,
        evidence={"sqlstate": outcome.sqlstate} if outcome.sqlstate else {},
        advice=" ".join(advice),
    )
    if outcome.sqlstate == UNIQUE_VIOLATION:
        yield from _collision(work, outcome, before, stage.url())


def down_failed(work: Work, outcome: Outcome, *, after_writes: bool = False) -> Finding:
    """What the server said. `after_writes`: it runs where nobody wrote since UP."""
    assert outcome.problem is not None
    what = "DOWN fails once rows are written after UP" if after_writes else "DOWN fails"
    return finding(
        "migrate/down-failed",
        Severity.ERROR,
        work.migration,
        f"{what}: {outcome.problem.message}",
        detail=outcome.sqlstate,
        evidence={"sqlstate": outcome.sqlstate} if outcome.sqlstate else {},
        advice=outcome.problem.next_step,
    )


def _state(work: Work, outcome: Outcome, again: Outcome | None) -> str:
    """What it leaves behind."""
    done = 0 if outcome.applied is None else outcome.applied.statements_done
    if work.whole or not done:
        return "It leaves nothing behind."
    left = f"It leaves {done} of {len(work.statements)} statements done"
    if again is None:
        return f"{left}."
    if again.problem is None:
        return f"{left}; another `up` finishes it."
    return f"{left}; another `up` goes on there, and fails again."


def _collision(work: Work, outcome: Outcome, before: Catalog, url: str) -> Iterator[Finding]:
    cause = outcome.problem.__cause__ if outcome.problem is not None else None
    assert isinstance(cause, psycopg.Error)
    said = cause.diag
    schema, name = said.schema_name or "", said.table_name or ""
    table = before.find_table(qualify(schema, name))
    keys = outcome.detail.partition(KEY)[2].partition(")=(")[0]
    if table is None or not keys:
        return
    rows = _colliding(url, table.qualified, keys)
    if not rows:
        return  # the rows that collide are those that the migration itself puts in
    index = said.constraint_name or "a unique index"
    yield finding(
        "migrate/unique-collision",
        Severity.ERROR,
        work.migration,
        f"{rows:,} rows of {table.qualified} are equal to others under {index} ({keys})",
        object=ObjectRef(table.ref.kind, table.qualified),
        detail=index,
        evidence={"rows": rows},
        advice="decide which of the rows stays, and delete or change the others before",
    )


def _colliding(url: str, table: str, keys: str) -> int:
    """How many rows are one too many. The keys are the server's own words."""
    known = " AND ".join(f"({key}) IS NOT NULL" for key in [f"ROW({keys})"])
    query = (
        f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM {table} "
        f"WHERE {known} GROUP BY {keys} HAVING count(*) > 1) AS g"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        try:
            row = connection.execute(query.encode()).fetchone()
        except psycopg.Error:
            return 0  # of columns that the migration adds
    return 0 if row is None else int(row[0])
