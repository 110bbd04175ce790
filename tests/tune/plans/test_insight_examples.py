"""Every insight's examples, on real servers: the plan of BAD must make it speak, that of GOOD must
not; the fix that it gives, or the memory that it asks for, must mend it.

Each runs on the oldest and the newest version that it is for; with --slow on all between.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from dbwright.engines.postgresql.plan import read_plan
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.explanation import Remark
from dbwright.sandbox import Server
from dbwright.sql.split import split
from dbwright.tune.plans.engine import run_insights
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import Insight
from dbwright.tune.plans.registry import all_insights
from servers.postgresql import majors

NUMBER = itertools.count()


def _cases(*, mends: bool) -> Iterator[Any]:
    for insight in all_insights():
        for bad, examples in ((True, insight.bad), (False, insight.good)):
            for n, example in enumerate(examples):
                if mends and not (bad and (example.fix_mends or example.settings_mend)):
                    continue
                yield from _on_majors(insight, example, bad, n)


def _on_majors(insight: Insight, example: PlanExample, bad: bool, n: int) -> Iterator[Any]:
    wanted = [
        major
        for major in majors()
        if example.oldest <= major <= (example.newest or 18)
        and (not example.majors or major in example.majors)
    ]
    for major in wanted:
        marks = [] if major in (wanted[0], wanted[-1]) else [pytest.mark.slow]
        name = f"{insight.id.partition('/')[2]}-{'bad' if bad else 'good'}{n}-{major}"
        yield pytest.param(insight, example, bad, major, id=name, marks=marks)


@pytest.mark.parametrize(("insight", "example", "bad", "major"), list(_cases(mends=False)))
def test_example(
    insight: Insight,
    example: PlanExample,
    bad: bool,
    major: int,
    server_of: Callable[[int], Server],
) -> None:
    with prepared(example, server_of(major)) as url:
        found = remarks(insight, example, url)
    messages = [remark.finding.message for remark in found]
    if not bad:
        assert messages == []
        return
    assert messages
    if example.object:
        assert [remark.finding.object.name for remark in found] == [example.object]


@pytest.mark.parametrize(("insight", "example", "bad", "major"), list(_cases(mends=True)))
def test_what_it_advises_mends_it(
    insight: Insight,
    example: PlanExample,
    bad: bool,
    major: int,
    server_of: Callable[[int], Server],
) -> None:
    with prepared(example, server_of(major)) as url:
        before = remarks(insight, example, url)
        assert before
        settings: dict[str, str] = {}
        for finding in (remark.finding for remark in before):
            if example.settings_mend:
                size = finding.evidence["work_mem_bytes"]
                assert isinstance(size, int)
                assert f"{size // 1024**2}MB" in finding.advice
                settings["work_mem"] = f"{size // 1024}kB"
            else:
                assert finding.fix is not None
                execute(url, finding.fix.up)
        after = remarks(insight, example, url, settings)
        assert [remark.finding.message for remark in after] == []
        for finding in (remark.finding for remark in before):
            if finding.fix is not None and finding.fix.down:
                execute(url, finding.fix.down)


@contextmanager
def prepared(example: PlanExample, server: Server) -> Iterator[str]:
    """A database in which the example's SQL has run."""
    database = f"insight_{os.getpid()}_{next(NUMBER)}"
    server.create_database(database)
    try:
        execute(server.url(database), example.sql)
        yield server.url(database)
    finally:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{database}"'.encode())


def execute(url: str, sql: str) -> None:
    """Each statement in a session of its own, so that ANALYZE knows what was counted before."""
    for statement in split(sql):
        with psycopg.connect(url, autocommit=True) as session:
            session.execute(statement.text.encode())


def remarks(
    insight: Insight, example: PlanExample, url: str, settings: dict[str, str] | None = None
) -> tuple[Remark, ...]:
    """What the insight says of the plan; the statement is rolled back."""
    with Session.open(url, 30) as session:
        snapshot = read(session, values=None)
    options = "FORMAT JSON, VERBOSE, SETTINGS" + (", ANALYZE, BUFFERS" if example.analyze else "")
    with psycopg.connect(url, prepare_threshold=None) as connection:
        for name, value in {"jit": "off", **example.settings, **(settings or {})}.items():
            connection.execute("SELECT set_config(%s, %s, false)", [name, value])
        row = connection.execute(f"EXPLAIN ({options}) {example.query}".encode()).fetchone()
        connection.rollback()
    assert row is not None
    run = run_insights(
        read_plan(row[0]),
        [insight],
        catalog=snapshot.catalog,
        statistics=snapshot.statistics,
        thresholds={insight.id: example.options},
    )
    assert run.skipped == ()
    return run.remarks
