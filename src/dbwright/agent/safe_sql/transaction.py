"""What every query's transaction begins with, and what is said of the role that runs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg

from dbwright.agent.safe_sql.limits import Limits
from dbwright.engines.postgresql.analysed import may_set
from dbwright.engines.postgresql.session import first_line
from dbwright.errors import (
    ConnectionLost,
    DbwrightError,
    QueryRefused,
    StatementRejected,
    TargetError,
)
from dbwright.model.names import quote

__all__ = ["told", "transaction_settings", "warnings"]

SUPERUSER = (
    "WARNING: connected as a superuser, whom nothing but this program's own checks holds back; "
    "`dbwright agent role` prints the SQL of a role that may only read"
)
POWERS = (
    "pg_execute_server_program",
    "pg_read_server_files",
    "pg_write_server_files",
    "pg_write_all_data",
    "pg_signal_backend",
)
LOGGED = (
    "the server's log gets the tree of each query; a superuser can prevent that: "
    "GRANT SET ON PARAMETER log_min_messages TO {user}"
)
TEXTS = {
    "jit": "off",
    "row_security": "on",
    "standard_conforming_strings": "on",
    "extra_float_digits": "1",
    "datestyle": "'ISO, MDY'",
    "intervalstyle": "'postgres'",
    "bytea_output": "'hex'",
    "client_min_messages": "error",
}
GRACE_MS = 10_000
"""That a transaction may last longer than twice its query."""


def transaction_settings(connection: psycopg.Connection[Any], limits: Limits) -> str:
    """The statements that begin a transaction. A limit that is stricter already stays."""
    version = connection.info.server_version
    longest = int(limits.statement_seconds * 2000) + GRACE_MS
    wanted = {
        "statement_timeout": max(1, int(limits.statement_seconds * 1000)),
        "lock_timeout": max(1, int(limits.lock_seconds * 1000)),
        "idle_in_transaction_session_timeout": longest,
        "work_mem": max(64, limits.work_memory_kb),
        "max_parallel_workers_per_gather": limits.parallel_workers,
    }
    if version >= 170000:
        wanted["transaction_timeout"] = longest
    if version >= 140000:
        # A server that is at work looks whether anybody still waits for the answer.
        wanted["client_connection_check_interval"] = 1000
    if may_set(connection, "temp_file_limit"):
        wanted["temp_file_limit"] = limits.temporary_file_kb
    rows = connection.execute(
        "SELECT name, setting::pg_catalog.int8 FROM pg_catalog.pg_settings WHERE name = ANY (%s)",
        (list(wanted),),
    ).fetchall()
    for name, now in rows:
        unlimited = now < 0 or (now == 0 and name != "max_parallel_workers_per_gather")
        if not unlimited:
            wanted[name] = min(wanted[name], now)
    settings = TEXTS | {name: str(value) for name, value in wanted.items()}
    begin = "BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY"
    return ";".join([begin, *(f"SET LOCAL {name} = {value}" for name, value in settings.items())])


def warnings(connection: psycopg.Connection[Any], quiet: bool) -> Iterator[str]:
    """What the role may do that a role which reads needs not; `quiet`: are trees kept out of the
    server's log?"""
    if connection.info.parameter_status("is_superuser") == "on":
        yield SUPERUSER
        return
    rows = connection.execute(
        "SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.rolname = ANY (%s) "
        "AND pg_catalog.pg_has_role(r.oid, 'USAGE') ORDER BY r.rolname",
        (list(POWERS),),
    ).fetchall()
    for (name,) in rows:
        yield f"WARNING: connected as a member of {name}, which a role that reads needs not be"
    if not quiet:
        yield LOGGED.format(user=quote(connection.info.user))


def told(problem: psycopg.Error, name: str, limits: Limits, silent: bool) -> DbwrightError:
    """A server's error in our words; `silent`: its own may hold a secret."""
    said = first_line(problem)
    if isinstance(problem, psycopg.errors.LockNotAvailable):
        return TargetError(
            f"another session has locked a relation for longer than {limits.lock_seconds:g} s",
            "run it again when that has ended",
        )
    if isinstance(problem, psycopg.errors.QueryCanceled):
        return TargetError(
            f"the query took longer than {limits.statement_seconds:g} s",
            "ask for less: a narrower WHERE, fewer joins, or EXPLAIN first",
        )
    if isinstance(problem, psycopg.errors.ReadOnlySqlTransaction):
        return QueryRefused(f"the server says: {said}", "give a query that only reads")
    if problem.sqlstate is None or isinstance(problem, psycopg.errors.AdminShutdown):
        return ConnectionLost(f"the connection to {name} broke: {said}", "run it again")
    if isinstance(problem, psycopg.errors.InsufficientPrivilege):
        return StatementRejected(f"the server says: {said}", "ask for what this role may read")
    if silent:
        return StatementRejected(
            f"the server stopped the query ({type(problem).__name__}); its words are withheld, for "
            "the query reads a relation with secret columns",
            "leave the secret columns out, and look for a value that does not fit",
        )
    hint = problem.diag.message_hint or "correct the query"
    return StatementRejected(f"the server says: {said}", " ".join(hint.split()))
