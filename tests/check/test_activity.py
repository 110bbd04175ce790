"""What the rules about activity say of a real pile-up: each thing once, readable, no values."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from tests.check.situation import situation

from dbwright.check.engine import run_rules
from dbwright.check.example import Example
from dbwright.check.registry import matching
from dbwright.check.rules.activity.standby_lost import required
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.finding import Finding
from dbwright.model.report import Report
from dbwright.render import html, junit, markdown, terminal
from dbwright.sandbox import Server, start

WIDTH = 80
TABLES = """
CREATE TABLE accounts (id bigint PRIMARY KEY, owner text);
INSERT INTO accounts VALUES (1, 'ann'), (2, 'bob'), (3, 'eve');
CREATE TABLE "a table, ""quoted"", with a very long name 2" (id bigint);
BEGIN;
UPDATE accounts SET owner = 'transfer' WHERE id = 3;
PREPARE TRANSACTION 'it''s 17';
BEGIN;
LOCK accounts IN ACCESS SHARE MODE;
CREATE TABLE other (id bigint);
PREPARE TRANSACTION 'innocent';
"""
PILE_UP = Example(
    TABLES,
    sessions=(
        "BEGIN; UPDATE accounts SET owner = 'secret 1' WHERE id = 1;",
        "UPDATE accounts SET owner = 'secret 2' WHERE id = 1;",
        "UPDATE accounts SET owner = 'secret 3' WHERE id = 1;",
        "BEGIN; UPDATE accounts SET owner = 'secret 4' WHERE id = 2;",
        "UPDATE accounts SET owner = 'secret 5' WHERE id = 2;",
        "UPDATE accounts SET owner = 'secret 6' WHERE id = 3;",
        'BEGIN; LOCK "a table, ""quoted"", with a very long name 2" IN ACCESS SHARE MODE;'
        "SELECT pg_sleep(600);",
        'TRUNCATE "a table, ""quoted"", with a very long name 2";',
        'SELECT * FROM "a table, ""quoted"", with a very long name 2";',
        "BEGIN; SELECT 'secret 7';",
    ),
    own_server=True,
)
OPTIONS = {
    rule: {"min_seconds": 0}
    for rule in (
        "activity/blocked-sessions",
        "activity/ddl-waits-in-queue",
        "activity/idle-in-transaction",
        "activity/long-statement",
    )
}


@pytest.fixture(scope="module")
def found() -> Iterator[tuple[Finding, ...]]:
    with start() as server, situation(PILE_UP, server, "pile_up") as here:
        with psycopg.connect(here.url, autocommit=True) as connection:
            connection.execute("SELECT pg_sleep(1.1)")  # a wait below a second is no incident
        with Session.open(here.url, 30) as session:
            snapshot = read(session)
        run = run_rules(snapshot, matching(["activity"]), OPTIONS)
        yield run.findings


def of(found: tuple[Finding, ...], rule: str) -> list[Finding]:
    return [finding for finding in found if finding.rule == f"activity/{rule}"]


def test_every_root_has_its_tree(found: tuple[Finding, ...]) -> None:
    blocked = of(found, "blocked-sessions")
    counts = sorted(finding.evidence["blocked_sessions"] for finding in blocked)  # type: ignore[type-var]
    assert counts == [1, 1, 2, 2]
    prepared = [f for f in blocked if f.object.kind == "prepared transaction"]
    assert [f.object.name for f in prepared] == ["it's 17"], "the other one is in nobody's way"
    assert prepared[0].fix is not None
    assert prepared[0].fix.up == "ROLLBACK PREPARED 'it''s 17';"
    (tree,) = (f.evidence["tree"] for f in prepared)
    assert isinstance(tree, list)
    assert "  holds RowExclusiveLock on public.accounts" in tree
    assert "    for a row of public.accounts" in tree


def test_nothing_is_told_twice(found: tuple[Finding, ...]) -> None:
    (ddl,) = of(found, "ddl-waits-in-queue")
    assert ddl.evidence["sessions_behind"] == 1
    assert "tree" not in ddl.evidence
    roots = {finding.object for finding in of(found, "blocked-sessions")}
    others = [f for f in found if f.rule not in (ddl.rule, "activity/blocked-sessions")]
    assert [f.rule for f in others] == ["activity/idle-in-transaction"]
    assert not roots & {finding.object for finding in others}


def test_no_value_of_a_query_is_shown(found: tuple[Finding, ...]) -> None:
    assert not re.search(r"secret|ann|bob", repr(found))


def test_it_fits_the_terminal(found: tuple[Finding, ...]) -> None:
    report = Report(command="check", target="here", findings=found)
    text = terminal.render(report, width=WIDTH, verbose=True)
    drawn = [line for line in text.splitlines() if not line.strip().startswith(("SELECT", "ROLL"))]
    assert any("for AccessExclusiveLock on" in line for line in drawn), "the tree is drawn"
    assert [line for line in drawn if len(line) > WIDTH] == []


def test_the_tree_keeps_its_lines_in_every_format(found: tuple[Finding, ...]) -> None:
    report = Report(command="check", target="here", findings=found)
    for render in (markdown.render, junit.render, html.render):
        assert "    for a row of public.accounts\n" in render(report)


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ("a", 1),
        ("a, b", 1),
        ("*", 1),
        ("FIRST 2 (a, b, c)", 2),
        ("ANY 3 (a, b, c)", 3),
        ("any 2(a,b)", 2),
        ("2 (a, b)", 2),
        ('"first (2", b', 1),
    ],
)
def test_how_many_synchronous_standbys(names: str, wanted: int) -> None:
    assert required(names) == wanted


def test_the_server_agrees_on_what_is_a_list_of_standbys(postgresql: Server) -> None:
    """Each text above is one that it takes."""
    with psycopg.connect(postgresql.url(), autocommit=True) as connection:
        for names in ('"first (2", b', "any 2(a,b)", "2 (a, b)"):
            connection.execute(
                psycopg.sql.SQL("ALTER SYSTEM SET synchronous_standby_names = {}").format(names)
            )
        connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
