"""Reading queries against a target: each in its own read-only transaction, with time-outs.

A target is looked at, never touched, and it may be in trouble. So every query runs in a READ ONLY
transaction with a statement time-out that fits the time budget and a short lock time-out, with
search_path = pg_catalog (no function of the user's can be called by accident), and failure of one
query is a `Skipped` part, not the end. Nothing is set for the whole session, so a pooler that
shares connections between transactions is fine.

Functions such as pg_get_expr() and pg_relation_size() take an ACCESS SHARE lock on the relation.
They would queue behind an ACCESS EXCLUSIVE lock that is held or waited for. The queries therefore
leave out relations that are locked so (`readable(oid)` in the templates); should a lock come in
between, the query is tried once more with a fresh list, and then without such functions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import jinja2
import psycopg
from psycopg.rows import namedtuple_row

from dbwright.engines.postgresql.connect import connect, display_name
from dbwright.errors import ConnectionLost
from dbwright.model.report import Skipped

__all__ = ["LOCK_TIMEOUT", "Budget", "Row", "Session", "Unreadable", "first_line"]

Row = Any
"""A named tuple with the columns of the query that gave it."""

T = TypeVar("T")
Collect = Callable[[Iterable[Row]], T]
"""What is made of a query's rows as they come; of none where they can't be read."""

LOCK_TIMEOUT = 0.5
"""Seconds that a reading query waits for a lock."""

CHUNK = 1000
"""Rows."""

STATEMENT_SHARE = 0.6
"""No single query may use more than this share of the whole budget."""


class Unreadable(Exception):
    """A query gave no answer: `reason`, and the `remedy` where there is one."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        self.reason = reason
        self.remedy = remedy
        super().__init__(reason)


class Budget:
    """How much time is left for all reading. Seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    @property
    def left(self) -> float:
        return max(0.0, self._end - self._clock())


class _Readable(NamedTuple):
    """Renders the condition that a relation's lock can be had."""

    locked: tuple[int, ...]
    none: bool

    def __call__(self, oid: str) -> str:
        if self.none:
            return "false"
        if not self.locked:
            return "true"
        return f"({oid} <> ALL ('{{{','.join(map(str, self.locked))}}}'::oid[]))"


@dataclass
class Session:
    """One connection, its time budget, and what could not be read over it."""

    connection: psycopg.Connection[Any]
    budget: Budget
    name: str
    skipped: list[Skipped] = field(default_factory=list)
    locked: tuple[int, ...] = ()
    """Relations under an ACCESS EXCLUSIVE lock, held or waited for."""

    @classmethod
    def open(cls, url: str, budget_seconds: float) -> Self:
        """Raises ConnectionRefused, UnknownTarget, UnsupportedServer."""
        budget = Budget(budget_seconds)
        session = cls(connect(url), budget, display_name(url))
        session.look_for_locks()
        return session

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.connection.close()

    @property
    def major(self) -> int:
        return self.connection.info.server_version // 10000

    def fetch(self, query: str, **parameters: object) -> list[Row]:
        """The rows of `queries/<query>.sql`, named tuples. Raises Unreadable, ConnectionLost."""
        return self._fetch(query, list, parameters)

    def _fetch(self, query: str, collect: Collect[T], parameters: dict[str, object]) -> T:
        try:
            return self._run(self._render(query, none=False, parameters=parameters), collect)
        except psycopg.errors.LockNotAvailable:
            self.look_for_locks()
        try:
            return self._run(self._render(query, none=False, parameters=parameters), collect)
        except psycopg.errors.LockNotAvailable:
            pass
        try:
            found = self._run(self._render(query, none=True, parameters=parameters), collect)
        except psycopg.errors.LockNotAvailable as problem:
            raise Unreadable(f"waited {LOCK_TIMEOUT} s for a lock: {first_line(problem)}") from None
        self.skip(f"{query} details", "locks kept coming in between", "run it again")
        return found

    def try_fetch(
        self, query: str, part: str, *, remedy: str = "", **parameters: object
    ) -> list[Row]:
        """As `fetch`; what can't be read is noted as skipped, and there are no rows.

        `remedy`: what lets this user read it, where that is not the membership in pg_monitor.
        """
        return self.try_collect(query, part, list, remedy=remedy, **parameters)

    def try_collect(
        self,
        query: str,
        part: str,
        collect: Collect[T],
        *,
        remedy: str = "",
        **parameters: object,
    ) -> T:
        """As `try_fetch`, with the rows as `collect` leaves them: it is given them one by one,
        while the server finds more."""
        try:
            return self._fetch(query, collect, parameters)
        except Unreadable as problem:
            denied = problem.remedy.startswith("GRANT")
            self.skip(part, problem.reason, remedy if denied and remedy else problem.remedy)
            return collect(())

    def ask(self, sql: str, timeout_seconds: float) -> list[Row]:
        """Run a rule's own SELECT. Raises Unreadable, ConnectionLost.

        It leaves no trace in the counters where the user may see to that (superusers): or an index
        that nobody else uses would be in use from the first look on.
        """
        try:
            return self._run(sql, list, timeout_seconds, counted=False)
        except psycopg.errors.LockNotAvailable:
            raise Unreadable("the table is locked", "run it again later") from None

    def skip(self, part: str, reason: str, remedy: str = "", objects: Iterable[str] = ()) -> None:
        self.skipped.append(Skipped(part, reason, remedy, tuple(objects)))

    def look_for_locks(self) -> None:
        """Find the relations whose lock would have to be waited for."""
        try:
            self.locked = tuple(
                row.relation for row in self._run(_source("locked_relations"), list)
            )
        except (Unreadable, psycopg.errors.LockNotAvailable):
            # pg_locks itself locks no relation; if the server can't answer even that, the
            # queries after this one will say so, each for its own part.
            self.locked = ()

    def _render(self, query: str, *, none: bool, parameters: dict[str, object]) -> str:
        return _template(query).render(
            v=self.major, readable=_Readable(self.locked, none), **parameters
        )

    def _run(
        self,
        sql: str,
        collect: Collect[T],
        timeout_seconds: float | None = None,
        *,
        counted: bool = True,
    ) -> T:
        left = self.budget.left
        if left <= 0:
            raise Unreadable(
                f"the time budget of {self.budget.seconds:g} s was used up",
                f"--budget {self.budget.seconds * 4:g}",
            )
        limit = timeout_seconds or self.budget.seconds * STATEMENT_SHARE
        limit = max(0.05, min(limit, left))
        try:
            return self._transaction(sql, collect, limit, counted)
        except psycopg.errors.LockNotAvailable:
            raise
        except psycopg.errors.InsufficientPrivilege as problem:
            raise Unreadable(first_line(problem), self._grant()) from None
        except psycopg.errors.QueryCanceled:
            raise Unreadable(f"took longer than {limit:.3g} s") from None
        except psycopg.Error as problem:
            if self.connection.broken or self.connection.closed:
                raise ConnectionLost(
                    f"the connection to {self.name} broke: {first_line(problem)}",
                    "run the command again",
                ) from None
            raise Unreadable(first_line(problem)) from None

    def _transaction(self, sql: str, collect: Collect[T], limit: float, counted: bool) -> T:
        superuser = self.connection.info.parameter_status("is_superuser") == "on"
        with self.connection.cursor(binary=True, row_factory=namedtuple_row) as cursor:
            # Several statements in one message: the simple protocol, one round trip.
            self.connection.execute(
                "BEGIN TRANSACTION READ ONLY;"
                f"SET LOCAL statement_timeout = {int(limit * 1000)};"
                f"SET LOCAL lock_timeout = {int(LOCK_TIMEOUT * 1000)};"
                "SET LOCAL search_path = pg_catalog;"
                # Rows that a policy hides must be an error, not a count that is too low.
                "SET LOCAL row_security = off;"
                "SET LOCAL jit = off;"
                "SET LOCAL max_parallel_workers_per_gather = 0;"
                "SET LOCAL extra_float_digits = 1;"
                "SET LOCAL datestyle = 'ISO';"
                "SET LOCAL timezone = 'UTC'"
                + (";SET LOCAL track_counts = off" if superuser and not counted else "")
            )
            rows = self._rows(cursor, sql)
            try:
                found = collect(rows)
            except BaseException:
                if isinstance(rows, Generator):
                    rows.close()  # it has the connection for itself until its last row
                if not self.connection.broken:
                    self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")
            return found

    def _rows(self, cursor: psycopg.Cursor[Any], sql: str) -> Iterable[Row]:
        """By the chunk where libpq can (17 and later): rows are unpacked while the server still
        finds the next ones."""
        if psycopg.capabilities.has_stream_chunked():
            return cursor.stream(sql.encode(), size=CHUNK)
        return cursor.execute(sql.encode()).fetchall()

    def _grant(self) -> str:
        user = self.connection.info.user
        return f"GRANT pg_monitor TO {psycopg.sql.Identifier(user).as_string(None)}"


def first_line(problem: psycopg.Error) -> str:
    """What the server said, without context and hints."""
    message = problem.diag.message_primary or str(problem)
    return message.strip().splitlines()[0] if message.strip() else type(problem).__name__


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)


@lru_cache
def _template(query: str) -> jinja2.Template:
    return _environment().from_string(_source(query))


@lru_cache
def _source(query: str) -> str:
    folder = files("dbwright.engines.postgresql") / "queries"
    return (folder / f"{query}.sql").read_text(encoding="utf-8")
