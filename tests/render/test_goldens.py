"""Every format's bytes for one varied report and an empty one.

DBWRIGHT_UPDATE_GOLDENS=1 writes the files anew: look at the difference before committing it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from dbwright import __version__
from dbwright.model.report import Report
from dbwright.render import FORMATS, RuleText, render

GOLDENS = Path(__file__).with_name("goldens")


def compare(name: str, text: str) -> None:
    path = GOLDENS / name
    text = text.replace(f'"version": "{__version__}"', '"version": "(version)"')
    if os.environ.get("DBWRIGHT_UPDATE_GOLDENS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("format", FORMATS)
def test_report(format: str, report: Report, rules: Mapping[str, RuleText]) -> None:
    text = render(report, format, rules=rules)
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert text == render(report, format, rules=rules)
    compare(f"report{FORMATS[format].ENDINGS[0]}", text)


@pytest.mark.parametrize("format", FORMATS)
def test_empty_report(format: str, empty: Report) -> None:
    compare(f"empty{FORMATS[format].ENDINGS[0]}", render(empty, format))


def test_terminal_with_colours_and_everything(report: Report) -> None:
    compare("report.verbose.ansi", render(report, "terminal", color=True, verbose=True))
