"""Putting the questions of rules to the live database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from dbwright.engines.postgresql.session import Session, Unreadable
from dbwright.model.report import Skipped

__all__ = ["QUESTION_TIMEOUT", "asker"]

QUESTION_TIMEOUT = 5.0
"""Seconds for one question."""


class _Question(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def sql(self) -> str: ...


def asker(
    session: Session, timeout_seconds: float = QUESTION_TIMEOUT
) -> Callable[[_Question], list[Any] | Skipped]:
    """A function that runs a question's SELECT, read-only and under a time-out."""

    def ask(question: _Question) -> list[Any] | Skipped:
        try:
            return session.ask(question.sql, timeout_seconds)
        except Unreadable as problem:
            return Skipped(f"data.{question.key}", problem.reason, problem.remedy)

    return ask
