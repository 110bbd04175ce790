"""Handing one statement to the server: SQL, the rows of a COPY, or a function of Python."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import capabilities
from psycopg.pq import TransactionStatus

from dbwright.migrate.runner.secrets import without_passwords
from dbwright.migrate.runner.session import unhurried
from dbwright.migrate.runner.work import Work
from dbwright.model.migration import ScriptStatement
from dbwright.sql.lexer import significant
from dbwright.sql.parse import SyntaxProblem, parse, walk

__all__ = ["Execute", "StatementProblem", "execute"]

LONGEST_SAID = 1000
"""Letters of an exception."""
QUERIES = frozenset(("select", "with", "values", "table"))
ROWS = 1000 if capabilities.has_stream_chunked() else 1
"""Of a result at a time: all of them may be more than memory has."""
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
    elif _has_rows(statement.text):
        with connection.cursor() as cursor:
            for _ in cursor.stream(text, size=ROWS):
                pass
    else:
        connection.execute(text, prepare=False)


def _has_rows(text: str) -> bool:
    """Is it a query whose rows the server would send, though nobody reads them?"""
    first = next(significant(text), None)
    if first is None or first.lower not in QUERIES:
        return False
    try:
        (parsed,) = parse(text).statements
    except (SyntaxProblem, ValueError):
        return False
    nodes = [parsed.node, *(node for _, node in walk(parsed.node))]
    return parsed.kind == "SelectStmt" and not any("intoClause" in node for node in nodes)


def _call(connection: psycopg.Connection[Any], work: Work) -> None:
    assert work.function is not None
    if work.whole:
        unhurried(connection)
    try:
        result = work.function(connection)
    except psycopg.Error:
        raise
    except (Exception, SystemExit) as problem:  # whatever somebody's function raises
        said = f"{type(problem).__name__}: {problem}"[:LONGEST_SAID]
        raise StatementProblem(without_passwords(said)) from problem
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
