from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from dbwright.model.finding import Severity
from dbwright.model.report import Report
from dbwright.render.junit import render


def failing(report: Report) -> list[str]:
    root = ElementTree.fromstring(render(report))
    return [
        case.attrib["name"] for case in root.iter("testcase") if case.find("failure") is not None
    ]


def test_findings_at_the_limit_fail(report: Report) -> None:
    assert len(failing(report)) == 3
    assert len(failing(replace(report, fail_on=None))) == 10
    assert len(failing(replace(report, fail_on=Severity.NOTICE))) == 12
    assert failing(replace(report, fail_on=Severity.CRITICAL)) == ["table shop.events"]


def test_totals(report: Report) -> None:
    root = ElementTree.fromstring(render(report))
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["skipped"]) == (
        "16",
        "3",
        "4",
    )
    for name in ("tests", "failures", "skipped", "errors"):
        assert int(root.attrib[name]) == sum(int(suite.attrib[name]) for suite in root)


def test_an_empty_report_passes(empty: Report) -> None:
    root = ElementTree.fromstring(render(empty))
    assert (root.attrib["tests"], root.attrib["failures"]) == ("1", "0")


def test_a_finding_has_its_place(report: Report) -> None:
    root = ElementTree.fromstring(render(report))
    (case,) = root.iterfind(".//testcase[@name='table shop.order_items']")
    assert (case.attrib["file"], case.attrib["line"]) == ("migrations/0007_orders.sql", "12")
