"""Handing one statement to the server: SQL, the rows of a COPY, or a function of Python."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from dbwright.migrate.runner.work import Work
from dbwright.model.migration import ScriptStatement

__all__ = ["Execute", "StatementProblem", "execute"]

Execute = Callable[[psycopg.Connection[Any], Work, ScriptStatement], None]
"""Such as `execute`."""


class StatementProblem(Exception):
    """What can't be sent, or a function of Python that failed or did what it may not."""

    def __init__(self, message: str, *, committed: bool = False) -> None:
        super().__init__(message)
        self.committed = committed
        """May some of what it did stay?"""


def execute(connection: psycopg.Connection[Any], work: Work, statement: ScriptStatement) -> None:
    """Raises psycopg.Error, StatementProblem."""
    # A file may set another encoding for what it reads: the text is the same.
    encoding = connection.info.encoding
    try:
        text = statement.text.encode(encoding)
        data = None if statement.data is None else statement.data.encode(encoding)
    except UnicodeEncodeError as problem:
        letter = repr(problem.object[problem.start])
        raise StatementProblem(f"client_encoding is {encoding}, which has no {letter}") from None
    if work.function is not None:
        _call(connection, work)
    elif data is not None:
        with connection.cursor() as cursor, cursor.copy(text) as copy:
            copy.write(data)
    else:
        connection.execute(text)


def _call(connection: psycopg.Connection[Any], work: Work) -> None:
    assert work.function is not None
    try:
        result = work.function(connection)
    except psycopg.Error:
        raise
    except Exception as problem:  # whatever somebody's function raises
        raise StatementProblem(f"{type(problem).__name__}: {problem}") from problem
    if inspect.iscoroutine(result):
        result.close()
        raise StatementProblem("it is an async function, and was not run: write def, without async")
    if inspect.isgenerator(result):
        raise StatementProblem("it has a yield, and was not run: write it without")
    if connection.closed:
        return  # the next use of it tells
    status = connection.info.transaction_status
    if work.whole and status is not TransactionStatus.INTRANS:
        raise StatementProblem(
            "it ended the transaction that dbwright began: leave COMMIT out, or say "
            "# no-transaction at the head of the file",
            committed=True,
        )
    if not work.whole and status is not TransactionStatus.IDLE:
        connection.execute("ROLLBACK")
        raise StatementProblem("it left a transaction open, which was rolled back: commit it")
