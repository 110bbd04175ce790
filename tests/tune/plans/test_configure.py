"""What dbwright.toml says of insights, and what `dbwright explain` makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbwright.check.configure import choose as choose_rules
from dbwright.configuration import Configuration
from dbwright.errors import BadConfiguration
from dbwright.model.finding import Severity
from dbwright.tune.plans.configure import Chosen, choose
from dbwright.tune.plans.registry import all_insights
from servers.command_line import Done

SCAN = "plans/sequential-scan-discards-rows"
ALL = {insight.id for insight in all_insights()}
PLAN = """\
 Seq Scan on orders  (cost=0.00..378.00 rows=20 width=13) (actual time=0.01..2.50 rows=20 loops=1)
   Filter: (customer = 7)
   Rows Removed by Filter: 19980
 Planning Time: 0.100 ms
 Execution Time: 2.600 ms
"""


def chosen(**rules: Any) -> Chosen:
    return choose(Configuration(rules=rules, file=Path("dbwright.toml")))


def test_all_run_by_default() -> None:
    found = choose(Configuration())
    assert {insight.id for insight in found.insights} == ALL
    rules = found.rules
    assert (rules.thresholds, rules.severities, rules.ignored) == ({}, {}, {})
    assert rules.switched_off == () and rules.enabled == ALL


def test_what_a_table_sets() -> None:
    found = chosen(
        **{SCAN: {"severity": "error", "ignore": ["audit.*"], "min_rows": 5}},
        **{"plans/heap-fetches": {"enabled": False}},
    )
    assert found.rules.thresholds[SCAN] == {"min_rows": 5.0}
    assert found.rules.severities == {SCAN: Severity.ERROR}
    assert found.rules.ignored == {SCAN: ("audit.*",)}
    assert {insight.id for insight in found.insights} == ALL - {"plans/heap-fetches"}
    (told,) = found.rules.switched_off
    assert told.rules == ("plans/heap-fetches",) and "dbwright.toml" in told.reason


def test_every_default_may_be_set() -> None:
    rules = {
        insight.id: {each.name: each.default for each in insight.thresholds}
        for insight in all_insights()
    }
    assert chosen(**rules).rules.thresholds == rules


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        (SCAN, {"min_row": 3}, ["min_row:", "min_rows"]),
        (SCAN, {"min_rows": "many"}, ["min_rows", "number"]),
        ("plans/heap-fetch", {}, ["plans/heap-fetches"]),
        ("plans/", {}, ["no such insight", "rules --topic plans"]),
    ],
)
def test_what_can_t_be_set(name: str, settings: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(BadConfiguration) as told:
        chosen(**{name: settings})
    text = f"{told.value.message} {told.value.next_step}"
    assert text.startswith("dbwright.toml: ")
    assert all(word in text for word in words)


def test_each_command_reads_its_own_tables() -> None:
    """One file may set rules and insights."""
    configuration = Configuration.model_validate(
        {"rules": {SCAN: {"min_rows": 1}, "types/money-type": {"severity": "notice"}}}
    )
    assert choose(configuration).rules.thresholds == {SCAN: {"min_rows": 1}}
    assert choose_rules(configuration, (), ()).severities == {"types/money-type": Severity.NOTICE}


Run = Callable[..., Done]


def explained(dbwright: Run, folder: Path, settings: str) -> dict[str, Any]:
    (folder / "plan.txt").write_text(PLAN)
    (folder / "dbwright.toml").write_text(settings)
    done = dbwright("explain", "--plan", "plan.txt", "--format", "json", "-q")
    assert done.status == 0, done.err
    return done.report


def test_severity_and_thresholds_reach_the_result(dbwright: Run, tmp_path: Path) -> None:
    found = explained(dbwright, tmp_path, f'[rules."{SCAN}"]\nseverity = "critical"\n')
    (remark,) = (one for one in found["remarks"] if one["rule"] == SCAN)
    assert remark["severity"] == "critical"
    assert found["remarks"][0] == remark  # worst first
    found = explained(dbwright, tmp_path, f'[rules."{SCAN}"]\nmin_rows = 50_000\n')
    assert SCAN not in {one["rule"] for one in found["remarks"]}


def test_what_is_not_shown_is_told(dbwright: Run, tmp_path: Path) -> None:
    shown = explained(dbwright, tmp_path, "")
    (name,) = {one["object"]["name"] for one in shown["remarks"] if one["rule"] == SCAN}
    for settings in ("enabled = false", f"ignore = [{json.dumps(name)}]"):
        found = explained(dbwright, tmp_path, f'[rules."{SCAN}"]\n{settings}\n')
        assert SCAN not in {one["rule"] for one in found["remarks"]}
        assert any(
            SCAN in (skipped.get("rule"), skipped.get("part")) for skipped in found["skipped"]
        )


def test_a_wrong_table_is_told_before_anything_is_read(dbwright: Run, tmp_path: Path) -> None:
    (tmp_path / "dbwright.toml").write_text('[rules."plans/heap-fetch"]\n')
    done = dbwright("explain", "nowhere", "SELECT 1")
    assert (done.status, done.out) == (2, "")
    assert "plans/heap-fetches" in done.err
