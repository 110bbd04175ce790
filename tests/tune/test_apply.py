"""Which advice goes into one migration."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from dbwright.model.finding import Confidence, Finding, Fix, ObjectRef, Severity
from dbwright.model.report import Report
from dbwright.tune.apply import applied

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def finding(rule: str, table: str, up: str) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.NOTICE,
        confidence=Confidence.MEDIUM,
        object=ObjectRef("table", table),
        message=f"{rule} of {table}",
        why="",
        key=f"{rule}:{table}",
        fix=Fix(up=up, down=f"-- back: {up}"),
    )


PARTITIONED = finding("tune/large-time-ordered-table", "public.events", "DO 'partitions';")
INDEXED = finding("tune/missing-index", "public.events", "CREATE INDEX ON public.events (at);")
OTHER = finding("tune/missing-index", "public.orders", "CREATE INDEX ON public.orders (id);")


def written(folder: Path, *findings: Finding) -> tuple[str, Report]:
    report = applied(Report(command="tune", target="x", findings=findings, skipped=()), folder, AT)
    (path,) = folder.glob("*.sql")
    return path.read_text(encoding="utf-8"), report


def test_partitions_are_not_made_of_a_table_that_changes_meanwhile(tmp_path: Path) -> None:
    text, report = written(tmp_path, PARTITIONED, INDEXED, OTHER)
    assert "partitions" not in text.replace("public.events", "")
    assert "public.events (at)" in text and "public.orders (id)" in text
    (left,) = report.skipped
    assert left.objects == ("public.events",)
    assert "tune again" in left.remedy


def test_partitions_of_a_table_that_stays_are_made(tmp_path: Path) -> None:
    text, report = written(tmp_path, PARTITIONED, OTHER)
    assert "DO 'partitions';" in text
    assert report.skipped == ()
