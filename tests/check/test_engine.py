"""Running rules: what they need, what they are given, and what becomes of one that breaks.

The snapshots are read from a real server; the rules here are the smallest that show the matter.
"""

from __future__ import annotations

import logging
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pytest

import dbwright
from dbwright.check.check import check
from dbwright.check.engine import run_rules
from dbwright.check.registry import all_rules
from dbwright.check.rule import Answers, Fault, Question, Rule
from dbwright.configuration import Configuration
from dbwright.engines.postgresql.ask import asker
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.activity import Activity
from dbwright.model.catalog import Catalog
from dbwright.model.described import Threshold
from dbwright.model.finding import Confidence, Location, ObjectRef, Severity
from dbwright.model.page import HEADINGS
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics
from servers.postgresql import Database

PAGE = {"title": "A fault", **dict.fromkeys(HEADINGS, "Because\nit does.\n\nMore.")}


def _rule(id: str, function: Callable[..., Iterator[Fault]], parts: str = "", **about: Any) -> Rule:
    defaults: dict[str, Any] = {
        "severity": Severity.WARNING,
        "confidence": Confidence.HIGH,
        "needs": (),
        "thresholds": (),
    }
    return Rule(
        id=id,
        function=function,
        parts=tuple(parts.split()),
        page=PAGE,
        bad=(),
        good=(),
        since="0.1",
        **{**defaults, **about},
    )


@pytest.fixture
def shop(database: Database) -> Snapshot:
    database.execute("CREATE TABLE a (id int); CREATE TABLE b (id int); ANALYZE")
    with Session.open(database.url, 30) as session:
        return read(session)


def each_table(catalog: Catalog) -> Iterator[Fault]:
    for table in catalog.tables:
        yield Fault(table.ref, f"{table.qualified} is a table")


EACH_TABLE = _rule("topic/each-table", each_table, "catalog")


def test_a_finding_is_the_fault_and_what_its_rule_says(shop: Snapshot) -> None:
    run = run_rules(shop, [EACH_TABLE])
    assert run.rules_run == 1
    first, second = run.findings
    assert (first.rule, first.severity, first.confidence) == ("topic/each-table", "warning", "high")
    assert (first.why, first.key) == ("Because it does.", "topic/each-table:table public.a")
    assert second.object == ObjectRef("table", "public.b")


def test_a_fault_may_differ_from_its_rule(shop: Snapshot) -> None:
    def worse(catalog: Catalog) -> Iterator[Fault]:
        ref = catalog.tables[0].ref
        yield Fault(ref, "1", severity=Severity.CRITICAL, confidence=Confidence.LOW, detail="one")
        yield Fault(ref, "2", detail="two")

    first, second = run_rules(shop, [_rule("topic/worse", worse, "catalog")]).findings
    assert (first.severity, first.confidence) == (Severity.CRITICAL, Confidence.LOW)
    assert (first.key, second.key) == (
        "topic/worse:table public.a:one",
        "topic/worse:table public.a:two",
    )


# --- a rule that breaks ---------------------------------------------------------------------


def test_a_rule_that_breaks_is_told_and_the_others_are_heard(
    shop: Snapshot, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(catalog: Catalog) -> Iterator[Fault]:
        yield Fault(catalog.tables[0].ref, "half the truth")
        raise KeyError("public.gone")

    with caplog.at_level(logging.ERROR):
        run = run_rules(shop, [_rule("topic/breaks", breaks, "catalog"), EACH_TABLE])
    assert {finding.rule for finding in run.findings} == {"topic/each-table"}
    assert run.rules_run == 1
    (told,) = [part for part in run.skipped if part.part == "topic/breaks"]
    assert told.rules == ("topic/breaks",)
    assert told.reason == "the rule broke: KeyError: 'public.gone'"
    assert "report" in told.remedy
    (record,) = caplog.records
    assert record.exc_info, "the log has the traceback"


def test_an_interruption_is_no_broken_rule(shop: Snapshot) -> None:
    def stopped(catalog: Catalog) -> Iterator[Fault]:
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        run_rules(shop, [_rule("topic/stopped", stopped, "catalog")])


# --- what a rule needs ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("needs", "skipped", "runs"),
    [
        ("statistics.columns", "statistics.columns", False),
        ("statistics.columns", "statistics", False),
        ("statistics.columns.values", "statistics.columns", False),
        ("statistics.columns", "statistics.columns.values", True),
        ("statistics.columns", "statistics.columns.restricted", True),
        ("statistics.columns", "statistics.column", True),
        ("statistics.columns", "statistics.tables", True),
        ("catalog.settings", "catalog.settings", False),
    ],
)
def test_needs(shop: Snapshot, needs: str, skipped: str, runs: bool) -> None:
    part = Skipped(skipped, "it was dark", "switch on the light")
    rule = replace(EACH_TABLE, needs=("catalog.tables", needs))
    run = run_rules(replace(shop, skipped=(part,)), [rule, EACH_TABLE])
    assert run.rules_run == 1 + runs
    assert run.skipped == (replace(part, rules=() if runs else (rule.id,)),)


def test_what_a_target_does_not_hold_is_told_once(shop: Snapshot) -> None:
    def looks(statistics: Statistics, activity: Activity) -> Iterator[Fault]:
        yield Fault(ObjectRef("database", "x"), f"{statistics} {activity}")

    rules = [
        _rule(
            f"topic/{name}", looks, "statistics activity", needs=("statistics.tables", "activity.x")
        )
        for name in ("b", "a")
    ]
    run = run_rules(replace(shop, statistics=None, activity=None), rules)
    (told,) = run.skipped
    assert (told.part, told.rules) == ("statistics", ("topic/a", "topic/b"))
    assert run.rules_run == 0
    assert run_rules(shop, rules).rules_run == 2


def test_every_rule_s_needs_are_parts_that_are_told_when_missing() -> None:
    """A rule with a need that is misspelled would always run."""
    source = Path(dbwright.__file__).parent
    readers = [*source.glob("engines/**/*.py"), *source.glob("snapshot/*.py"), source / "target.py"]
    text = "".join(path.read_text(encoding="utf-8") for path in readers)
    # A part of the catalog has the name of the query that reads it.
    queries = {f"catalog.{path.stem}" for path in source.glob("engines/*/queries/*.sql")}
    for rule in all_rules():
        for need in rule.needs:
            assert need in queries or f'"{need}"' in text, f"{rule.id}: {need}"


# --- thresholds and questions ---------------------------------------------------------------

LEAST = Threshold("least", int, 3, "so many")


def large(catalog: Catalog, *, least: Annotated[int, "so many"] = 3) -> Iterator[Fault]:
    yield Fault(catalog.tables[0].ref, f"at least {least}")


def test_thresholds_go_to_their_own_rule(shop: Snapshot) -> None:
    rules = [_rule(f"topic/{name}", large, "catalog", thresholds=(LEAST,)) for name in "ab"]
    run = run_rules(shop, rules, {"topic/b": {"least": 9}, "topic/c": {"least": 1}})
    assert [finding.message for finding in run.findings] == ["at least 3", "at least 9"]


def ask(catalog: Catalog, *, least: int = 1) -> Iterator[Question]:
    for table in catalog.tables:
        yield Question(table.name, f"SELECT count(*) + {least} AS rows FROM {table.qualified}")
    yield Question("forbidden", "INSERT INTO public.a VALUES (1) RETURNING 1")


def counted(
    catalog: Catalog, answers: Answers, *, least: int = 1, other: int = 2
) -> Iterator[Fault]:
    found = {key: rows[0].rows for key, rows in answers.items()}
    yield Fault(catalog.tables[0].ref, f"{found} {other}")


def _asking(**about: Any) -> Rule:
    return _rule("topic/counted", counted, "catalog answers", questions=ask, **about)


def test_questions_are_asked_read_only(database: Database) -> None:
    database.execute("CREATE TABLE a (id int); INSERT INTO a VALUES (1), (2)")
    with Session.open(database.url, 30) as session:
        snapshot = read(session)
        options = {"topic/counted": {"least": 5, "other": 7}}
        run = run_rules(snapshot, [_asking()], options, asker(session))
    assert [finding.message for finding in run.findings] == ["{'a': 7} 7"]
    (told,) = run.skipped
    assert (told.part, told.rules) == ("data.forbidden", ("topic/counted",))
    assert "read-only" in told.reason
    assert database.execute("SELECT count(*) FROM a") == [(2,)]


def test_without_data_such_rules_are_skipped(shop: Snapshot) -> None:
    run = run_rules(shop, [_asking()])
    assert (run.findings, run.rules_run) == ((), 0)
    (told,) = run.skipped
    assert (told.part, told.remedy, told.rules) == ("data", "--data", ("topic/counted",))
    run = run_rules(shop, [_asking(data_optional=True)])
    assert [finding.message for finding in run.findings] == ["{} 2"]


def test_answers_are_what_the_target_gives(shop: Snapshot) -> None:
    row = namedtuple("row", "rows")

    def answer(question: Question) -> list[object] | Skipped:
        return [row(41)] if question.key == "b" else Skipped("x", "too slow", "more time")

    run = run_rules(shop, [_asking()], ask=answer)
    assert [finding.message for finding in run.findings] == ["{'b': 41} 2"]
    assert [part.part for part in run.skipped] == ["data.a", "data.forbidden"]
    assert all(part.rules == ("topic/counted",) for part in run.skipped)


# --- order, keys, places --------------------------------------------------------------------


def test_the_worst_comes_first_and_the_present_before_the_rest(shop: Snapshot) -> None:
    severities = [Severity.NOTICE, Severity.ERROR, Severity.WARNING, Severity.CRITICAL]
    rules = [
        _rule(f"{topic}/{severity}", each_table, "catalog", severity=severity)
        for topic in ("types", "activity", "keys")
        for severity in severities
    ]
    found = [(f.rule, f.object.name) for f in run_rules(shop, rules).findings]
    assert found == [
        (f"{topic}/{severity}", table)
        for severity in Severity
        for topic in ("activity", "keys", "types")
        for table in ("public.a", "public.b")
    ]


def test_keys_stay_when_figures_change(database: Database) -> None:
    database.execute(
        "CREATE TABLE a (n int, price money, note json); CREATE INDEX i ON a (n);"
        "CREATE INDEX j ON a (n); CREATE SEQUENCE s AS smallint; CREATE TABLE b (id serial PRIMARY KEY);"
        "SELECT setval('b_id_seq', 1800000000)"
    )
    skip = ("settings", "activity", "maintenance")

    def findings() -> dict[str, str]:
        report = check(database.url, skip=skip, configuration=Configuration())
        return {finding.key: finding.message for finding in report.findings}

    before = findings()
    database.execute(
        "INSERT INTO a SELECT n, n, '{}' FROM generate_series(1, 3000) n;"
        "SELECT setval('b_id_seq', 1900000000)"
    )
    database.execute("ANALYZE")
    after = findings()
    assert before.keys() <= after.keys()
    assert [key for key in before if before[key] != after[key]], "some figures did change"


def test_keys_are_unique(shop: Snapshot, database: Database) -> None:
    features = Path(__file__).parents[1] / "engines" / "postgresql" / "features.sql"
    database.execute(features.read_text(encoding="utf-8"))
    with Session.open(database.url, 30) as session:
        snapshot = read(session, workload=True)
    keys = [finding.key for finding in run_rules(snapshot, all_rules()).findings]
    assert len(keys) > 20
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("ref", "line"),
    [
        (ObjectRef("column", "public.a.id"), 2),
        (ObjectRef("column", "public.a.name"), 1),
        (ObjectRef("constraint", 'public.a."x.y"'), 1),
        (ObjectRef("policy", 'public."a.b".p'), 4),
        (ObjectRef("trigger", "public.v.t"), 5),
        (ObjectRef("index", "public.i"), 3),
        (ObjectRef("index", "public.j"), None),
        (ObjectRef("table", "public.z"), None),
        (ObjectRef("role", "a"), None),
    ],
)
def test_a_finding_stands_where_its_object_or_its_table_is_declared(
    shop: Snapshot, ref: ObjectRef, line: int | None
) -> None:
    declared = {
        "table public.a": 1,
        "column public.a.id": 2,
        "index public.i": 3,
        'partitioned table public."a.b"': 4,
        "view public.v": 5,
        "schema public": 6,
    }

    def fault() -> Iterator[Fault]:
        yield Fault(ref, "x")

    locations = {name: Location("a.sql", number) for name, number in declared.items()}
    (found,) = run_rules(replace(shop, locations=locations), [_rule("t/r", fault)]).findings
    assert found.location == (Location("a.sql", line) if line else None)
    (found,) = run_rules(shop, [_rule("t/r", fault)]).findings
    assert found.location is None


def test_a_rule_may_say_the_place_itself(shop: Snapshot) -> None:
    def fault() -> Iterator[Fault]:
        yield Fault(ObjectRef("table", "public.a"), "x", location=Location("b.sql", 7))

    locations = {"table public.a": Location("a.sql", 1)}
    (found,) = run_rules(replace(shop, locations=locations), [_rule("t/r", fault)]).findings
    assert found.location == Location("b.sql", 7)
