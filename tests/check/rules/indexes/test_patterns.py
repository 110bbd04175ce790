"""LIKE comparisons found in the text of queries, and what the rule makes of a workload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.check.situation import situation

from dbwright.check.engine import run_rules
from dbwright.check.example import Example
from dbwright.check.rules.indexes._patterns import LikeColumn, like_columns
from dbwright.check.rules.indexes.no_pattern_operator_class import no_pattern_operator_class
from dbwright.engines.postgresql.session import Session
from dbwright.model.finding import Confidence
from dbwright.model.workload import Query, Workload
from dbwright.sandbox import Server

USERS = ((None, "users"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1 FROM users WHERE email LIKE 'a%'", [LikeColumn(USERS, "email", True)]),
        ("SELECT 1 FROM users u WHERE (u.email)::text ~~ 'a_c'::text",
         [LikeColumn(USERS, "email", True)]),
        ("DELETE FROM users WHERE email like $1", [LikeColumn(USERS, "email", False)]),
        ("SELECT 1 FROM users WHERE email LIKE 'a' || $1", [LikeColumn(USERS, "email", True)]),
        ("SELECT 1 FROM users WHERE email LIKE $1 || '%'", [LikeColumn(USERS, "email", False)]),
        ("SELECT 1 FROM x.users WHERE x.users.email LIKE 'a%'",
         [LikeColumn((("x", "users"),), "email", True)]),
        ("SELECT 1 FROM users u JOIN orders o ON true WHERE o.code LIKE 'a%'",
         [LikeColumn(((None, "orders"),), "code", True)]),
        ("SELECT 1 FROM users WHERE email LIKE '%a'", []),
        ("SELECT 1 FROM users WHERE email LIKE '%' || $1", []),
        ("SELECT 1 FROM users WHERE email LIKE 'exactly'", []),
        ("SELECT 1 FROM users WHERE email NOT LIKE 'a%'", []),
        ("SELECT 1 FROM users WHERE email ILIKE 'a%'", []),
        ("SELECT 1 FROM users WHERE lower(email) LIKE 'a%'", []),
        ("SELECT 1 FROM users WHERE email LIKE ANY ($1)", []),
        ("WITH users AS (SELECT 1) SELECT 1 FROM users WHERE email LIKE 'a%'", []),
        ("SELECT 1 FROM users WHERE email LIKE 'a%' AND", []),
        ("SELECT 1 FROM users", []),
    ],
)  # fmt: skip
def test_like_columns(text: str, expected: list[LikeColumn]) -> None:
    assert list(like_columns(text)) == expected


def test_workload_tells_with_low_confidence(server_of: Callable[[int], Server]) -> None:
    tables = "CREATE TABLE users (email text UNIQUE); CREATE TABLE mails (id int, email text);"
    query = Query("SELECT * FROM users WHERE email LIKE $1", calls=7)
    with (
        situation(Example(tables), server_of(18), "patterns_workload") as here,
        Session.open(here.url, 30) as session,
    ):
        snapshot = replace(here.snapshot(session), workload=Workload("a file", (query,)))
    (finding,) = run_rules(snapshot, [no_pattern_operator_class]).findings
    assert finding.object.name == "public.users_email_key"
    assert finding.confidence is Confidence.LOW
    assert finding.evidence["calls"] == 7
