"""The questions of a workload with their real numbers of rows, table by table of a copy."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from dbwright.model.report import Skipped
from dbwright.model.statistics import Statistics
from dbwright.progress import Progress
from dbwright.sandbox.copy.copy import CopiedTable, Copy
from dbwright.tune.statistics.asked import Question
from dbwright.tune.statistics.known import Known, Limits, know
from dbwright.tune.statistics.trial import Relation

__all__ = ["MOST_QUESTIONS", "Asked", "count_questions", "session", "tables_asked", "too_long"]

MOST_QUESTIONS = 30
"""Of one table, those of most calls."""
STATEMENT_SECONDS = 30.0
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """A table of the copy, and what is asked of it."""

    relation: Relation
    copied: CopiedTable
    questions: tuple[Question, ...]

    @property
    def told(self) -> str:
        """What the figures are of, where they are not of the whole table."""
        return f" (of a sample of {self.copied.rows:,} rows)" if self.copied.sampled else ""

    def limits(self, limits: Limits, statistics: Statistics) -> Limits:
        """For the rows that are there."""
        counted = statistics.of(self.relation)
        if not self.copied.sampled or counted is None or counted.best_rows <= self.copied.rows:
            return limits
        return replace(limits, counted_share=self.copied.rows / counted.best_rows)


@contextmanager
def session(
    copy: Copy, statement_seconds: float = STATEMENT_SECONDS
) -> Iterator[psycopg.Connection[Any]]:
    """On the copy, with a time-out for each statement."""
    with copy.connect() as connection:
        connection.prepare_threshold = None
        connection.execute(
            "SELECT set_config('statement_timeout', %s, false), set_config('jit', 'off', false)",
            [f"{round(statement_seconds * 1000)}ms"],
        )
        yield connection


def tables_asked(
    copy: Copy, questions: Sequence[Question], part: str, seconds: float, progress: Progress
) -> Iterator[Asked | Skipped]:
    """The tables that have rows on the copy, those of most calls first; none is begun after
    `seconds`. `part`: who says what is skipped."""
    catalog = copy.snapshot.catalog
    relations: dict[str, Relation] = {table.qualified: table for table in catalog.tables}
    relations.update((view.qualified, view) for view in catalog.materialized_views)
    by_table: dict[str, list[Question]] = {}
    for question in questions:
        copied = copy.tables.get(question.table)
        if copied is not None and copied.rows and question.table in relations:
            by_table.setdefault(question.table, []).append(question)
    end = time.monotonic() + seconds
    waiting = list(by_table)
    for number, name in enumerate(waiting):
        progress("comparing estimates with rows", number, len(waiting))
        if time.monotonic() > end:
            reason = f"no time was left for {len(waiting) - number:,} tables"
            yield Skipped(part, reason, "give more `seconds`", tuple(waiting[number:]), (part,))
            return
        own = by_table[name]
        if len(own) > MOST_QUESTIONS:
            reason = f"only the {MOST_QUESTIONS} most frequent of {len(own):,} conditions are tried"
            yield Skipped(part, reason, "", (name,), (part,))
        yield Asked(relations[name], copy.tables[name], tuple(own[:MOST_QUESTIONS]))


def count_questions(
    connection: psycopg.Connection[Any], asked: Asked, part: str
) -> tuple[list[Known], list[Skipped]]:
    """What could be counted, and what not. Raises psycopg.Error where the server is gone."""
    known: list[Known] = []
    slow: list[str] = []
    skipped: list[Skipped] = []
    for question in asked.questions:
        try:
            found = know(connection, question, asked.copied.rows)
        except psycopg.errors.QueryCanceled:
            slow.append(question.shown)
            continue
        except psycopg.Error as problem:
            if problem.sqlstate is None:
                raise
            told = f"{problem.diag.message_primary}: {question.shown}"
            skipped.append(Skipped(part, told, "", (question.table,), (part,)))
            continue
        if found is not None:
            known.append(found)
    if slow:
        reason = f"counting takes too long of rows with {'; '.join(slow[:SHOWN])}"
        skipped.append(too_long(asked, part, reason))
    return known, skipped


def too_long(asked: Asked, part: str, reason: str) -> Skipped:
    """What was given up since the table has so many rows."""
    remedy = "try it on a sample of the rows: --data without --prove measured"
    return Skipped(part, reason, remedy, (asked.relation.qualified,), (part,))
