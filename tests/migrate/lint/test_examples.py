"""Every hazard's examples, on real servers: BAD must make it speak, GOOD must not.

The first BAD of each runs on the newest version; with --slow all of them, on the oldest one as well.
What must be silent is also in `test_false_alarms`, all rules at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.migrate.lint.examples import Bench, bench, linted

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import Hazard
from dbwright.migrate.lint.registry import all_hazards, known_ids
from dbwright.migrate.lint.silence import SQUAWK_NAMES
from dbwright.model.described import MIGRATIONS
from dbwright.sandbox import Server
from servers.postgresql import majors


def _cases() -> Iterator[Any]:
    oldest, newest = majors()[0], majors()[-1]
    for hazard in all_hazards():
        for bad, examples in ((True, hazard.bad), (False, hazard.good)):
            for n, example in enumerate(examples):
                for major in (oldest, newest):
                    if not example.oldest <= major <= (example.newest or newest):
                        continue
                    quick = major == newest and n == 0 and bad
                    name = f"{hazard.id}-{'bad' if bad else 'good'}{n}-{major}"
                    marks = [] if quick else [pytest.mark.slow]
                    yield pytest.param(hazard, example, bad, major, id=name, marks=marks)


@pytest.fixture(scope="module")
def bench_of(server_of: Callable[[int], Server]) -> Iterator[Callable[[int], Bench]]:
    with ExitStack() as stack:
        open_: dict[int, Bench] = {}

        def get(major: int) -> Bench:
            if major not in open_:
                open_[major] = stack.enter_context(bench(server_of(major)))
            return open_[major]

        yield get


@pytest.mark.parametrize(("hazard", "example", "bad", "major"), list(_cases()))
def test_example(
    hazard: Hazard,
    example: MigrationExample,
    bad: bool,
    major: int,
    bench_of: Callable[[int], Bench],
) -> None:
    found = linted(example, hazard, bench_of(major).judged(example))
    assert found.skipped == ()
    if not bad:
        assert [one.message for one in found.findings] == []
        return
    names = sorted(one.object.name for one in found.findings)
    assert names
    if example.objects:
        assert names == sorted(example.objects)
    if example.severity:
        assert {one.severity.value for one in found.findings} == {example.severity}
    keys = [one.key for one in found.findings]
    assert len(keys) == len(set(keys)), "two findings share a key"
    assert all(one.location and one.location.line >= 1 for one in found.findings)


def test_every_hazard_is_named_as_its_function() -> None:
    for hazard in all_hazards():
        assert hazard.id == f"{MIGRATIONS}/{hazard.function.__name__.replace('_', '-')}"
        assert hazard.bad and hazard.good


def test_names_of_squawk_are_of_hazards_that_exist() -> None:
    names = {f"{MIGRATIONS}/{name}" for names in SQUAWK_NAMES.values() for name in names}
    assert names <= set(known_ids())
