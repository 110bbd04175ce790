"""An advisor's example on a real server: what it finds there."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.finding import Finding
from dbwright.model.report import Skipped
from dbwright.sandbox import Server, start
from dbwright.sandbox.copy.copy import copy
from dbwright.sandbox.twin.twin import twin
from dbwright.sql.split import split
from dbwright.tune.advisors.advisor import Advisor
from dbwright.tune.advisors.engine import run_advisors
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.workload.sources import read_workload_from
from dbwright.tune.workload.weighted import weighted

__all__ = ["advised", "execute", "prepared"]

NUMBER = itertools.count()


@contextmanager
def prepared(example: AdvisorExample, server: Server) -> Iterator[str]:
    """A database in which the example's SQL has run; its own server where it has settings."""
    with ExitStack() as stack:
        if example.settings:
            server = stack.enter_context(start(server.major, settings=example.settings))
        database = f"advisor_{os.getpid()}_{next(NUMBER)}"
        server.create_database(database)
        try:
            execute(server.url(database), example.sql)
            execute(server.url(database), "ANALYZE")
            with ExitStack() as sessions:
                for statement in example.sessions:
                    one = psycopg.connect(server.url(database), autocommit=True)
                    sessions.enter_context(one).execute(statement.encode())
                yield server.url(database)
        finally:
            with psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{database}" WITH (FORCE)'.encode()) if (
                    server.major >= 13
                ) else connection.execute(f'DROP DATABASE "{database}"'.encode())


def execute(url: str, sql: str) -> None:
    """Each statement in a session of its own, so that what it did is counted when it ends."""
    for statement in split(sql):
        with psycopg.connect(url, autocommit=True, options="-c synchronous_commit=on") as session:
            session.execute(statement.text.encode())


def advised(
    advisor: Advisor, example: AdvisorExample, url: str, folder: Path
) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
    """What the advisor says of the database and the example's workload."""
    with Session.open(url, 60) as session:
        snapshot = read(session, values=None)
    queries = ()
    if example.workload:
        file = folder / "workload.sql"
        file.write_text(example.workload)
        queries = read_workload_from(str(file), snapshot).workload.queries
    with ExitStack() as stack:
        copied = None
        if example.rows:
            names = [table.qualified for table in snapshot.catalog.tables]
            copied = stack.enter_context(copy(snapshot, url, names))
        here = stack.enter_context(twin(snapshot))
        with here.connect() as connection:
            statements, left = weighted(queries, snapshot, connection)
        assert left == []
        bench = Workbench(snapshot, tuple(statements), here, example.machine, copied)
        return run_advisors(bench, [advisor], {advisor.id: example.thresholds})
