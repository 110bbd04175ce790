"""Verdicts are the judge's: over every statement of the lock table, what is said to be rewritten,
read or built is what a server was seen to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.migrate.lint.engine import run_hazards
from dbwright.migrate.lint.held import others_wait
from dbwright.migrate.lint.registry import all_hazards
from dbwright.migrate.locks.table import all_facts, sample_schema
from dbwright.model.catalog import Catalog
from dbwright.model.finding import LockMode
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement
from dbwright.model.migration import Migration, ScriptStatement
from dbwright.sandbox.judge.trial import Trial, trial
from dbwright.sql.parse import SyntaxProblem, parse
from servers.postgresql import Database

MAJOR = 18
HAZARDS = ("rewrites-a-table", "scans-under-a-lock", "builds-an-index-under-a-lock")


def judged(
    text: str, settings: dict[str, str], after: tuple[str, ...], judge: Trial
) -> list[JudgedStatement]:
    """The statements of one example, run and taken back."""
    steps = []
    for statement in (*after, text):
        effects = judge.run(statement)
        try:
            (parsed,) = parse(statement).statements
        except (SyntaxProblem, ValueError):
            return []
        written = ScriptStatement(statement, 1)
        steps.append(JudgedStatement(written, parsed.kind, parsed.node, effects, session=settings))
    judge.take_back()
    return steps


def run_of(steps: list[JudgedStatement], catalog: Catalog) -> JudgedRun:
    migration = Migration("1", "example", "1_example.sql", "")
    file = JudgedMigration(migration, True, tuple(steps), catalog, catalog)
    return JudgedRun((file,), MAJOR)


def test_verdicts_are_the_judge_s(database: Database, request: pytest.FixtureRequest) -> None:
    most = None if request.config.getoption("--slow") else 1
    database.execute(sample_schema())
    with Session.open(database.url, 60) as reading:
        catalog = introspect(reading)
    hazards = [
        replace(one, planned=False)  # the catalog behind a statement is not read here
        for one in all_hazards()
        if one.id.partition("/")[2] in HAZARDS
    ]
    wrong: list[tuple[str, str]] = []
    seen = rewritten = 0
    for fact in all_facts():
        if not fact.holds_for(MAJOR) or fact.refused or not fact.transactional:
            continue
        settings = {"TimeZone": "UTC", **fact.settings}
        with trial(database.url, settings=fact.settings) as judge:
            for text in fact.examples[:most]:
                steps = judged(text, settings, fact.after, judge)
                if not steps or any(step.effects.refusal for step in steps):
                    continue
                found = run_hazards(run_of(steps, catalog), hazards)
                assert found.skipped == ()
                told = {one.rule.partition("/")[2] for one in found.findings}
                does = bool(any(step.effects.rewritten for step in steps))
                seen, rewritten = seen + 1, rewritten + does
                if ("rewrites-a-table" in told) is not does:
                    wrong.append((text, "rewrites"))
                last = steps[-1].effects
                blocks = last.strongest in (LockMode.SHARE, LockMode.ACCESS_EXCLUSIVE)
                blocks &= any(others_wait(lock.mode, lock.object) for lock in last.locks)
                if last.built and not last.rewritten and blocks and not told:
                    wrong.append((text, "builds"))
                works = any(one.effects.built or one.effects.scanned for one in steps)
                if not (works or does) and told:
                    wrong.append((text, f"{told}"))
    assert not wrong
    assert seen > 100 and 20 < rewritten < seen - 50
