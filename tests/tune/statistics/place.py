"""A database with rows, and what a workload asks of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.finding import Finding
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.sandbox.copy.copy import copy
from dbwright.sandbox.twin.twin import twin
from dbwright.sql.fingerprint import fingerprint, normalize
from dbwright.sql.split import split
from dbwright.tune.advisors.advisor import Advisor
from dbwright.tune.advisors.engine import run_advisors
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.statistics.asked import Question, questions
from dbwright.tune.statistics.choose import Mend, mends
from dbwright.tune.statistics.known import Known, Limits, know
from dbwright.tune.workload.weighted import Weighted, weighted

__all__ = ["LIMITS", "Place", "advised", "place", "workbench"]

LIMITS = Limits(least_error=3.0, least_rows=100.0)


@dataclass(frozen=True)
class Place:
    url: str
    connection: psycopg.Connection[Any]
    snapshot: Snapshot

    def execute(self, sql: str) -> None:
        for statement in split(sql):
            self.connection.execute(statement.text.encode())

    def weighted(self, *queries: str | Query) -> Sequence[Weighted]:
        """Texts are queries with their own constants."""
        every = [_query(text) if isinstance(text, str) else text for text in queries]
        found, skipped = weighted(every, self.snapshot, self.connection)
        assert skipped == []
        return found

    def asked(self, *queries: str | Query, alone: bool = False) -> tuple[Question, ...]:
        return questions(self.weighted(*queries), self.snapshot.catalog, alone=alone)

    def known(self, *queries: str | Query, alone: bool = False) -> list[Known]:
        found = (know(self.connection, q, 50_000) for q in self.asked(*queries, alone=alone))
        return [one for one in found if one is not None]

    def mends(self, table: str, *queries: str | Query) -> tuple[Mend, ...]:
        known = [one for one in self.known(*queries) if one.question.table == table]
        catalog = self.snapshot.catalog
        views = {view.qualified: view for view in catalog.materialized_views}
        relation = views.get(table) or catalog.table(table)
        return mends(self.connection, catalog, relation, known, LIMITS)

    def expected(self, query: str) -> float:
        row = self.connection.execute(f"EXPLAIN (FORMAT JSON) {query}".encode()).fetchone()
        assert row is not None
        return float(row[0][0]["Plan"]["Plan Rows"])


def _query(text: str) -> Query:
    return Query(normalize(text), fingerprint(text), example=text)


@contextmanager
def place(url: str, sql: str, *, analyze: bool = True) -> Iterator[Place]:
    """`sql` runs first, statement by statement, then ANALYZE."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in split(sql):
            connection.execute(statement.text.encode())
        if analyze:
            connection.execute("ANALYZE")
        with Session.open(url, 60) as session:
            snapshot = read(session, values=None)
        yield Place(url, connection, snapshot)


@contextmanager
def workbench(here: Place, *, rows: int | None = None) -> Iterator[Workbench]:
    """With a copy (`rows`: of a sample of each table) and no queries yet."""
    tables = [table.qualified for table in here.snapshot.catalog.tables]
    with (
        copy(here.snapshot, here.url, tables, rows=rows) as there,
        twin(here.snapshot) as planned,
    ):
        yield Workbench(here.snapshot, (), planned, copy=there)


def advised(
    advisor: Advisor, bench: Workbench, queries: Sequence[Weighted], **thresholds: object
) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
    """What the advisor says."""
    asked = replace(bench, queries=tuple(queries))
    found, skipped = run_advisors(asked, [advisor], {advisor.id: thresholds})
    assert not any("broke" in one.reason for one in skipped), skipped
    return found, skipped
