"""Readers and writers at work on the tables that a migration touches, and what it does to them.

They are the application as it was before the migration: they name the columns that were there
then. Each has a table and a session of its own, and finds rows by the primary key. What a writer
writes is rolled back, so the content stays exactly what it was, and yet it waits for all that a
writer waits for.
"""

from __future__ import annotations

import threading
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Any

import psycopg

from dbwright.engines.postgresql.session import first_line
from dbwright.model.catalog import Table
from dbwright.model.names import quote
from dbwright.model.rehearsal import ClientError, ClientWait

__all__ = ["MOST_TABLES", "Load"]

MOST_TABLES = 6
"""With clients of their own: more of them would wait for each other on a small machine."""
KEYS = 200
"""Rows of a table that clients work on."""
PAUSE_SECONDS = 0.002
"""Between two statements of a client: they shall wait for the migration, not for each other."""
BASELINE_SECONDS = 0.25
LAST_ROUND_SECONDS = 10.0
P99 = 0.99


@dataclass(frozen=True, slots=True)
class _Job:
    """What one client does, again and again."""

    table: str
    kind: str
    """`read` or `write`."""
    statements: tuple[str, ...]
    keys: tuple[tuple[Any, ...], ...]


@dataclass(slots=True)
class _Log:
    """What came of it. Seconds."""

    quiet: array[float] = field(default_factory=lambda: array("d"))
    """Before the migration began."""
    busy: array[float] = field(default_factory=lambda: array("d"))
    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    known: set[tuple[str, str]] = field(default_factory=set)
    """What was refused before the migration began: it has nothing to do with it."""
    rounds: int = 0


class Load:
    """Clients that work for as long as the block lasts, and once more after it."""

    def __init__(self, url: str, tables: Sequence[Table]) -> None:
        """`tables`: what clients work on, the first ones where there are many; those without a
        primary key, or without rows, have none."""
        self._url = url
        with_jobs = (jobs for table in tables if (jobs := _jobs(url, table)))
        self._jobs = [job for jobs in islice(with_jobs, MOST_TABLES) for job in jobs]
        self._logs = [_Log() for _ in self._jobs]
        self._begun = threading.Event()
        self._done = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=pair, daemon=True)
            for pair in zip(self._jobs, self._logs, strict=True)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        if self._threads:
            time.sleep(BASELINE_SECONDS)
        self._begun.set()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if problem is None:
            self._last_round()
        self._done.set()
        for thread in self._threads:
            thread.join(LAST_ROUND_SECONDS)

    @property
    def tables(self) -> frozenset[str]:
        """Those that have clients, qualified."""
        return frozenset(job.table for job in self._jobs)

    def waits(self) -> tuple[ClientWait, ...]:
        """Of each table and kind of client, after the block."""
        return tuple(_wait(job, log) for job, log in zip(self._jobs, self._logs, strict=True))

    def errors(self) -> tuple[ClientError, ...]:
        """What the server refused them, after the block."""
        return tuple(
            ClientError(job.table, job.kind, sqlstate, message, count)
            for job, log in zip(self._jobs, self._logs, strict=True)
            for (sqlstate, message), count in sorted(log.errors.items())
        )

    def _last_round(self) -> None:
        """Each client shall meet the schema as it is now."""
        end = time.monotonic() + LAST_ROUND_SECONDS
        wanted = [
            log.rounds + 1 + len(job.statements)
            for job, log in zip(self._jobs, self._logs, strict=True)
        ]
        while time.monotonic() < end:
            pairs = zip(self._logs, wanted, strict=True)
            if all(log.rounds >= rounds for log, rounds in pairs):
                return
            time.sleep(PAUSE_SECONDS)

    def _work(self, job: _Job, log: _Log) -> None:
        try:
            with psycopg.connect(self._url, application_name="dbwright load") as connection:
                # Statements of a reader stay prepared, as those of most drivers do.
                connection.autocommit = job.kind == "read"
                while not self._done.is_set():
                    self._step(connection, job, log)
                    time.sleep(PAUSE_SECONDS)
        except psycopg.Error as problem:
            # The server is gone, which whoever runs the migration is told too.
            log.errors[(problem.sqlstate or "", first_line(problem))] += 1

    def _step(self, connection: psycopg.Connection[Any], job: _Job, log: _Log) -> None:
        statement = job.statements[log.rounds % len(job.statements)]
        key = job.keys[log.rounds % len(job.keys)]
        busy = self._begun.is_set()
        began = time.perf_counter()
        try:
            connection.execute(statement.encode(), key)
        except psycopg.Error as problem:
            if connection.closed:
                raise
            told = (problem.sqlstate or "", first_line(problem))
            if not busy:
                log.known.add(told)
            elif told not in log.known:
                log.errors[told] += 1
        seconds = time.perf_counter() - began
        (log.busy if busy or self._begun.is_set() else log.quiet).append(seconds)
        if not connection.autocommit:
            connection.rollback()
        log.rounds += 1


def _jobs(url: str, table: Table) -> list[_Job]:
    """A reader and a writer; none for a table whose rows nothing tells apart, or without rows."""
    key = () if table.primary_key is None else table.primary_key.columns
    if not key:
        return []
    listed = ", ".join(map(quote, key))
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            f"SELECT {listed} FROM {table.qualified} LIMIT {KEYS}".encode()
        ).fetchall()
    if not rows:
        return []
    keys = tuple(tuple(row) for row in rows)
    return [
        _Job(table.qualified, "read", (_read(table, key),), keys),
        _Job(table.qualified, "write", _writes(table, key), keys),
    ]


def _read(table: Table, key: Sequence[str]) -> str:
    columns = ", ".join(quote(column.name) for column in table.columns)
    return _with_places(f"SELECT {columns} FROM {table.qualified}", table, key)


def _writes(table: Table, key: Sequence[str]) -> tuple[str, ...]:
    """An UPDATE that changes nothing, and an INSERT of a row that is there."""
    own = [column for column in table.columns if column.generated is None]
    plain = [column for column in own if column.name not in key and column.identity != "always"]
    columns = ", ".join(quote(column.name) for column in own)
    name = table.qualified
    found: list[str] = []
    if plain:
        same = ", ".join(f"{quote(column.name)} = {quote(column.name)}" for column in plain)
        found.append(_with_places(f"UPDATE {name} SET {same}", table, key))
    copied = f"SELECT {columns} FROM {name}"
    insert = f"INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE "
    found.append(
        insert.replace("%", "%%") + _with_places(copied, table, key) + " ON CONFLICT DO NOTHING"
    )
    return tuple(found)


def _with_places(statement: str, table: Table, key: Sequence[str]) -> str:
    """For the row whose key is given, each part with the type that the column had."""
    types = {column.name: column.type.replace("%", "%%") for column in table.columns}
    same = " AND ".join(f"{quote(name).replace('%', '%%')} = %s::{types[name]}" for name in key)
    return f"{statement.replace('%', '%%')} WHERE {same}"


def _wait(job: _Job, log: _Log) -> ClientWait:
    return ClientWait(
        table=job.table,
        kind=job.kind,
        statements=len(log.busy),
        longest_seconds=max(log.busy, default=0.0),
        p99_seconds=_share(log.busy, P99),
        longest_before_seconds=max(log.quiet, default=0.0),
    )


def _share(seconds: Sequence[float], share: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
