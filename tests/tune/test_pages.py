"""What `tune` finds by itself has a page, and what a page says may be set is what is used."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dbwright.tune
from dbwright import capture
from dbwright.capture import Recorder
from dbwright.configuration import Configuration
from dbwright.errors import BadConfiguration
from dbwright.model.described import ADVICE, CHATTINESS, DescribedRule
from dbwright.model.finding import Finding, ObjectRef
from dbwright.model.page import why_it_matters
from dbwright.tune.advisors.describe import described_advisors
from dbwright.tune.chattiness_rules import RULES, Thresholds, thresholds_from
from dbwright.tune.drop_findings import REDUNDANT_RULE
from dbwright.tune.index_findings import MISSING_RULE
from dbwright.tune.indexes.droppable import droppable
from dbwright.tune.measured.findings import CONSTANTS_RULE
from dbwright.tune.options import Chosen, choose
from dbwright.tune.pages.registry import described_pages, page_of
from servers.command_line import Done
from servers.postgresql import Database

SOURCE = Path(dbwright.tune.__path__[0])
ID = re.compile(rf"({ADVICE}|{CHATTINESS})/[a-z]+(-[a-z]+)*")
PAGES = {page.id for page in described_pages()}
ADVISORS = {advisor.id for advisor in described_advisors()}
FILE = Path("dbwright.toml")


def chosen(rules: dict[str, Any]) -> Chosen:
    return choose(Configuration(rules=rules, file=FILE))


def named() -> Iterator[tuple[str, str]]:
    """Each id that a module of `tune` has as a constant, with the module."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            value = node.value if isinstance(node, ast.Constant) else None
            if isinstance(value, str) and ID.fullmatch(value):
                yield value, path.relative_to(SOURCE).as_posix()


def test_each_finding_has_a_page() -> None:
    found = dict(named())
    assert {MISSING_RULE, REDUNDANT_RULE, CONSTANTS_RULE, *RULES} <= set(found)
    assert not {id: place for id, place in found.items() if id not in PAGES | ADVISORS}


def test_each_page_is_of_a_finding() -> None:
    assert set(dict(named())) >= PAGES
    assert not PAGES & ADVISORS
    assert {page.topic for page in described_pages()} == {ADVICE, CHATTINESS}
    assert {page.id for page in described_pages() if page.topic == CHATTINESS} == set(RULES)


@pytest.mark.parametrize("page", described_pages(), ids=lambda page: page.id)
def test_a_page_says_something(page: DescribedRule) -> None:
    assert page.title.endswith(".")
    assert len(why_it_matters(page.page)) > 40  # it is told with each finding
    assert "](https://" in page.page["Sources"]
    assert all(threshold.help for threshold in page.thresholds)
    assert page_of(page.id) is page


def test_every_default_may_be_set() -> None:
    rules: dict[str, Any] = {
        rule.id: {each.name: each.default for each in rule.thresholds if each.default is not None}
        for rule in (*described_pages(), *described_advisors())
    }
    found = chosen(rules)
    assert {**found.advice.thresholds, **found.talk.thresholds} == rules


def test_what_can_not_be_set_is_told() -> None:
    with pytest.raises(BadConfiguration, match="has no such threshold") as told:
        chosen({"chattiness/n-plus-one": {"tims": 20}})
    assert told.value.next_step == "it has: times"
    with pytest.raises(BadConfiguration, match=r"pings\"\.share"):
        chosen({"chattiness/pings": {"share": "much"}})
    with pytest.raises(BadConfiguration) as unknown:
        chosen({"chattiness/n-plus-two": {}})
    assert "did you mean chattiness/n-plus-one?" in unknown.value.next_step


NAMES = [(rule, each.name) for rule in RULES for each in page_of(rule).thresholds]


@given(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 10**6)))
def test_each_threshold_has_its_place(given: dict[tuple[str, str], int]) -> None:
    values: dict[str, dict[str, object]] = {"plans/heap-fetches": {"times": 7}}
    for (rule, name), value in given.items():
        values.setdefault(rule, {})[name] = value
    found = dataclasses.asdict(thresholds_from(values))
    assert len(found) == len(NAMES) == len(dataclasses.fields(Thresholds))
    for rule, name in NAMES:
        (default,) = [each.default for each in page_of(rule).thresholds if each.name == name]
        place = f"{page_of(rule).name.replace('-', '_')}_{name}"
        assert found[place] == given.get((rule, name), default)


def test_the_thresholds_of_redundant_indexes_are_those_that_are_used() -> None:
    parameters = inspect.signature(droppable).parameters.values()
    assert [(each.name, each.default) for each in page_of(REDUNDANT_RULE).thresholds] == [
        (each.name, each.default) for each in parameters if each.default is not each.empty
    ]


def test_findings_of_a_rule_that_is_switched_off_are_not_shown() -> None:
    findings = [
        Finding(
            rule=id,
            severity=page_of(id).severity,
            confidence=page_of(id).confidence,
            object=ObjectRef("table", "shop.orders"),
            message="…",
            why="…",
            key=id,
        )
        for id in (MISSING_RULE, REDUNDANT_RULE)
    ]
    off = chosen({REDUNDANT_RULE: {"enabled": False}}).advice
    shown, notes = off.applied(findings)
    assert ([finding.rule for finding in shown], notes) == ([MISSING_RULE], ())
    assert [skipped.rules for skipped in off.switched_off] == [(REDUNDANT_RULE,)]


SHOP = """
CREATE TABLE customers (id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, status text);
INSERT INTO customers SELECT i, 'c' || i FROM generate_series(1, 40) i;
INSERT INTO orders SELECT i, i % 40 + 1, 'open' FROM generate_series(1, 200) i;
"""
TOML = """
[rules."chattiness/n-plus-one"]
times = 20

[rules."chattiness/same-query-again"]
times = 13

[rules."chattiness/row-by-row-insert"]
times = 6
ignore = ["nothing*"]

[rules."chattiness/row-by-row-write"]
enabled = false

[rules."chattiness/pings"]
times = 2
share = 0.01
severity = "error"
"""


@pytest.fixture
def talk(database: Database, tmp_path: Path) -> Path:
    """What an application said: 12 queries for 12 rows, one query 12 times, 12 updates, 7 inserts,
    3 pings."""
    database.execute(SHOP)
    database.execute("ANALYZE")
    path = tmp_path / "talk.jsonl"
    with Recorder(path) as recorder:
        factory = capture.cursor_factory(recorder)
        with psycopg.connect(database.url, cursor_factory=factory) as connection:
            rows = connection.execute("SELECT customer_id FROM orders WHERE id <= %s", [12])
            for (customer,) in rows.fetchall():
                connection.execute("SELECT name FROM customers WHERE id = %s", [customer])
            connection.commit()
            for _ in range(12):
                connection.execute("SELECT status FROM orders WHERE id = %s", [4])
            connection.commit()
            for number in range(12):
                connection.execute("UPDATE orders SET status = 'x' WHERE id = %s", [number])
            connection.commit()
            for number in range(7):
                connection.execute(
                    "INSERT INTO orders VALUES (%s, %s, 'new')", [1000 + number, number]
                )
            connection.commit()
            for _ in range(3):
                connection.execute("SELECT 1")
    return path


def test_dbwright_toml_reaches_what_is_said_of_an_application(
    database: Database, talk: Path, tmp_path: Path, dbwright: Callable[..., Done]
) -> None:
    def said() -> tuple[dict[str, str], dict[str, Any]]:
        done = dbwright("tune", database.url, "--workload", talk, "--format", "json", "-q")
        assert done.status == 0, done.err
        findings = [f for f in done.report["findings"] if f["rule"].startswith(CHATTINESS)]
        for finding in findings:
            assert finding["why"] == why_it_matters(page_of(finding["rule"]).page)
        return {f["rule"]: f["severity"] for f in findings}, done.report

    found, _ = said()
    assert found == {
        "chattiness/n-plus-one": "warning",
        "chattiness/row-by-row-write": "warning",
        "chattiness/same-query-again": "warning",
    }
    (tmp_path / FILE).write_text(TOML, encoding="utf-8")
    found, report = said()
    assert found == {"chattiness/row-by-row-insert": "warning", "chattiness/pings": "error"}
    (off,) = [part for part in report["skipped"] if part["part"] == "chattiness/row-by-row-write"]
    assert "switched off in" in off["reason"]


def test_with_both_rules_of_indexes_switched_off_no_index_is_spoken_of(
    database: Database, tmp_path: Path, dbwright: Callable[..., Done]
) -> None:
    database.execute(SHOP)
    database.execute(
        "INSERT INTO orders SELECT i, i % 40 + 1, 'done' FROM generate_series(1000, 60000) i;"
        "CREATE INDEX one ON orders (status); CREATE INDEX other ON orders (status);"
    )
    database.execute("VACUUM ANALYZE")
    queries = tmp_path / "queries.sql"
    queries.write_text("SELECT id FROM orders WHERE customer_id = 7;", encoding="utf-8")

    def advised() -> tuple[int, int]:
        done = dbwright("tune", database.url, "--workload", queries, "--format", "json", "-q")
        assert done.status == 0, done.err
        tuning = done.report["tuning"]
        return len(tuning["indexes"]), len(tuning.get("drops", ()))

    assert advised() == (1, 1)
    off = "".join(f'[rules."{rule}"]\nenabled = false\n' for rule in (MISSING_RULE, REDUNDANT_RULE))
    (tmp_path / FILE).write_text(off, encoding="utf-8")
    assert advised() == (0, 0)
