"""`files/statement-refused`: its examples are files, loaded as a target of files is."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbwright.check.engine import run_rules
from dbwright.check.example import Example
from dbwright.check.registry import find_rule
from dbwright.check.rule import Rule
from dbwright.configuration import Configuration
from dbwright.model.finding import Finding, Location, Severity
from dbwright.target import opened, resolve


@pytest.fixture(scope="module")
def rule() -> Rule:
    return find_rule("files/statement-refused")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are named as the user names them: seen from here, by their own name."""
    monkeypatch.chdir(tmp_path)


def _check(rule: Rule, example: Example) -> list[Finding]:
    for old in Path().glob("*.sql"):
        old.unlink()
    for name, text in example.files.items():
        Path(name).write_text(text, encoding="utf-8")
    with opened(resolve(".", Configuration())) as source:
        run = run_rules(source.snapshot, [rule], {rule.id: example.options})
    assert run.rules_run == 1
    return list(run.findings)


def test_bad_files_are_told_with_their_place_and_what_to_do(rule: Rule) -> None:
    for example in rule.bad:
        findings = _check(rule, example)
        assert [finding.object.name for finding in findings] == list(example.objects)
        assert all(finding.location and finding.message and finding.advice for finding in findings)


def test_good_files_are_silent(rule: Rule) -> None:
    for example in rule.good:
        assert _check(rule, example) == []


def _by_line(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda f: (f.location.line, f.key) if f.location else (0, f.key))


def test_each_refusal_is_a_finding_of_its_own(rule: Rule) -> None:
    files = {"a.sql": "SELECT 1/0; SELECT 1/0;\n\\! ls\nCREATE TABLE ok (id bigint PRIMARY KEY);"}
    findings = _by_line(_check(rule, Example(files=files)))
    assert len({finding.key for finding in findings}) == len(findings) == 3
    assert [finding.severity for finding in findings] == [
        Severity.ERROR,
        Severity.ERROR,
        Severity.NOTICE,
    ]
    assert findings[0].message == "division by zero"
    assert findings[0].location == Location("a.sql", 1, 1)


def test_what_follows_from_a_refusal_is_no_error_of_its_own(rule: Rule) -> None:
    text = (
        "CREATE TABLE a (id nonsense);\n"
        "CREATE INDEX ON a (id);\n"
        "CREATE EXTENSION postgis;\n"
        "CREATE TABLE b (place geometry);\n"
        "CREATE VIEW c AS SELECT * FROM b;\n"
        "COPY a FROM '/etc/passwd';\n"
    )
    findings = _by_line(_check(rule, Example(files={"a.sql": text})))
    assert [finding.severity for finding in findings] == [
        Severity.ERROR,
        Severity.WARNING,
        Severity.NOTICE,
        Severity.NOTICE,
        Severity.NOTICE,
        Severity.NOTICE,
    ]
    assert findings[1].evidence["follows_from"] == "a.sql:1"
