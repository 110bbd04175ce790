"""Rewrites that only differ on unusual values, or where several constants meet, are refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.tune.rewrites.place import execute, snapshot_of

from dbwright.model.relations import Column
from dbwright.sandbox import Server
from dbwright.tune.rewrites.combined import combined, reached
from dbwright.tune.rewrites.proof import Prover
from dbwright.tune.rewrites.verdict import Outcome

SCHEMA = """
CREATE TABLE t (
    id int PRIMARY KEY, amount numeric, f float8, word text, day date, at timestamptz,
    local timestamp, tags text[], doc jsonb, gone timestamptz, n int
);
"""
WRONG = """
amount::text = '1' -> amount = 1
f::text = '0' -> f = 0
trim(word) = 'new' -> word = 'new'
upper(word) = 'NEW' -> word IN ('NEW', 'new')
isfinite(day) -> day IS NOT NULL
to_char(local, 'YYYY-MM') = '2024-03' -> local >= '2024-03-01' AND local < '2024-04-01'
extract(year FROM day) = 2024 AND extract(month FROM day) = 3 -> day >= '2024-03-01' AND day < '2024-03-31'
at + interval '1 month' > '2024-03-31' -> at > timestamptz '2024-03-31' - interval '1 month'
local + interval '30 days' > '2024-03-31' -> local >= timestamp '2024-03-31' - interval '30 days'
amount * 2 > 10 -> amount >= 5
abs(n) = 7 -> n = 7
tags[1] = 'x' -> tags @> ARRAY['x']
'x' = ANY (tags) AND 'y' = ANY (tags) -> 'x' = ANY (tags)
doc->>'color' = '3' -> doc @> '{"color": 3}'
doc->>'color' = '3' -> doc @> '{"color": "3"}'
gone IS NULL AND word = 'new' AND n > 50 AND amount = 4 -> gone IS NULL AND word = 'new' AND n >= 50 AND amount = 4
"""


@pytest.fixture(scope="module")
def prover(postgresql: Server) -> Iterator[Prover]:
    postgresql.create_database("unusual")
    execute(postgresql.url("unusual"), SCHEMA)
    with Prover(snapshot_of(postgresql.url("unusual")), postgresql) as found:
        yield found


@pytest.mark.parametrize("line", WRONG.strip().splitlines())
def test_what_differs_on_them_is_refused(prover: Prover, line: str) -> None:
    original, _, rewritten = line.partition(" -> ")
    verdict = prover.prove(
        f"SELECT id FROM t WHERE {original}", f"SELECT id FROM t WHERE {rewritten}"
    )
    assert verdict.outcome is Outcome.DIFFERENT, verdict


def test_constants_make_values_together() -> None:
    words = _column("text", array=True)
    assert combined(words, ["x", "y"]) == [
        '{"x"}', '{NULL,"x"}', '{"y"}', '{NULL,"y"}', '{"x","y"}',
    ]  # fmt: skip
    assert '{"color": "3"}' in combined(_column("jsonb"), ["color", "3"])
    assert '{"color": 3}' in combined(_column("jsonb"), ["color", "3"])
    assert combined(_column("date"), ["2024", "3", "31"]) == ["2024-03-01", "2024-03-03"]
    assert combined(_column("date"), ["2024-05"]) == ["2024-05-01"]
    assert combined(_column("text"), ["a", "b"]) == []


def test_arithmetic_leads_to_further_values() -> None:
    moments = reached(_column("timestamp with time zone"), ["30 days", "it's"])
    assert moments[0] == "v - interval '30 days'"
    assert reached(_column("date"), ["7"]) == ["v - 7", "v + 7"]
    assert reached(_column("integer"), ["0", "12"]) == ["v - 12", "v + 12", "v / 12"]
    assert reached(_column("text"), ["7"]) == []


def _column(type_: str, *, array: bool = False) -> Column:
    name = f"{type_}[]" if array else type_
    return Column("c", 1, name, type_, is_array=array)
