"""How many rows a question has, how many the planner expects, and how wrong that is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.tune.statistics.asked import Question
from dbwright.tune.statistics.cases import Case, cases_of

__all__ = ["Known", "Limits", "error", "expected", "know"]

FEWEST_COUNTED = 20.0
"""Rows of a sample: three times as many as expected are hardly ever there by chance."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as wrong."""

    least_error: float
    """Times more or fewer rows than expected."""
    least_rows: float
    """Expected or there, whichever is more."""
    counted_share: float = 1.0
    """Of the table's rows: those that are there to be counted, less than 1 of a sample."""

    def least_counted(self, *, groups: bool) -> float:
        """In the rows that are there: of a sample fewer stand for as many, but not so few that
        chance decides. (How many groups a sample has says nothing of the table's.)"""
        if groups:
            return self.least_rows
        return max(min(self.least_rows, FEWEST_COUNTED), self.least_rows * self.counted_share)


@dataclass(frozen=True, slots=True)
class Known:
    """A question, and how many rows it really has for each case."""

    question: Question
    cases: tuple[Case, ...]
    real: tuple[int, ...]
    """Rows, or groups."""

    def worst(self, estimates: Sequence[float], limits: Limits) -> int | None:
        """The place of the case that is wrong enough and more than the others; constants of the
        workload before values of rows. None where there is none."""
        own = [place for place, case in enumerate(self.cases) if case.own]
        judged = own or list(range(len(self.cases)))
        errors = {place: error(estimates[place], self.real[place]) for place in judged}
        if not own and _mean(errors.values()) < limits.least_error:
            return None  # most values of rows are estimated well
        least = limits.least_counted(groups=bool(self.question.groups))
        telling = [
            place
            for place in judged
            if errors[place] >= limits.least_error
            and max(estimates[place], self.real[place]) >= least
        ]
        return max(telling, key=lambda place: errors[place], default=None)

    def mean_error(self, estimates: Sequence[float]) -> float:
        """The geometric mean of all cases."""
        return _mean(error(*pair) for pair in zip(estimates, self.real, strict=True))

    def mended(self, before: Sequence[float], after: Sequence[float], limits: Limits) -> bool:
        """Is the worst error at most half of what it was, and no more wrong on the whole?"""
        worst = self.worst(before, limits)
        if worst is None:
            return False
        was, is_ = (error(estimates[worst], self.real[worst]) for estimates in (before, after))
        return is_ <= was / 2 and self.mean_error(after) <= self.mean_error(before)

    def estimates(self, connection: psycopg.Connection[Any]) -> tuple[float, ...]:
        """What the planner expects now. Raises psycopg.Error."""
        table = self.question.table
        return tuple(expected(connection, case.selecting(table))[0] for case in self.cases)


def know(connection: psycopg.Connection[Any], question: Question, rows: int) -> Known | None:
    """Find the constants and count the rows; None where there are no constants to try.

    `rows`: about how many the table has. Raises psycopg.Error, also for the session's time-out.
    """
    cases = cases_of(connection, question, rows)
    if not cases:
        return None
    return Known(question, cases, _counted(connection, question.table, cases))


def expected(connection: psycopg.Connection[Any], query: str) -> tuple[float, float]:
    """The rows that the planner expects, and the cost. Raises psycopg.Error."""
    row = connection.execute(f"EXPLAIN (FORMAT JSON) {query}".encode()).fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    return float(plan["Plan Rows"]), float(plan["Total Cost"])


def error(expected_rows: float, real: float) -> float:
    """How many times more or fewer. Neither is taken for less than one row: the planner never
    expects less."""
    more, fewer = max(expected_rows, 1.0), max(real, 1.0)
    return max(more / fewer, fewer / more)


def _counted(
    connection: psycopg.Connection[Any], table: str, cases: Sequence[Case]
) -> tuple[int, ...]:
    queries = [case.selecting(table) for case in cases]
    apart = sum(expected(connection, query)[1] for query in queries)
    if not cases[0].groups and apart > expected(connection, f"SELECT FROM {table}")[1]:
        counts = ", ".join(f"count(*) FILTER (WHERE {case.condition or 'true'})" for case in cases)
        return tuple(_row(connection, f"SELECT {counts} FROM {table}"))
    return tuple(
        _row(connection, f"SELECT count(*) FROM ({query}) AS counted")[0] for query in queries
    )


def _row(connection: psycopg.Connection[Any], query: str) -> tuple[int, ...]:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return tuple(row)


def _mean(errors: Iterable[float]) -> float:
    logs = [math.log(each) for each in errors]
    return math.exp(sum(logs) / len(logs)) if logs else 1.0
