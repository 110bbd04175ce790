"""A workbench for a real database: its snapshot, a workload, a twin, and a machine that is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import psycopg

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.finding import Finding
from dbwright.model.machine import Machine
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.sandbox.twin.twin import twin
from dbwright.sql.split import split
from dbwright.tune.advisors.advisor import Advisor
from dbwright.tune.advisors.engine import run_advisors
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.workload.weighted import weighted

__all__ = ["advice", "execute", "snapshot_of", "workbench"]


def execute(url: str, sql: str) -> None:
    """Each statement in a session of its own, so that what it did is counted when it ends."""
    for statement in split(sql):
        with psycopg.connect(url, autocommit=True) as session:
            session.execute(statement.text.encode())


def snapshot_of(url: str, *, workload: bool = False) -> Snapshot:
    with Session.open(url, 60) as session:
        return read(session, values=None, workload=workload)


@contextmanager
def workbench(
    snapshot: Snapshot, queries: Sequence[Query] = (), machine: Machine | None = None
) -> Iterator[Workbench]:
    """Without a machine that is said, the snapshot's own is forgotten as well."""
    server = replace(snapshot.catalog.server, memory_bytes=None, cores=None)
    snapshot = replace(snapshot, catalog=replace(snapshot.catalog, server=server))
    with twin(snapshot) as here:
        with here.connect() as connection:
            statements, _ = weighted(queries, snapshot, connection)
        yield Workbench(snapshot, tuple(statements), here, machine)


def advice(
    bench: Workbench, advisor: Advisor, **thresholds: object
) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
    found, skipped = run_advisors(bench, [advisor], {advisor.id: thresholds})
    assert not any("broke" in one.reason for one in skipped), skipped
    return found, skipped
