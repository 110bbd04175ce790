"""Asking a server how it would run a statement, or how it ran it.

EXPLAIN stands in a READ ONLY transaction with a statement and a lock time-out, which is rolled
back. The statement itself is run (`analyze`) only if it can change nothing: see `runnable`. The
names in it mean what they mean to the user who connects: search_path and settings stay as they
are, except for what makes the plan more telling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from dbwright.engines.postgresql.plan import read_plan
from dbwright.engines.postgresql.runnable import called, require_harmless
from dbwright.engines.postgresql.session import Session, first_line
from dbwright.errors import ConnectionLost, StatementNotRun, StatementRejected, TargetError
from dbwright.model.plan import Plan
from dbwright.sql.explainable import Explainable, explainable

__all__ = ["Guard", "explain"]

Guard = Callable[[psycopg.Connection[Any], str, str], None]
"""Given a connection with an open transaction, a name and a statement: prepares the statement under
the name, unless it must not be planned; then it raises. What it prepared is what is explained."""

LOCK_TIMEOUT = 0.5
"""Seconds."""
GENERIC_PLAN_SINCE = 16
WAL_SINCE = 13
SETTINGS_SINCE = 12
QUERY_ID_SINCE = 14
PREPARED = "dbwright_explained"


def explain(
    session: Session,
    sql: str,
    *,
    analyze: bool = False,
    timeout_seconds: float = 30.0,
    guard: Guard | None = None,
) -> Plan:
    """The plan of one statement; with `analyze` the statement is run, and the plan says how it
    went. A text with `$1` gets its generic plan. `guard` judges a statement that nobody vouches
    for: planning runs functions already, and estimates tell of values.

    Raises StatementRejected (it can't be planned), StatementNotRun (it might change something),
    TargetError (a lock or the time-out), ConnectionLost, NotAPlan; what the guard raises.
    """
    statement = explainable(sql)
    if analyze:
        _refuse_what_changes(statement)
    with (
        _transaction(session, timeout_seconds),
        _spelled(session, statement, guard) as (words, generic),
    ):
        if analyze:
            planned = read_plan(_document(session, _options(session.major), words))
            require_harmless(session.connection, called(statement.text, planned))
        options = _options(session.major, analyze, generic)
        return read_plan(_document(session, options, words), query=statement.text)


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


@contextmanager
def _spelled(
    session: Session, statement: Explainable, guard: Guard | None
) -> Iterator[tuple[str, bool]]:
    """What stands behind EXPLAIN, and whether a generic plan has to be asked for."""
    if guard is not None:
        with _prepared(session, statement, guard) as words:
            yield words, False
    elif statement.parameters and session.major < GENERIC_PLAN_SINCE:
        with _prepared(session, statement, _prepare) as words:
            yield words, False
    else:
        yield statement.text, bool(statement.parameters)


@contextmanager
def _prepared(session: Session, statement: Explainable, prepare: Guard) -> Iterator[str]:
    """The call of a prepared statement. Its parameters' types are the server's guess, and its plan
    is the generic one."""
    connection = session.connection
    connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    try:
        prepare(connection, PREPARED, statement.text)
        nulls = ", ".join(["NULL"] * statement.parameters)
        yield f"EXECUTE {PREPARED}({nulls})" if nulls else f"EXECUTE {PREPARED}"
    finally:
        # A prepared statement outlives the transaction. This message is taken in a failed one too.
        if not connection.broken and not connection.closed:
            connection.pgconn.close_prepared(PREPARED.encode())


def _prepare(connection: psycopg.Connection[Any], name: str, statement: str) -> None:
    connection.execute(f"PREPARE {name} AS {statement}".encode())


@contextmanager
def _transaction(session: Session, timeout_seconds: float) -> Iterator[None]:
    connection = session.connection
    settings = [
        "BEGIN TRANSACTION READ ONLY",
        f"SET LOCAL statement_timeout = {max(1, int(timeout_seconds * 1000))}",
        f"SET LOCAL lock_timeout = {int(LOCK_TIMEOUT * 1000)}",
    ]
    if connection.info.parameter_status("server_encoding") != "SQL_ASCII":
        # The statement is sent as UTF-8, whatever this session speaks otherwise.
        settings.append("SET LOCAL client_encoding = 'UTF8'")
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
