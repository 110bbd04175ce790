"""Every advisor's examples on real servers: BAD must make it speak, GOOD must not; its fix must run
there, and be taken back.

Each runs on the oldest version that it is for and the newest; with --slow on all between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.tune.advisors.place import advised, execute, prepared

from dbwright.sandbox import Server
from dbwright.tune.advisors.advisor import Advisor
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.registry import all_advisors
from servers.postgresql import majors


def _cases() -> Iterator[Any]:
    for advisor in all_advisors():
        for bad, examples in ((True, advisor.bad), (False, advisor.good)):
            for n, example in enumerate(examples):
                wanted = [major for major in majors() if major >= example.oldest]
                for major in wanted:
                    quick = (wanted[0], wanted[-1]) if bad else wanted[-1:]
                    marks = [] if major in quick else [pytest.mark.slow]
                    name = f"{advisor.id.partition('/')[2]}-{'bad' if bad else 'good'}{n}-{major}"
                    yield pytest.param(advisor, example, bad, major, id=name, marks=marks)


@pytest.mark.parametrize(("advisor", "example", "bad", "major"), list(_cases()))
def test_example(
    advisor: Advisor,
    example: AdvisorExample,
    bad: bool,
    major: int,
    server_of: Callable[[int], Server],
    tmp_path: Path,
) -> None:
    with prepared(example, server_of(major)) as url:
        found, skipped = advised(advisor, example, url, tmp_path)
        assert not any("broke" in one.reason for one in skipped), skipped
        if not bad:
            assert [finding.message for finding in found] == []
            return
        assert found
        if example.objects:
            assert sorted(finding.object.name for finding in found) == sorted(example.objects)
        for finding in found:
            if finding.fix is not None and example.fix_runs:
                execute(url, finding.fix.up)
                if finding.fix.down:
                    execute(url, finding.fix.down)
