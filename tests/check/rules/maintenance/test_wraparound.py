"""How bad an age is: figures that no example can reach."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dbwright.check.engine import run_rules
from dbwright.check.rules.maintenance.transaction_id_wraparound import transaction_id_wraparound
from dbwright.model.activity import Activity, PreparedTransaction
from dbwright.model.catalog import Catalog, Database, Server, Setting
from dbwright.model.finding import Finding
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import DatabaseStatistics, Statistics

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def findings(age: int, freeze_max_age: int = 200_000_000, held: int = 0) -> list[Finding]:
    setting = Setting("autovacuum_freeze_max_age", str(freeze_max_age))
    catalog = Catalog(
        "postgresql",
        Server("18.1", 180001, "shop"),
        NOW,
        settings=(setting,),
        databases=(Database("shop"), Database("template0", allows_connections=False)),
    )
    databases = (DatabaseStatistics("shop", xid_age=age), DatabaseStatistics("template0"))
    prepared = (PreparedTransaction("left behind", NOW, "app", "shop", held),) if held else ()
    snapshot = Snapshot(
        "a test",
        catalog,
        Statistics(None, NOW, databases=databases),
        Activity(NOW, prepared_transactions=prepared),
    )
    run = run_rules(snapshot, [transaction_id_wraparound])
    assert run.rules_run == 1
    return list(run.findings)


@pytest.mark.parametrize(
    ("age", "freeze_max_age", "severity"),
    [
        (399_999_999, 200_000_000, None),
        (400_000_000, 200_000_000, "warning"),
        (1_080_000_000, 200_000_000, "error"),
        (1_620_000_000, 200_000_000, "critical"),
        # By design, where the setting says so; but not when little is left.
        (1_500_000_000, 1_500_000_000, None),
        (1_620_000_000, 1_500_000_000, "critical"),
    ],
)
def test_severity(age: int, freeze_max_age: int, severity: str | None) -> None:
    assert [f.severity for f in findings(age, freeze_max_age)] == ([severity] if severity else [])


def test_what_holds_vacuum_back_is_named_first() -> None:
    (finding,) = findings(500_000_000, held=499_000_000)
    assert finding.evidence["held_back_by"] == ["the prepared transaction left behind"]
    assert finding.advice.startswith("First end the prepared transaction left behind")
    (finding,) = findings(500_000_000, held=1_000_000)
    assert finding.evidence["held_back_by"] == []
