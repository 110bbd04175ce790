"""Every rule's examples, on real servers: BAD must make it speak, GOOD must not, and the fix that
a finding carries must mend it, take the lock that it states, and be taken back by its other half.

BAD runs on the oldest and the newest version that it is for, GOOD on the newest; with --slow all run
on all.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import psycopg
import pytest
from tests.check.situation import Situation, situation

from dbwright.check.engine import RuleRun
from dbwright.check.example import Example
from dbwright.check.registry import all_rules
from dbwright.check.rule import Rule
from dbwright.model.finding import Finding, LockMode
from dbwright.sandbox import Server
from dbwright.sandbox.judge.trial import trial
from dbwright.sql.parse import statement_kind
from dbwright.sql.split import split
from servers.postgresql import majors

NUMBER = itertools.count()


def _cases() -> Iterator[Any]:
    for rule in all_rules():
        for bad, examples in ((True, rule.bad), (False, rule.good)):
            for n, example in enumerate(examples):
                if example.files:
                    continue
                oldest = max(example.oldest, 15 if example.extensions else 12)
                newest = min(example.newest or 18, 18)
                for major in majors():
                    if not oldest <= major <= newest:
                        continue
                    if example.extensions and major not in (15, 18):
                        continue
                    # What makes a rule speak that should not seldom depends on the version.
                    quick = (oldest, newest) if bad else (newest,)
                    marks = [] if major in quick else [pytest.mark.slow]
                    name = f"{rule.id}-{'bad' if bad else 'good'}{n}-{major}"
                    yield pytest.param(rule, example, bad, major, id=name, marks=marks)


@pytest.mark.parametrize(("rule", "example", "bad", "major"), list(_cases()))
def test_example(
    rule: Rule, example: Example, bad: bool, major: int, server_of: Callable[[int], Server]
) -> None:
    _try(rule, example, bad, server_of(major))


def _try(rule: Rule, example: Example, bad: bool, server: Server) -> None:
    database = f"example_{os.getpid()}_{next(NUMBER)}"
    with situation(example, server, database) as here:
        run = here.run(rule)
        _decided(rule, run)
        if not bad:
            assert [f.message for f in run.findings] == []
            return
        _spoke(run, example)
        if example.fix_mends:
            _fixes_mend(rule, run, here)


def _decided(rule: Rule, run: RuleRun) -> None:
    reasons = [part.reason for part in run.skipped if rule.id in part.rules]
    assert run.rules_run == 1, reasons


def _spoke(run: RuleRun, example: Example) -> None:
    names = sorted(finding.object.name for finding in run.findings)
    if example.objects:
        assert names == sorted(example.objects)
    assert names, "the rule found nothing"
    keys = [finding.key for finding in run.findings]
    assert len(set(keys)) == len(keys), "two findings share a key"


def _fixes_mend(rule: Rule, run: RuleRun, here: Situation) -> None:
    fixed = [finding for finding in run.findings if finding.fix and finding.fix.up]
    assert fixed, "the example says that fixes mend it, but no finding has one"
    for finding in fixed:
        _apply(finding, here)
    _restart_where_asked((finding.fix.up for finding in fixed if finding.fix), here)
    mended = {finding.key for finding in fixed}
    assert not mended & _left(rule, here, mended), "the fix ran, and the fault is still found"
    reversible = [finding for finding in reversed(fixed) if finding.fix and finding.fix.down]
    for finding in reversible:
        assert finding.fix is not None
        here.execute(finding.fix.down)
    _restart_where_asked((finding.fix.down for finding in reversible if finding.fix), here)
    again = {finding.key for finding in here.run(rule).findings}
    expected = {finding.key for finding in reversible}
    if len(reversible) == len(fixed):
        assert expected <= again, "the fix was taken back, and the fault did not come back"


def _restart_where_asked(scripts: Iterable[str], here: Situation) -> None:
    if any("restart the server" in script for script in scripts):
        here.restart()


def _left(rule: Rule, here: Situation, mended: set[str]) -> set[str]:
    """What is still found; who was cancelled or woken up takes a moment to act upon it."""
    for _ in range(40):
        left = {finding.key for finding in here.run(rule).findings}
        if not mended & left:
            break
        time.sleep(0.05)
    return left


def _apply(finding: Finding, here: Situation) -> None:
    fix = finding.fix
    assert fix is not None
    if not fix.transactional:
        here.execute(fix.up)
        return
    statements = [statement.text for statement in split(fix.up)]
    # What functions do (end a session, drop a slot) no transaction takes back.
    changes = [text for text in statements if statement_kind(text) != "SelectStmt"]
    with trial(here.url) as judge:
        done = [judge.run(text) for text in changes]
    _lock_as_stated(finding, {lock.mode for effects in done for lock in effects.locks})
    rewritten = [one.name for effects in done for one in effects.rewritten]
    assert bool(rewritten) == fix.rewrites, f"rewritten: {rewritten}"
    with psycopg.connect(here.url, prepare_threshold=None) as connection:
        for text in statements:
            connection.execute(text.encode())


def _lock_as_stated(finding: Finding, seen: set[LockMode]) -> None:
    order = list(LockMode)
    strongest = max((order.index(mode) for mode in seen), default=-1)
    stated = order.index(finding.fix.lock) if finding.fix and finding.fix.lock else -1
    weak = order.index(LockMode.ROW_EXCLUSIVE)
    if max(strongest, stated) > weak:
        assert strongest == stated, (
            f"the fix states {order[stated] if stated >= 0 else 'no lock'}, the server took "
            f"{order[strongest] if strongest >= 0 else 'none'}"
        )
