from __future__ import annotations

import json

import jsonschema  # type: ignore[import-untyped]
import pytest

from dbwright.model.report import Report
from dbwright.render.json import render, schema

VALIDATOR = jsonschema.Draft202012Validator(json.loads(schema()))


def test_the_schema_is_a_schema_and_strict() -> None:
    document = json.loads(schema())
    jsonschema.Draft202012Validator.check_schema(document)
    named = [part for part in document["$defs"].values() if "properties" in part]
    assert all(part["additionalProperties"] is False for part in (document, *named))


def test_a_report_fulfils_the_schema(report: Report, empty: Report) -> None:
    VALIDATOR.validate(json.loads(render(report)))
    VALIDATOR.validate(json.loads(render(empty)))


def test_structure(report: Report) -> None:
    document = json.loads(render(report))
    assert (
        list(document)
        == (
            "schema_version command target engine server_version database findings summary skipped"
            " silenced"
        ).split()
    )
    assert document["summary"] == {
        "score": report.score,
        "counts": {"critical": 1, "error": 2, "warning": 7, "notice": 2},
        "silenced": 2,
        "rules_run": 58,
        "objects_read": {"table": 12, "index": 34, "policy": 2},
        "fail_on": "error",
        "failed": True,
    }
    measured = document["findings"][1]
    assert (
        list(measured)
        == ("rule severity confidence key object message why evidence fix proof location").split()
    )
    assert measured["location"] == {"file": "migrations/0007_orders.sql", "line": 12, "column": 3}
    assert measured["fix"]["seconds"] == 184.0
    assert measured["evidence"]["columns"] == ["order_id"]


def test_what_is_missing_is_left_out_and_nan_is_null(report: Report) -> None:
    text = render(report)
    document = json.loads(text)
    assert "NaN" not in text and "Infinity" not in text
    hostile = next(f for f in document["findings"] if f["rule"] == "schema/name-needs-quotes")
    assert hostile["evidence"]["ratio"] is None
    assert "advice" not in hostile
    assert "fix" not in document["skipped"][0]
    assert document["skipped"][1] == {
        "part": "workload",
        "reason": "the extension pg_stat_statements is not installed",
    }


def test_an_unknown_key_is_refused(report: Report) -> None:
    document = json.loads(render(report))
    document["findings"][0]["colour"] = "red"
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document)
