"""From dbwright.toml and the command line to which rules run, and how."""

from __future__ import annotations

from typing import Any

import pytest

from dbwright.check.configure import Choice, choose
from dbwright.check.registry import all_rules
from dbwright.configuration import Configuration
from dbwright.errors import BadConfiguration, UnknownRule
from dbwright.model.finding import Severity


def _choose(only: tuple[str, ...] = (), skip: tuple[str, ...] = (), **configured: Any) -> Choice:
    return choose(Configuration(**configured), only, skip)


def _ids(choice: Choice) -> set[str]:
    return {rule.id for rule in choice.rules}


ALL = {rule.id for rule in all_rules()}
KEYS = {id for id in ALL if id.startswith("keys/")}


def test_all_rules_run_by_default() -> None:
    choice = _choose()
    assert _ids(choice) == ALL
    assert (choice.thresholds, choice.severities, choice.ignored, choice.switched_off) == (
        {}, {}, (), (),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("keys/no-primary-key", {"keys/no-primary-key"}),
        ("no-primary-key", {"keys/no-primary-key"}),
        ("keys", KEYS),
        ("keys/*", KEYS),
        ("*/no-primary-*", {"keys/no-primary-key"}),
        ("*", ALL),
    ],
)
def test_patterns(pattern: str, expected: set[str]) -> None:
    assert _ids(_choose(only=(pattern,))) == expected
    assert _ids(_choose(skip=(pattern,))) == ALL - expected


def test_skip_goes_before_only() -> None:
    choice = _choose(only=("keys", "types/money-type"), skip=("keys/no-primary-key",))
    assert _ids(choice) == KEYS - {"keys/no-primary-key"} | {"types/money-type"}
    assert [rule.id for rule in choice.rules] == sorted(_ids(choice))


def test_only_of_the_command_line_goes_before_the_file_s() -> None:
    check = {"only": ["keys"], "skip": ["no-primary-key"]}
    assert _ids(_choose(check=check)) == KEYS - {"keys/no-primary-key"}
    assert _ids(_choose(only=("types/money-type",), check=check)) == {"types/money-type"}
    # What the file skips stays skipped: it is a decision about the project.
    assert _ids(_choose(only=("no-primary-key",), check=check)) == set()
    assert _ids(_choose(skip=("keys/n*",), check=check)) == {
        id for id in KEYS if not id.startswith("keys/n")
    }


@pytest.mark.parametrize("where", ["only", "skip"])
def test_a_pattern_that_fits_no_rule(where: str) -> None:
    for pattern in ("keys/no-primary-kye", "keyz/*", ""):
        with pytest.raises(UnknownRule) as told:
            _choose(**{where: (pattern,)})
        assert repr(pattern) in told.value.message
    with pytest.raises(UnknownRule, match="keyz"):
        _choose(check={where: ["keyz"]})


def test_a_rule_that_is_switched_off_is_told() -> None:
    choice = _choose(rules={"no-primary-key": {"enabled": False}}, file="a/dbwright.toml")
    assert _ids(choice) == ALL - {"keys/no-primary-key"}
    (told,) = choice.switched_off
    assert (told.part, told.rules) == ("keys/no-primary-key", ("keys/no-primary-key",))
    assert "a/dbwright.toml" in told.reason


def test_what_a_rule_s_table_sets() -> None:
    choice = _choose(
        rules={
            "indexes/unused-index": {
                "severity": "notice", "ignore": ["audit.*", "x"], "min_days": 60, "enabled": True,
            },
            "money-type": {"severity": "critical"},
        }
    )  # fmt: skip
    assert choice.severities == {
        "indexes/unused-index": Severity.NOTICE,
        "types/money-type": Severity.CRITICAL,
    }
    assert choice.ignored == (("indexes/unused-index", "audit.*"), ("indexes/unused-index", "x"))
    assert choice.thresholds["indexes/unused-index"] == {"min_days": 60}
    assert choice.thresholds["types/money-type"] == {}


def test_every_default_is_a_threshold_that_may_be_set() -> None:
    rules = {
        rule.id: {option.name: option.default for option in rule.thresholds} for rule in all_rules()
    }
    assert _choose(rules=rules).thresholds == rules


@pytest.mark.parametrize(
    ("rule", "settings", "words"),
    [
        ("indexes/unused-index", {"min_day": 3}, ["min_day:", "min_days"]),
        ("indexes/unused-index", {"min_days": "many"}, ["min_days", "number"]),
        ("indexes/unused-index", {"min_days": []}, ["min_days"]),
        ("types/money-type", {"min_days": 3}, ["no such threshold", "none"]),
        ("types/monny-type", {}, ["monny-type", "money-type"]),
    ],
)
def test_what_can_t_be_set(rule: str, settings: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(BadConfiguration) as told:
        _choose(rules={rule: settings}, file="dbwright.toml")
    text = f"{told.value.message} {told.value.next_step}"
    assert text.startswith("dbwright.toml: ")
    for word in words:
        assert word in text


def test_one_rule_by_two_names_is_refused() -> None:
    """Else one of the two tables would be lost in silence."""
    rules = {"types/money-type": {"severity": "error"}, "money-type": {"enabled": False}}
    with pytest.raises(BadConfiguration, match="twice"):
        _choose(rules=rules, file="dbwright.toml")
