"""The demo as a newcomer runs it: every planted fault is found, and hardly anything else."""

from __future__ import annotations

import pytest

from dbwright.check.registry import all_rules
from dbwright.demo.defects import DEFECTS, Defect
from dbwright.demo.demo import demo
from dbwright.model.finding import Severity
from dbwright.model.report import Report


@pytest.fixture(scope="module")
def report() -> Report:
    return demo()


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda d: f"{d.rule} {d.object.name}")
def test_every_planted_fault_is_found(report: Report, defect: Defect) -> None:
    found = {(finding.rule, str(finding.object)) for finding in report.findings}
    assert (defect.rule, str(defect.object)) in found


def test_nothing_else_is_wrong(report: Report) -> None:
    """What is found beside the planted faults are notices: the rest of the shop is sound."""
    planted = {(defect.rule, str(defect.object)) for defect in DEFECTS}
    others = [
        f"{finding.severity} {finding.rule} {finding.object}: {finding.message}"
        for finding in report.findings
        if (finding.rule, str(finding.object)) not in planted
        and finding.severity.at_least(Severity.WARNING)
    ]
    assert others == []


def test_every_rule_was_decided(report: Report) -> None:
    broken = [part for part in report.skipped if "broke" in part.reason]
    assert broken == []
    assert report.rules_run > 0.7 * len(all_rules())
