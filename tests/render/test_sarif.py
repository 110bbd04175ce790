from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]

from dbwright.model.report import Report
from dbwright.render import RuleText
from dbwright.render.sarif import render

SCHEMA = json.loads(Path(__file__).with_name("sarif-2.1.0.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft7Validator(
    SCHEMA, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
)


def run_of(report: Report, rules: Mapping[str, RuleText] | None = None) -> dict[str, Any]:
    document = json.loads(render(report, rules=rules))
    VALIDATOR.validate(document)
    (run,) = document["runs"]
    assert isinstance(run, dict)
    return run


def test_an_empty_run_is_valid(empty: Report) -> None:
    assert run_of(empty)["results"] == []


def test_results_point_to_their_rules(report: Report) -> None:
    run = run_of(report)
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert [result["level"] for result in run["results"]] == (
        ["error"] * 3 + ["warning"] * 7 + ["note"] * 2 + ["note", "warning"]
    )


def test_locations(report: Report) -> None:
    results = run_of(report)["results"]
    assert "physicalLocation" not in results[0]["locations"][0]
    assert results[0]["locations"][0]["logicalLocations"] == [
        {"name": "shop.events", "fullyQualifiedName": "shop.events", "kind": "table"}
    ]
    assert results[1]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "migrations/0007_orders.sql"},
        "region": {"startLine": 12, "startColumn": 3},
    }
    hostile = next(r for r in results if r["ruleId"] == "schema/name-needs-quotes")
    place = hostile["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "dir%20with%20space/a%3Ab%23c.sql"


def test_fingerprints_are_the_keys(report: Report) -> None:
    results = run_of(report)["results"]
    keys = [finding.key for finding in report.findings]
    assert [r["partialFingerprints"]["dbwright/v1"] for r in results[: len(keys)]] == keys


def test_a_name_makes_no_link(report: Report) -> None:
    linking = replace(report.findings[0], message="see [here](file:x)")
    (result,) = run_of(replace(report, findings=(linking,), silenced=()))["results"]
    assert result["message"]["text"] == "see [here]\\(file:x)"


def test_silenced_findings_are_suppressed(report: Report) -> None:
    *others, comment, baseline = run_of(report)["results"]
    assert not any("suppressions" in result for result in others)
    assert comment["suppressions"] == [
        {"kind": "inSource", "justification": "kept for the year's end report"}
    ]
    assert baseline["suppressions"] == [
        {"kind": "external", "justification": "silenced by baseline"}
    ]


def test_skipped_parts_are_notifications(report: Report) -> None:
    (invocation,) = run_of(report)["invocations"]
    assert invocation["executionSuccessful"] is True
    first, second = invocation["toolExecutionNotifications"]
    assert "GRANT SELECT ON" in first["message"]["text"]
    assert second["properties"]["part"] == "workload"


def test_rules_are_described(report: Report, rules: Mapping[str, RuleText]) -> None:
    described = {rule["id"]: rule for rule in run_of(report, rules)["tool"]["driver"]["rules"]}
    duplicate = described["index/duplicate-index"]
    assert duplicate["shortDescription"]["text"] == "Two indexes with the same columns"
    assert duplicate["help"]["markdown"].startswith("## What it finds")
    assert "security-severity" not in duplicate["properties"]
    security = described["security/row-level-security-not-forced"]
    assert security["properties"]["security-severity"] == "8.0"
    assert security["shortDescription"]["text"] == "Row level security not forced"


def test_fixes_are_in_the_properties(report: Report) -> None:
    result = run_of(report)["results"][1]
    assert "fixes" not in result
    assert result["properties"]["fix"]["up"].startswith("CREATE INDEX CONCURRENTLY")
    assert result["properties"]["evidence"]["rows"] == 48_000_000
