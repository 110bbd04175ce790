"""One direction of one migration, run on a copy by the same runner as `up` and `down`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.errors import AnotherRunner, DbwrightError, Interrupted
from dbwright.migrate.go import running
from dbwright.migrate.history.table import History
from dbwright.migrate.history.turn import turn
from dbwright.migrate.place import Place
from dbwright.migrate.rehearsal.observed import Observed, Observer
from dbwright.migrate.runner.statement import execute
from dbwright.migrate.runner.work import Work
from dbwright.model.migration import Applied
from dbwright.progress import Progress

__all__ = ["Outcome", "run"]

NAME = "the copy"
WAIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went."""

    seconds: float
    wal_bytes: int
    """Of the whole server meanwhile."""
    statements: tuple[Observed, ...] = ()
    """Those that ended; empty where nobody looked."""
    problem: DbwrightError | None = None
    """None where it ran to its end."""
    applied: Applied | None = None
    """What the history says afterwards."""

    @property
    def sqlstate(self) -> str:
        """Of the server's refusal; empty where it was none of the server's."""
        cause = None if self.problem is None else self.problem.__cause__
        return (cause.sqlstate or "") if isinstance(cause, psycopg.Error) else ""

    @property
    def message(self) -> str:
        """The server's own words; empty where it was none of the server's."""
        cause = None if self.problem is None else self.problem.__cause__
        return (cause.diag.message_primary or "") if isinstance(cause, psycopg.Error) else ""

    @property
    def detail(self) -> str:
        """What the server said beside its message."""
        cause = None if self.problem is None else self.problem.__cause__
        return (cause.diag.message_detail or "") if isinstance(cause, psycopg.Error) else ""


def run(url: str, work: Work, table: str, progress: Progress, *, observe: bool = False) -> Outcome:
    """Run it on the database at `url`, whose history is `table`.

    A refusal is part of the outcome. Raises Interrupted for Ctrl-C, SandboxError and psycopg.Error
    where the server is gone.
    """
    with psycopg.connect(
        url, autocommit=True, prepare_threshold=None, client_encoding="UTF8"
    ) as connection:
        place = Place(connection, History(connection, table), url, NAME)
        observer = Observer(url)
        with turn(connection, place.history.table, WAIT_SECONDS, progress) as taken:
            place.history.create()
            before = place.history.rows().get(work.migration.number)
            how = observer.execute if observe else execute
            start, began = _written(connection), time.perf_counter()
            problem: DbwrightError | None = None
            with running(place, taken, progress, execute=how) as runner:
                try:
                    runner.run(work, before)
                except DbwrightError as raised:
                    if _is_ours(raised):
                        raise
                    problem = raised
            seconds = time.perf_counter() - began
        with psycopg.connect(url, autocommit=True) as after:
            wal = _written(after) - start
            applied = History(after, place.history.table).rows().get(work.migration.number)
    return Outcome(seconds, wal, observer.seen, problem, applied)


def _is_ours(problem: DbwrightError) -> bool:
    """Does it say nothing of the migration?"""
    interrupted = isinstance(problem, Interrupted) and isinstance(
        problem.__context__, KeyboardInterrupt
    )
    return interrupted or isinstance(problem, AnotherRunner)


def _written(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone()
    return 0 if row is None else int(row[0])
