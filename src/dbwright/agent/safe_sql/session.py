"""A connection over which queries of others run, one at a time, each in a transaction of its own
that only reads and is always rolled back."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus

from dbwright.agent.safe_sql.cells import Cells
from dbwright.agent.safe_sql.limits import Limits, Policy
from dbwright.agent.safe_sql.origins import names_of_secret_settings
from dbwright.agent.safe_sql.result import MASKED, Result, ResultColumn
from dbwright.agent.safe_sql.secrets import is_secret_setting
from dbwright.agent.safe_sql.settings import SettingsUsed, with_settings_masked
from dbwright.agent.safe_sql.statement import Kind, Statement, read_statement
from dbwright.agent.safe_sql.stream import Received, receive
from dbwright.agent.safe_sql.transaction import told, transaction_settings, warnings
from dbwright.agent.safe_sql.verdict import Verdict, changed_since, judge
from dbwright.engines.postgresql.analysed import may_set_log_level
from dbwright.engines.postgresql.connect import connect, display_name
from dbwright.engines.postgresql.query_facts import catalog_alone
from dbwright.errors import QueryRefused, StatementRejected
from dbwright.model.names import quote

__all__ = ["SafeSession"]

SHOWN = 2000
"""Rows of EXPLAIN and SHOW, which can't be asked for in parts."""
TEXTS = {114: "json", 142: "xml"}
NO_ENCODING = "SQL_ASCII"
GRACE_SECONDS = 5.0
"""After the server's own time-out, before it is not waited for any more."""
NO_VERDICT = Verdict((), (), frozenset(), frozenset(), False, False, {})


class SafeSession:
    """Runs queries that nobody vouches for. For one thread at a time; `cancel` from any."""

    def __init__(self, url: str, limits: Limits, policy: Policy, application_name: str) -> None:
        self._url = url
        self._limits = limits
        self._policy = policy
        self._application = application_name
        self._connection: psycopg.Connection[Any] | None = None
        self._notices: tuple[str, ...] = ()
        self._quiet = False
        self._settings = ""
        self._cancelled = threading.Event()

    @classmethod
    def open(
        cls,
        url: str,
        limits: Limits | None = None,
        policy: Policy | None = None,
        *,
        application_name: str = "dbwright agent",
    ) -> SafeSession:
        """Raises ConnectionRefused, UnknownTarget, UnsupportedServer."""
        session = cls(url, limits or Limits(), policy or Policy(), application_name)
        session._connect()
        return session

    def __enter__(self) -> SafeSession:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def cancel(self) -> None:
        """End the query that runs, on the server too; it raises Interrupted. From any thread."""
        self._cancelled.set()

    def run(self, sql: str, *, max_rows: int | None = None) -> Result:
        """Run one statement that only reads.

        Raises QueryRefused (it does more, or reads what it must not), StatementRejected (the server
        does not take it), TargetError (a lock, a time-out), ConnectionLost, Interrupted.
        """
        statement = read_statement(sql, self._limits)
        rows = self._limits.rows if max_rows is None else max_rows
        if isinstance(rows, bool) or not isinstance(rows, int) or not 0 < rows <= 1_000_000:
            raise QueryRefused(f"max_rows is {rows!r}", "give a number from 1 to 1000000")
        if statement.kind is not Kind.QUERY:
            rows = max(rows, SHOWN)
        self._cancelled.clear()
        begin = time.monotonic()
        try:
            return self._run(statement, rows, begin)
        except SettingsUsed as refused:
            masked = self._with_settings_masked(statement)
            if masked is None:
                raise
            try:
                return self._run(masked, rows, begin)
            except (QueryRefused, StatementRejected):
                raise refused from None

    def _run(self, statement: Statement, rows: int, begin: float) -> Result:
        verdict = NO_VERDICT
        try:
            with self._transaction() as connection:
                if statement.kind is Kind.SHOW:
                    return self._show(connection, statement, rows, begin)
                name = f"dbwright_{uuid.uuid4().hex}"
                verdict = judge(connection, statement, self._policy, name=name, quiet=self._quiet)
                received = self._received(connection, statement, name, rows)
                if not received.unfinished:
                    connection.pgconn.close_prepared(name.encode())
                result = self._result(statement, verdict, received, begin)
            self._require_unchanged(verdict)
            return result
        except psycopg.Error as problem:
            if problem.sqlstate is None or isinstance(problem, psycopg.errors.AdminShutdown):
                self.close()
            raise told(problem, display_name(self._url), self._limits, verdict.silent) from None

    def _with_settings_masked(self, statement: Statement) -> Statement | None:
        with self._transaction() as connection, catalog_alone(connection):
            rows = connection.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = 'pg_settings'::regclass "
                "AND attnum > 0 ORDER BY attnum"
            ).fetchall()
            secrets = names_of_secret_settings(connection)
        return with_settings_masked(statement, [name for (name,) in rows], secrets)

    def _connect(self) -> psycopg.Connection[Any]:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        # UTF-8: a text in another encoding could mean something else to the server.
        connection = self._opened("UTF8")
        if connection.info.parameter_status("server_encoding") == NO_ENCODING:
            # There every text is the bytes that it is, and rows may hold what is no UTF-8.
            connection.close()
            connection = self._opened(NO_ENCODING)
        try:
            # An operator of somebody's own could stand in the way of these questions too.
            connection.execute("BEGIN TRANSACTION READ ONLY; SET LOCAL search_path = pg_catalog")
            self._quiet = may_set_log_level(connection)
            self._settings = transaction_settings(connection, self._limits)
            self._notices = tuple(warnings(connection, self._quiet))
            connection.execute("ROLLBACK")
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _opened(self, encoding: str) -> psycopg.Connection[Any]:
        url = make_conninfo(self._url, client_encoding=encoding)
        return connect(url, application_name=self._application)

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection[Any]]:
        connection = self._connect()
        try:
            connection.execute(self._settings.encode())
            yield connection
        except BaseException:
            self._end(connection, failed=True)
            raise
        self._end(connection, failed=False)

    def _end(self, connection: psycopg.Connection[Any], failed: bool) -> None:
        """Roll back and forget all that the session holds; a connection on which something is still
        under way is closed, which ends it on the server."""
        status = connection.info.transaction_status
        if status in (TransactionStatus.ACTIVE, TransactionStatus.UNKNOWN):
            with contextlib.suppress(psycopg.Error):
                connection.cancel_safe(timeout=2.0)
            self.close()
            return
        try:
            connection.execute("ROLLBACK")
            connection.execute("DISCARD ALL")
        except psycopg.Error:
            self.close()
            if not failed:
                raise

    def _received(
        self, connection: psycopg.Connection[Any], statement: Statement, name: str, rows: int
    ) -> Received:
        pgconn = connection.pgconn
        if statement.kind is Kind.EXPLAIN:
            explain = f"EXPLAIN {statement.options} EXECUTE {quote(name)}"
            pgconn.send_query_params(explain.encode(), None)
        else:
            # The very statement that was judged; it is planned only now.
            pgconn.send_query_prepared(name.encode(), None)
        pgconn.flush()
        return receive(
            connection,
            rows=rows,
            read_bytes=self._limits.read_bytes,
            seconds=self._limits.statement_seconds + GRACE_SECONDS,
            cancelled=self._cancelled.is_set,
        )

    def _result(
        self,
        statement: Statement,
        verdict: Verdict,
        received: Received,
        begin: float,
    ) -> Result:
        labels = verdict.labels if statement.kind is Kind.QUERY else ()
        cells = Cells(
            [type_oid for _, type_oid in received.columns],
            labels,
            verdict.secret_values,
            self._limits,
            secret_literals=verdict.secret_literals,
            members=verdict.members,
        )
        rows: list[tuple[Any, ...]] = []
        too_large = received.unread
        for row in received.rows:
            rows.append(cells.row(row))
            if cells.size > self._limits.result_bytes:
                too_large = too_large or len(rows) < len(received.rows)
                break
        columns = verdict.columns if statement.kind is Kind.QUERY else _plain_columns(received)
        return Result(
            columns=columns,
            rows=tuple(rows),
            seconds=time.monotonic() - begin,
            more_rows=received.more_rows or (too_large and not received.unread),
            cut_cells=cells.cut,
            stopped_by_bytes=too_large,
            notices=self._notices,
        )

    def _show(
        self,
        connection: psycopg.Connection[Any],
        statement: Statement,
        rows: int,
        begin: float,
    ) -> Result:
        connection.pgconn.send_query_params(f"SHOW {quote(statement.text)}".encode(), None)
        connection.pgconn.flush()
        received = receive(
            connection,
            rows=rows,
            read_bytes=self._limits.read_bytes,
            seconds=self._limits.statement_seconds + GRACE_SECONDS,
            cancelled=self._cancelled.is_set,
        )
        every = len(received.columns) > 1
        shown = [
            tuple(
                MASKED.encode()
                if place == int(every) and value and is_secret_setting(_setting(statement, row))
                else value
                for place, value in enumerate(row)
            )
            for row in received.rows
        ]
        received.rows = shown
        return self._result(statement, NO_VERDICT, received, begin)

    def _require_unchanged(self, verdict: Verdict) -> None:
        if not verdict.functions:
            return
        with self._transaction() as connection:
            changed = changed_since(connection, verdict.functions)
        if changed:
            raise QueryRefused(
                "a function that it calls was replaced meanwhile, so its rows are withheld",
                "run it again",
            )


def _plain_columns(received: Received) -> tuple[ResultColumn, ...]:
    """Of what EXPLAIN and SHOW give, which is text, or a document as text."""
    return tuple(
        ResultColumn(name, TEXTS.get(type_oid, "text")) for name, type_oid in received.columns
    )


def _setting(statement: Statement, row: Sequence[bytes | None]) -> str:
    """The name of the setting of a row: SHOW ALL has it in the row."""
    if len(row) > 1:
        return (row[0] or b"").decode(errors="replace").lower()
    return statement.text
