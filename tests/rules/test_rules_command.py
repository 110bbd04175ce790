"""`dbwright rules`: the list, and a rule's page."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbwright.check.registry import all_rules
from dbwright.migrate.lint.registry import all_hazards
from dbwright.migrate.pages.registry import described_pages as migration_pages
from dbwright.model.described import ADVICE, CHATTINESS, INSIGHTS, REWRITES, DescribedRule
from dbwright.model.finding import Severity
from dbwright.model.page import HEADINGS
from dbwright.rules.rules import all_described
from dbwright.tune.advisors.registry import all_advisors
from dbwright.tune.pages.registry import described_pages
from dbwright.tune.plans.registry import all_insights
from dbwright.tune.rewrites.registry import all_rewrites

Run = Callable[..., Any]


def test_the_list_has_every_rule(dbwright: Run) -> None:
    done = dbwright("rules", "--format", "markdown")
    assert done.status == 0
    known = [(rule.id, rule.severity) for rule in all_rules()]
    known += [(insight.id, insight.severity) for insight in all_insights()]
    known += [(rewrite.id, rewrite.severity) for rewrite in all_rewrites()]
    known += [(advisor.id, advisor.severity) for advisor in all_advisors()]
    known += [(page.id, page.severity) for page in described_pages()]
    known += [(hazard.id, hazard.severity) for hazard in all_hazards()]
    known += [(page.id, page.severity) for page in migration_pages()]
    for id, severity in known:
        assert f"| {id} | {severity} | " in done.out
    assert done.out.startswith(f"# {len(known)} rules\n")
    # On the screen long ids may be wrapped; none is left out.
    assert "no-primary-key" in dbwright("rules").out


def test_a_part_of_the_list(dbwright: Run) -> None:
    found = dbwright("rules", "--topic", "security", "--format", "json").report["rules"]
    assert [one["id"] for one in found] == [r.id for r in all_rules() if r.topic == "security"]
    found = dbwright("rules", "--severity", "error", "--format", "json").report["rules"]
    assert {one["severity"] for one in found} == {"critical", "error"}
    assert len(found) == sum(rule.severity.at_least(Severity.ERROR) for rule in all_described())


def test_insights_are_a_topic_of_their_own(dbwright: Run) -> None:
    found = dbwright("rules", "--topic", INSIGHTS, "--format", "json").report["rules"]
    assert [one["id"] for one in found] == [insight.id for insight in all_insights()]
    assert INSIGHTS not in {rule.topic for rule in all_rules()}


def test_rewrites_are_a_topic_of_their_own(dbwright: Run) -> None:
    found = dbwright("rules", "--topic", REWRITES, "--format", "json").report["rules"]
    assert [one["id"] for one in found] == [rewrite.id for rewrite in all_rewrites()]
    page = dbwright("rules", "rewrites/offset-pagination", "--format", "markdown").out
    for heading in (*HEADINGS, "Configuration", "Found", "Not found"):
        assert f"\n## {heading}\n" in page
    assert "OFFSET 5000;" in page and "dbwright tune" in page


def test_advice_and_talk_are_topics_of_their_own(dbwright: Run) -> None:
    for topic in (ADVICE, CHATTINESS):
        found = dbwright("rules", "--topic", topic, "--format", "json").report["rules"]
        known = [page.id for page in described_pages()] + [one.id for one in all_advisors()]
        assert [one["id"] for one in found] == sorted(
            id for id in known if id.startswith(f"{topic}/")
        )
    page = dbwright("rules", "n-plus-one", "--format", "markdown").out
    for heading in (*HEADINGS, "Configuration", "Found"):
        assert f"\n## {heading}\n" in page
    assert "\ntimes = 10  # calls in one burst" in page
    assert "`dbwright tune --workload`" in page


def test_no_name_stands_for_two() -> None:
    """Both are found by the part after the slash."""
    names = [rule.name for rule in all_described()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ["plans/sort-spills-to-disk", "sort-spills-to-disk"])
def test_an_insight_s_page(dbwright: Run, name: str) -> None:
    done = dbwright("rules", name, "--format", "markdown")
    assert done.status == 0
    for heading in (*HEADINGS, "Configuration", "Found", "Not found"):
        assert f"\n## {heading}\n" in done.out
    assert "--analyze" in done.out and "min_bytes = " in done.out
    assert "\nEXPLAIN (ANALYZE) SELECT" in done.out
    assert "dbwright: ignore" not in done.out  # no comment silences it


def test_a_name_that_does_not_exist(dbwright: Run) -> None:
    done = dbwright("rules", "plans/sort-spill-to-disk")
    assert (done.status, done.out) == (2, "")
    assert "did you mean plans/sort-spills-to-disk?" in done.err


def test_a_topic_that_does_not_exist(dbwright: Run) -> None:
    done = dbwright("rules", "--topic", "nothing")
    assert (done.status, done.out) == (2, "")
    assert "security" in done.err


@pytest.mark.parametrize("name", ["indexes/unused-index", "unused-index"])
def test_a_rule_s_page(dbwright: Run, name: str) -> None:
    done = dbwright("rules", name, "--format", "markdown")
    assert done.status == 0
    for heading in (*HEADINGS, "Configuration", "Found", "Not found"):
        assert f"\n## {heading}\n" in done.out
    assert "dbwright: ignore indexes/unused-index <reason>" in done.out
    assert "min_days = " in done.out
    assert "min_days" in dbwright("rules", name).out


def test_a_rule_for_a_program(dbwright: Run) -> None:
    report = dbwright("rules", "unused-index", "--format", "json").report
    assert (report["schema_version"], report["command"]) == (1, "rules")
    assert (report["id"], report["severity"]) == ("indexes/unused-index", "warning")
    assert set(report["page"]) == set(HEADINGS)
    assert "default" in report["thresholds"]["min_days"]


def test_written_to_files(dbwright: Run, tmp_path: Path) -> None:
    done = dbwright(
        "rules", "unused-index", "-o", "r.md", "--also", "r.json", "--also", "r.txt", "-q"
    )
    assert (done.status, done.out, done.err) == (0, "", "")
    assert (tmp_path / "r.md").read_text().startswith("# ")
    assert json.loads((tmp_path / "r.json").read_text())["id"] == "indexes/unused-index"
    assert "unused" in (tmp_path / "r.txt").read_text()
    assert dbwright("rules", "-o", "r.html").status == 2


def _settable(rule: DescribedRule) -> list[str]:
    return [each.name for each in rule.thresholds if each.default is not None]


@pytest.mark.parametrize("rule", all_described(), ids=lambda rule: rule.id)
def test_the_configuration_on_a_page_is_one(
    rule: DescribedRule, dbwright: Run, tmp_path: Path
) -> None:
    """What a page says may be set, may be set: also the lines that stand there as comments."""
    page = dbwright("rules", rule.id, "--format", "markdown").out
    (block,) = [part.partition("\n```")[0] for part in page.split("```toml\n")[1:]]
    lines = [line.removeprefix("# ") if " = " in line else line for line in block.splitlines()]
    text = "\n".join(lines)
    (settings,) = tomllib.loads(text)["rules"].values()
    assert set(settings) == {"enabled", "severity", "ignore", *_settable(rule)}
    (tmp_path / "dbwright.toml").write_text(text)
    (tmp_path / "x.sql").write_text("")
    # It gets as far as the target, which does not exist.
    calls: dict[str, tuple[str, ...]] = {INSIGHTS: ("explain", "nowhere", "SELECT 1")}
    calls |= dict.fromkeys((ADVICE, CHATTINESS, REWRITES), ("tune", "nowhere"))
    done = dbwright(*calls.get(rule.topic, ("check", "nowhere")))
    assert "nowhere" in done.err, done.err
