"""Asking a server how it would run a statement, or how it ran it.

EXPLAIN stands in a READ ONLY transaction with a statement and a lock time-out, which is rolled
back. The statement itself is run (`analyze`) only if it can change nothing: see `runnable`. The
names in it mean what they mean to the user who connects: search_path and settings stay as they
are, except for what makes the plan more telling.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from dbwright.engines.postgresql.plan import read_plan
from dbwright.engines.postgresql.runnable import called, require_harmless
from dbwright.engines.postgresql.session import Session, first_line
from dbwright.errors import ConnectionLost, StatementNotRun, StatementRejected, TargetError
from dbwright.model.plan import Plan
from dbwright.sql.explainable import Explainable, explainable

__all__ = ["explain"]

LOCK_TIMEOUT = 0.5
"""Seconds."""
GENERIC_PLAN_SINCE = 16
WAL_SINCE = 13
SETTINGS_SINCE = 12
QUERY_ID_SINCE = 14
PREPARED = "dbwright_explained"


def explain(
    session: Session, sql: str, *, analyze: bool = False, timeout_seconds: float = 30.0
) -> Plan:
    """The plan of one statement; with `analyze` the statement is run, and the plan says how it
    went. A text with `$1` gets its generic plan.

    Raises StatementRejected (it can't be planned), StatementNotRun (it might change something),
    TargetError (a lock or the time-out), ConnectionLost, NotAPlan.
    """
    statement = explainable(sql)
    if analyze:
        _refuse_what_changes(statement)
    with _transaction(session, timeout_seconds):
        if analyze:
            planned = read_plan(_document(session, _options(session.major), statement.text))
            require_harmless(session.connection, called(statement.text, planned))
        if statement.parameters and session.major < GENERIC_PLAN_SINCE:
            document = _prepared(session, statement)
        else:
            options = _options(session.major, analyze, generic=bool(statement.parameters))
            document = _document(session, options, statement.text)
        return read_plan(document, query=statement.text)


def _refuse_what_changes(statement: Explainable) -> None:
    if statement.parameters:
        raise StatementNotRun(
            "a statement with $1 has no values to run with",
            "write values in their place, or leave --analyze out for the generic plan",
        )
    if statement.changes:
        raise StatementNotRun(
            f"--analyze would run it, and {statement.changes}",
            "leave --analyze out to see its plan; dbwright runs only what reads",
        )


def _options(major: int, analyze: bool = False, generic: bool = False) -> str:
    wanted = ["FORMAT JSON", "VERBOSE"]
    if major >= SETTINGS_SINCE:
        wanted.append("SETTINGS")
    if analyze:
        wanted += ["ANALYZE", "BUFFERS", *(["WAL"] if major >= WAL_SINCE else [])]
    if generic:
        wanted.append("GENERIC_PLAN")
    return ", ".join(wanted)


def _document(session: Session, options: str, statement: str) -> Any:
    row = session.connection.execute(f"EXPLAIN ({options}) {statement}".encode()).fetchone()
    return row[0] if row else []


def _prepared(session: Session, statement: Explainable) -> Any:
    """The generic plan of a prepared statement. Its parameters' types are the server's guess."""
    connection = session.connection
    nulls = ", ".join(["NULL"] * statement.parameters)
    connection.execute("SET LOCAL plan_cache_mode = force_generic_plan; SAVEPOINT prepared")
    connection.execute(f"PREPARE {PREPARED} AS {statement.text}".encode())
    try:
        return _document(session, _options(session.major), f"EXECUTE {PREPARED}({nulls})")
    except psycopg.Error:
        # A prepared statement outlives the transaction, and nothing runs in one that failed.
        if not connection.broken:
            connection.execute("ROLLBACK TO SAVEPOINT prepared")
        raise
    finally:
        if not connection.broken:
            connection.execute(f"DEALLOCATE {PREPARED}")


@contextmanager
def _transaction(session: Session, timeout_seconds: float) -> Iterator[None]:
    connection = session.connection
    settings = [
        "BEGIN TRANSACTION READ ONLY",
        f"SET LOCAL statement_timeout = {max(1, int(timeout_seconds * 1000))}",
        f"SET LOCAL lock_timeout = {int(LOCK_TIMEOUT * 1000)}",
    ]
    if connection.info.parameter_status("is_superuser") == "on":
        settings.append("SET LOCAL track_io_timing = on")
        if session.major >= QUERY_ID_SINCE:
            settings.append("SET LOCAL compute_query_id = on")
    try:
        connection.execute("; ".join(settings))
        yield
    except psycopg.Error as problem:
        raise _told(session, problem, timeout_seconds) from None
    finally:
        if not connection.broken and not connection.closed:
            connection.execute("ROLLBACK")


def _told(session: Session, problem: psycopg.Error, timeout_seconds: float) -> Exception:
    if session.connection.broken or session.connection.closed:
        return ConnectionLost(
            f"the connection to {session.name} broke: {first_line(problem)}",
            "run the command again",
        )
    if isinstance(problem, psycopg.errors.LockNotAvailable):
        return TargetError(
            "a table of the statement is locked by another session",
            "run it again when that has ended; dbwright check tells who holds the lock",
        )
    if isinstance(problem, psycopg.errors.QueryCanceled):
        return TargetError(
            f"the statement took longer than {timeout_seconds:g} s",
            "give it more with --timeout SECONDS, or leave --analyze out",
        )
    hint = problem.diag.message_hint or "check the names, and the schemas they are in (search_path)"
    return StatementRejected(
        f"the server can't plan the statement: {first_line(problem)}", " ".join(hint.split())
    )
