"""What comments, dbwright.toml and baselines silence: no more and no less, and always counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbwright.check.check import check
from dbwright.configuration import Configuration
from dbwright.model.report import Report
from servers.postgresql import Database

RULES = (
    "keys/no-primary-key",
    "keys/foreign-key-without-index",
    "types/json-instead-of-jsonb",
    "types/money-type",
    "indexes/duplicate-index",
    "tables/disabled-trigger",
    "tables/unlogged-table",
)

SCHEMA = """
CREATE SCHEMA shop;
CREATE TABLE shop.users (id bigint PRIMARY KEY);
CREATE TABLE shop.log (at date, note json, price money, user_id bigint REFERENCES shop.users);
CREATE INDEX log_a ON shop.log (at);
CREATE INDEX log_b ON shop.log (at);
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER touch BEFORE INSERT ON shop.log FOR EACH ROW EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.log DISABLE TRIGGER touch;
CREATE TABLE shop.other (id bigint, data json);
"""


@pytest.fixture
def shop(database: Database) -> Database:
    database.execute(SCHEMA)
    return database


def _check(database: Database, **options: Any) -> Report:
    report: Report = check(database.url, only=RULES, configuration=Configuration(**options))
    return report


def _shown(report: Report) -> set[str]:
    return {finding.key for finding in report.findings}


def _silenced(report: Report) -> dict[str, tuple[str, str]]:
    return {s.finding.key: (s.by, s.reason) for s in report.silenced}


PRIMARY_KEY = "keys/no-primary-key:table shop.log"
JSON = "types/json-instead-of-jsonb:column shop.log.note"
MONEY = "types/money-type:column shop.log.price"


def test_without_a_word_all_are_shown(shop: Database) -> None:
    report = _check(shop)
    assert {PRIMARY_KEY, JSON, MONEY} <= _shown(report)
    assert {key.partition(":")[0] for key in _shown(report)} == set(RULES) - {
        "tables/unlogged-table"
    }
    assert report.silenced == ()


def test_a_comment_silences_one_rule_on_its_object(shop: Database) -> None:
    shop.execute(
        "COMMENT ON TABLE shop.log IS 'What was done.\n"
        "Kept for a year. dbwright: ignore keys/no-primary-key written once, never changed'"
    )
    report = _check(shop)
    assert _silenced(report) == {PRIMARY_KEY: ("comment", "written once, never changed")}
    assert "keys/no-primary-key:table shop.other" in _shown(report)


@pytest.mark.parametrize(
    "pattern", ["keys/no-primary-key", "no-primary-key", "keys", "keys/*", "*"]
)
def test_patterns_of_rules(shop: Database, pattern: str) -> None:
    shop.execute(f"COMMENT ON TABLE shop.log IS 'dbwright: ignore {pattern}'")
    report = _check(shop)
    assert PRIMARY_KEY in _silenced(report)
    assert (JSON in _silenced(report)) == (pattern == "*")
    assert not any("shop.other" in key for key in _silenced(report))


def test_each_line_silences(shop: Database) -> None:
    shop.execute(
        "COMMENT ON TABLE shop.log IS 'dbwright: ignore no-primary-key\n"
        "dbwright: ignore json-instead-of-jsonb read by an old client\n"
        "dbwright: ignore\ndbwright: ignore  '"
    )
    assert _silenced(_check(shop)) == {
        PRIMARY_KEY: ("comment", ""),
        JSON: ("comment", "read by an old client"),
    }


def test_a_table_s_comment_counts_for_its_parts(shop: Database) -> None:
    """Also for an index that has a comment of its own."""
    shop.execute("COMMENT ON TABLE shop.log IS 'dbwright: ignore *'")
    shop.execute("COMMENT ON INDEX shop.log_b IS 'by day'")
    report = _check(shop)
    assert {key.partition(":")[0] for key in _silenced(report)} == set(RULES) - {
        "tables/unlogged-table"
    }
    assert not any("shop.log" in key for key in _shown(report))


def test_a_column_s_comment_counts_for_it_alone(shop: Database) -> None:
    shop.execute("COMMENT ON COLUMN shop.log.note IS 'dbwright: ignore types/*'")
    assert set(_silenced(_check(shop))) == {JSON}


def test_a_schema_s_comment_counts_for_all_in_it(shop: Database) -> None:
    shop.execute("CREATE TABLE public.log (note json)")
    shop.execute("COMMENT ON SCHEMA shop IS 'dbwright: ignore types'")
    silenced = set(_silenced(_check(shop)))
    assert {JSON, MONEY, "types/json-instead-of-jsonb:column shop.other.data"} == silenced


def test_an_object_of_another_kind_with_that_name_does_not_count(shop: Database) -> None:
    shop.execute("CREATE ROLE shop")
    try:
        shop.execute("COMMENT ON ROLE shop IS 'dbwright: ignore *'")
        assert _silenced(_check(shop)) == {}
    finally:
        shop.execute("DROP ROLE shop")


def test_names_with_dots_and_quotes(database: Database) -> None:
    database.execute('CREATE SCHEMA "a.b"')
    for table in ('"a.b"."c.d"', '"a.b"."c"', '"a.b"."d""."'):
        database.execute(f'CREATE TABLE {table} ("e.f" json, "e" json)')
    database.execute('COMMENT ON TABLE "a.b"."c.d" IS \'dbwright: ignore json-instead-of-jsonb\'')
    database.execute('COMMENT ON COLUMN "a.b"."d""."."e.f" IS \'dbwright: ignore types\'')
    rule = "types/json-instead-of-jsonb:column"
    assert set(_silenced(_check(database))) == {
        f'{rule} "a.b"."c.d"."e.f"',
        f'{rule} "a.b"."c.d".e',
        f'{rule} "a.b"."d""."."e.f"',
    }


def test_the_configuration_names_objects_by_patterns(shop: Database) -> None:
    rules = {
        "keys/no-primary-key": {"ignore": ["*.log", "staging.*"]},
        "money-type": {"ignore": ["*"]},
    }
    report = _check(shop, rules=rules)
    assert _silenced(report) == {
        PRIMARY_KEY: ("configuration", "ignore *.log"),
        MONEY: ("configuration", "ignore *"),
    }


def test_a_baseline_silences_what_is_known(
    shop: Database, dbwright: Callable[..., Any], tmp_path: Path
) -> None:
    shop.execute("COMMENT ON COLUMN shop.log.price IS 'dbwright: ignore money-type'")
    only = [word for rule in RULES for word in ("--only", rule)]
    assert dbwright("check", shop.url, *only, "-o", "known.json").status == 0
    known = json.loads((tmp_path / "known.json").read_text())
    shop.execute("CREATE TABLE shop.news (id bigint)")
    # The comment goes: what it silenced is known nevertheless.
    shop.execute("COMMENT ON COLUMN shop.log.price IS NULL")
    again = dbwright("check", shop.url, *only, "--baseline", "known.json", "--format", "json")
    assert again.keys == {"keys/no-primary-key:table shop.news"}
    silenced = again.report["silenced"]
    assert {one["by"] for one in silenced} == {"baseline"}
    assert len(silenced) == len(known["findings"]) + len(known["silenced"])
    # A report that was made with a baseline is a baseline for the same again.
    (tmp_path / "newer.json").write_text(again.out)
    third = dbwright("check", shop.url, *only, "--baseline", "newer.json", "--format", "json")
    assert (third.status, third.keys) == (0, set())


def test_silenced_findings_are_counted_everywhere(
    shop: Database, dbwright: Callable[..., Any]
) -> None:
    shop.execute("COMMENT ON TABLE shop.log IS 'dbwright: ignore * old'")
    for format in ("table", "markdown", "html", "sarif", "junit", "json"):
        done = dbwright("check", shop.url, "--only", "types", "--format", format, "-q")
        assert "silenced" in done.out.lower() or "suppressions" in done.out, format
