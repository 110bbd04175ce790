"""Comments that silence findings."""

from __future__ import annotations

from dbwright.migrate.lint.silence import ignores, silenced
from dbwright.model.finding import Confidence, Finding, Location, ObjectRef, Severity

TEXT = """-- dbwright: ignore drops-a-table not used
-- since spring
DROP TABLE a;
DROP TABLE b; -- dbwright: ignore migrations/drops-a-table
/* dbwright: ignore drops-* both */
DROP TABLE c;
-- squawk-ignore ban-drop-table, ban-drop-column
DROP TABLE d;
DROP TABLE '-- dbwright: ignore drops-a-table';
-- dbwright: ignore drops-a-table nothing behind it
"""


def finding(line: int, path: str = "a.sql", rule: str = "drops-a-table") -> Finding:
    return Finding(
        rule=f"migrations/{rule}",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        object=ObjectRef("table", "t"),
        message="",
        why="",
        key=f"{path}:{line}",
        location=Location(path, line),
    )


def test_comments_are_for_the_statement_behind_them_or_before_them_on_its_line() -> None:
    found = ignores(TEXT)
    assert [(one.covers, one.reason) for one in found] == [
        (3, "not used"),
        (4, ""),
        (6, "both"),
        (8, "squawk-ignore"),
    ]


def test_findings_are_silenced_by_file_line_and_rule() -> None:
    findings = [
        *(finding(line) for line in (3, 4, 6, 8, 9)),
        finding(3, "b.sql"),
        finding(3, rule="refused-by-the-server"),
    ]
    shown, hidden, unused = silenced(findings, {"a.sql": TEXT})
    assert [one.finding.key for one in hidden] == [f"a.sql:{line}" for line in (3, 4, 6, 8)]
    assert [one.key for one in shown] == ["a.sql:9", "b.sql:3", "a.sql:3"]
    assert unused == []


def test_a_comment_that_silences_nothing_is_told_unless_it_is_squawks() -> None:
    text = (
        "-- dbwright: ignore drops-a-table\nSELECT 1;\n-- squawk-ignore ban-drop-table\nSELECT 2;"
    )
    _, _, unused = silenced([], {"a.sql": text})
    assert [(path, one.line) for path, one in unused] == [("a.sql", 1)]
