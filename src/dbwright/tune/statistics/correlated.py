"""Columns that depend on each other: from the questions of a workload to advice that was tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from dbwright.model.report import Skipped
from dbwright.sandbox.copy.copy import Copy
from dbwright.tune.advisors.advisor import Advice
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.statistics.asked import Question
from dbwright.tune.statistics.choose import Mend, mends
from dbwright.tune.statistics.counting import (
    Asked,
    count_questions,
    session,
    tables_asked,
    too_long,
)
from dbwright.tune.statistics.effects import replanned
from dbwright.tune.statistics.known import Known, Limits
from dbwright.tune.statistics.seen import SeenError, seen_errors
from dbwright.tune.statistics.told import advice_to_analyze, advice_to_create, many
from dbwright.tune.statistics.unfilled import Filled, filled, unfilled

__all__ = ["correlated", "without_rows"]


def without_rows(
    bench: Workbench, questions: Sequence[Question], limits: Limits, part: str
) -> Skipped:
    """What can't be said of a snapshot, and what its plans let suspect."""
    seen = _seen(bench, limits)
    tables = {question.table for question in questions}
    wrong = tuple(sorted({error.table for error in seen} & tables))
    reason = "without rows nobody can tell whether columns depend on each other"
    if wrong:
        worst = next(error for error in seen if error.table in tables)
        reason = (
            f"a plan of the workload expected {many(worst.expected, 'row')} of {worst.table} and "
            f"got {worst.found:,.0f}, but without rows nobody can tell what mends that"
        )
    objects = wrong or tuple(sorted(tables))
    return Skipped(part, reason, "tune the live database with --data", objects, (part,))


def correlated(
    bench: Workbench,
    copy: Copy,
    questions: Sequence[Question],
    limits: Limits,
    part: str,
    seconds: float,
) -> Iterator[Advice | Skipped]:
    """The advice for each table that has rows on the copy. Raises psycopg.Error where a server is
    gone."""
    seen = _seen(bench, limits)
    catalog = bench.snapshot.catalog
    taken: set[tuple[str, str]] = set()
    for asked in tables_asked(copy, questions, part, seconds, bench.progress):
        if isinstance(asked, Skipped):
            yield asked
            continue
        own = asked.limits(limits, bench.statistics)
        with session(copy) as connection:
            known, skipped = count_questions(connection, asked, part)
            yield from skipped
            try:
                found = list(_of_table(bench, connection, asked, known, own))
            except psycopg.errors.QueryCanceled:
                yield too_long(asked, part, "trying statistics takes too long")
                continue
        for one in found:
            if isinstance(one, Filled):
                yield advice_to_analyze(asked, one)
                continue
            changed = replanned(bench.twin, one, asked.copied.sampled)
            yield advice_to_create(catalog, asked, one, changed, _of(seen, one), taken)


def _of_table(
    bench: Workbench,
    connection: psycopg.Connection[Any],
    asked: Asked,
    known: Sequence[Known],
    limits: Limits,
) -> Iterator[Filled | Mend]:
    yield from filled(connection, unfilled(bench.snapshot, asked.relation), known, limits)
    yield from mends(connection, bench.snapshot.catalog, asked.relation, known, limits)


def _seen(bench: Workbench, limits: Limits) -> tuple[SeenError, ...]:
    return seen_errors(
        (weighted.query for weighted in bench.queries),
        bench.snapshot.catalog,
        least_error=limits.least_error,
        least_rows=limits.least_rows,
    )


def _of(seen: Sequence[SeenError], mend: Mend) -> SeenError | None:
    """The worst error that a plan of the workload shows of what these statistics mend."""
    members = set(mend.option.members)
    tables = {question.table for question in mend.served}
    return next((e for e in seen if e.table in tables and members <= e.keys), None)
