"""What `--help` offers is what there is."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest

from dbwright.cli.app import run
from dbwright.cli.command import REPORT_FORMATS
from dbwright.cli.output import format_names
from dbwright.model.document import Document
from dbwright.model.explanation import Explanation
from dbwright.model.report import Report
from dbwright.model.snapshot import Snapshot
from dbwright.operation import Operation, all_operations, operations_named

OPERATIONS = all_operations()
Help = Callable[[Operation], str]


@pytest.fixture
def help_of(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Help]:
    monkeypatch.setenv("COLUMNS", "100")
    before = signal.getsignal(signal.SIGTERM)

    def call(operation: Operation) -> str:
        capsys.readouterr()
        assert run([*operation.path, "--help"]) == 0
        return " ".join(capsys.readouterr().out.partition("Options:")[2].split())

    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_the_formats_of_its_result_and_no_other(operation: Operation, help_of: Help) -> None:
    text = help_of(operation)
    known = set(format_names(operation.result))
    if not known:
        assert "--format" not in text and "--also" not in text
        return
    listed = text.partition("--format FORMAT ")[2].partition(" [")[0]
    named = listed.replace(" or ", ", ").split(", ")
    assert set(named) == known
    assert len(named) == len(known)


def test_kinds_of_results() -> None:
    assert set(format_names(Report)) == set(REPORT_FORMATS) == set(format_names())
    assert format_names(Snapshot) == ()
    for kind in (Document, Explanation):
        assert not {"sarif", "junit"} & set(format_names(kind))
    assert {operation.result for operation in OPERATIONS} >= {Report, Document, Snapshot}


def test_a_snapshot_still_says_why_it_takes_no_format(capsys: pytest.CaptureFixture[str]) -> None:
    """Hidden, but not unknown: who tries it is told the reason."""
    assert run(["snapshot", "--format", "json"]) == 2
    assert "a format of its own" in capsys.readouterr().err


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_named_is_the_same_operation(operation: Operation) -> None:
    assert operation in operations_named([*operation.path, "--help"])


def test_a_group_or_a_wrong_name_offers_every_operation() -> None:
    for words in ([], ["--help"], ["migrate"], ["migrate", "--help"], ["migrat", "status"]):
        assert operations_named(words) == OPERATIONS
