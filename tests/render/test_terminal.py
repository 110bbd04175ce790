from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from dbwright.model.finding import Finding
from dbwright.model.report import Report
from dbwright.render.terminal import render


def without_sql(report: Report) -> Report:
    """The report without anything that must not be wrapped."""
    findings = tuple(
        replace(f, fix=f.fix and replace(f.fix, up=";", down="")) for f in report.findings
    )
    skipped = tuple(replace(s, remedy="") for s in report.skipped)
    return replace(report, findings=findings, skipped=skipped)


@pytest.mark.parametrize("width", [40, 80, 100])
@pytest.mark.parametrize("verbose", [False, True])
def test_lines_fit(report: Report, width: int, verbose: bool) -> None:
    text = render(without_sql(report), width=width, verbose=verbose)
    assert max(cell_len(line) for line in text.splitlines()) <= width


def test_eighty_columns_without_being_told(report: Report) -> None:
    text = render(report)
    assert text == render(report, width=80)
    prose = [line for line in text.splitlines() if not line.startswith(" " * 6)]
    assert max(cell_len(line) for line in prose) <= 80


def test_no_line_ends_in_blanks(report: Report) -> None:
    assert all(line == line.rstrip() for line in render(report).splitlines())


def test_sql_is_not_wrapped_and_can_be_copied(report: Report) -> None:
    text = render(report, width=40)
    fix = report.findings[1].fix
    assert fix is not None and f"      {fix.up}\n" in text


def test_first_five_objects_unless_verbose(report: Report) -> None:
    short, whole = render(report), render(report, verbose=True)
    assert "and 2 more (--verbose)" in short
    assert "products_category_4;" in short and "products_category_5;" not in short
    assert "products_category_6;" in whole and "--verbose" not in whole
    assert "CREATE INDEX CONCURRENTLY products_category_6" in whole


def test_a_why_is_said_once(report: Report) -> None:
    assert render(report).count("Every write maintains both indexes") == 1


def test_whys_that_differ_are_all_said(report: Report) -> None:
    findings = [f for f in report.findings if f.rule == "index/duplicate-index"]
    different: list[Finding] = [replace(f, why=f"reason {n}") for n, f in enumerate(findings)]
    text = render(replace(report, findings=tuple(different)))
    assert all(f"reason {number}" in text for number in range(5))


def test_worst_first(report: Report) -> None:
    text = render(replace(report, findings=report.findings[::-1]))
    places = [text.index(f"\n{word}  ") for word in ("CRITICAL", "ERROR", "WARNING", "NOTICE")]
    assert places == sorted(places)


def test_no_escape_code_without_colour(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in render(report)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" in render(report, color=True)


def test_colour_changes_no_word(report: Report) -> None:
    import re

    assert re.sub("\x1b\\[[0-9;]*m", "", render(report, color=True)) == render(report)


def test_what_was_skipped_and_what_mends_it(report: Report) -> None:
    text = render(report)
    assert "      GRANT SELECT ON shop.payments, shop.invoices TO dbwright;\n" in text
    assert "Silenced  1 by baseline, 1 by comment" in text


def test_empty_report_says_what_was_looked_at(empty: Report) -> None:
    text = render(empty)
    assert "nothing wrong" in text and "58 rules, 1 table, 2 indexes" in text
