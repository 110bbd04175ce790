"""N+1 and its kin: real traffic, its real log, and batch queries that return the same rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbwright.configuration import Configuration
from dbwright.engines.postgresql.logs import LogReading, read_log
from dbwright.model.conversation import Call, Conversation, Repetition
from dbwright.model.finding import Confidence, Finding
from dbwright.sandbox import Server
from dbwright.tune.chattiness import batch_for, chattiness
from dbwright.tune.chattiness_rules import (
    N_PLUS_ONE,
    PINGS,
    ROW_BY_ROW_INSERT,
    ROW_BY_ROW_WRITE,
    RULES,
    SAME_AGAIN,
    TINY_TRANSACTIONS,
    thresholds_from,
)
from dbwright.tune.options import choose
from servers.logs import logging_server, wait_for_log

SHOP = """
CREATE TABLE customers (id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, status text);
CREATE TABLE items (order_id int, line int, name text);
INSERT INTO customers SELECT i, 'c' || i FROM generate_series(1, 40) i;
INSERT INTO orders SELECT i, i % 40 + 1, 'open' FROM generate_series(1, 200) i;
INSERT INTO items SELECT i % 200 + 1, i, 'n' || i FROM generate_series(1, 1000) i;
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with logging_server(18) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(SHOP)
        yield server


@pytest.fixture(scope="module")
def reading(server: Server) -> LogReading:
    with psycopg.connect(server.url(), autocommit=True, application_name="web") as connection:
        connection.execute("SET log_min_duration_statement = 0")
        _parametrized(connection)
        _constants(connection)
        _writes(connection)
        _small_talk(connection)
    folder = wait_for_log(server)
    return read_log(folder / "server.csv")


def _parametrized(connection: psycopg.Connection) -> None:
    """As an ORM with the extended protocol, in a transaction."""
    with connection.transaction():
        rows = connection.execute("SELECT id, customer_id FROM orders WHERE id <= %s", [25])
        for number, customer in rows.fetchall():
            connection.execute("SELECT name FROM customers WHERE id = %s", [customer])
            connection.execute(
                "SELECT count(*) FROM items WHERE order_id = %s AND line > %s", [number, 0]
            )


def _constants(connection: psycopg.Connection) -> None:
    """As an ORM that writes its constants, without a transaction."""
    simple = psycopg.ClientCursor(connection)
    simple.execute("SELECT id FROM customers ORDER BY id LIMIT 30")
    for (number,) in simple.fetchall():
        simple.execute(
            "SELECT o.* FROM orders o WHERE o.customer_id = %s AND status = 'open'", [number]
        )


def _writes(connection: psycopg.Connection) -> None:
    with connection.transaction():
        for number in range(15):
            connection.execute(
                "INSERT INTO items (order_id, line, name) VALUES (%s, %s, 'new')", [1, number]
            )
        for number in range(12):
            connection.execute("UPDATE orders SET status = 'x' WHERE id = %s", [1000 + number])


def _small_talk(connection: psycopg.Connection) -> None:
    simple = psycopg.ClientCursor(connection)
    for _ in range(40):
        simple.execute("SELECT 1")
    for _ in range(20):
        simple.execute("SELECT max(line) FROM items WHERE order_id = 7")
    for _ in range(30):
        with connection.transaction():
            simple.execute("DELETE FROM orders WHERE id = -1")


def _finding(findings: tuple[Finding, ...], rule: str, statement: str) -> Finding:
    (found,) = [f for f in findings if f.rule == rule and f.message.startswith(statement)]
    return found


def _repetition(reading: LogReading, statement: str) -> Repetition:
    (found,) = [r for r in reading.conversation.repetitions if statement in r.examples[0].text]
    return found


def test_an_n_plus_one_is_found_with_its_parent(reading: LogReading) -> None:
    findings = chattiness(reading.conversation)
    found = _finding(findings, "chattiness/n-plus-one", "SELECT name FROM customers")
    assert found.message.startswith(
        "SELECT name FROM customers WHERE id = $1 ran 25 times in one transaction after "
        "SELECT id, customer_id FROM orders"
    )
    assert found.evidence["times"] == found.evidence["most_in_one"] == 25
    assert found.evidence["parent"] == "SELECT id, customer_id FROM orders WHERE id <= $1"
    assert found.evidence["batch"] == "SELECT name, id FROM customers WHERE id = ANY($1)"
    assert found.confidence is Confidence.HIGH
    second = _finding(findings, "chattiness/n-plus-one", "SELECT count(*) FROM items")
    assert second.evidence["parent"] == found.evidence["parent"]
    assert second.evidence["times"] == 25
    assert second.evidence["batch"] == (
        "SELECT count(*), order_id FROM items WHERE order_id = ANY($1) AND line > $2 GROUP BY order_id"
    )
    third = _finding(findings, "chattiness/n-plus-one", "SELECT o.* FROM orders")
    assert third.evidence["times"] == 30
    assert third.confidence is Confidence.MEDIUM
    assert third.message.endswith(
        "in one burst after SELECT id FROM customers ORDER BY id LIMIT $1"
    )


@pytest.mark.parametrize(
    "statement",
    ["SELECT name FROM customers", "SELECT count(*) FROM items", "SELECT o.* FROM orders"],
)
def test_the_batch_returns_the_rows_of_the_single_ones(
    server: Server, reading: LogReading, statement: str
) -> None:
    repetition = _repetition(reading, statement)
    batch = batch_for(repetition)
    keys = list(range(1, 20))
    with psycopg.connect(server.url()) as connection:
        raw = psycopg.RawCursor(connection)
        others = [0] if batch.parameters else []
        together = Counter(raw.execute(batch.sql.encode(), [keys, *others]).fetchall())
        single: Counter[tuple[object, ...]] = Counter()
        text = repetition.examples[0].text
        for key in keys:
            if "$1" in text:
                rows = raw.execute(text.encode(), [key, *others]).fetchall()
            else:
                value = text.partition("customer_id = ")[2].split()[0]
                one = text.replace(f"customer_id = {value}", f"customer_id = {key}")
                rows = connection.execute(one.encode()).fetchall()
            single.update((*row, key) if batch.key_added else row for row in rows)
    assert single
    assert together == single


def test_writes_row_by_row(server: Server, reading: LogReading) -> None:
    findings = chattiness(reading.conversation)
    found = _finding(findings, "chattiness/row-by-row-insert", "INSERT INTO items")
    assert found.evidence["times"] == 15
    batch = str(found.evidence["batch"])
    assert batch.endswith("VALUES ($1, $2, 'new'), ($3, $4, 'new')") or batch.count("$") == 6
    with psycopg.connect(server.url()) as connection:
        values = list(range(batch.count("$")))
        raw = psycopg.RawCursor(connection)
        assert raw.execute(batch.encode(), [str(v) for v in values]).rowcount == 2
        connection.rollback()
    changed = _finding(findings, "chattiness/row-by-row-write", "UPDATE orders")
    assert changed.evidence["times"] == 12


def test_small_talk(reading: LogReading) -> None:
    conversation = reading.conversation
    assert conversation.pings == 40
    assert conversation.single_statement_transactions == 30
    assert conversation.transactions == 32
    limits = thresholds_from(
        {
            TINY_TRANSACTIONS: {"times": 30},
            PINGS: {"times": 40, "share": 0.05},
            SAME_AGAIN: {"calls": 20, "seconds": 0.0},
        }
    )
    findings = chattiness(conversation, limits)
    assert _finding(findings, "chattiness/pings", "40 of ")
    assert _finding(findings, "chattiness/one-statement-transactions", "30 of 32 transactions")
    again = _finding(findings, "chattiness/same-query-again", "SELECT max(line)")
    assert again.evidence["times"] == 20
    assert {finding.rule for finding in findings} <= set(RULES)
    assert len({finding.key for finding in findings}) == len(findings)
    assert not [f for f in chattiness(conversation) if f.rule in ("chattiness/pings",)]


def _told(reading: LogReading, **rules: Any) -> set[str]:
    """The rules that speak with these tables of dbwright.toml."""
    talk = choose(Configuration(rules=rules, file=Path("dbwright.toml"))).talk
    limits = thresholds_from(talk.thresholds)
    return {found.rule for found in chattiness(reading.conversation, limits, rules=talk.enabled)}


BY_DEFAULT = {N_PLUS_ONE, ROW_BY_ROW_INSERT, ROW_BY_ROW_WRITE}


def test_a_file_says_from_where_on_a_rule_speaks(reading: LogReading) -> None:
    assert _told(reading) == BY_DEFAULT
    for rule, most in ((N_PLUS_ONE, 30), (ROW_BY_ROW_INSERT, 15), (ROW_BY_ROW_WRITE, 12)):
        assert _told(reading, **{rule: {"times": most}}) == BY_DEFAULT
        assert _told(reading, **{rule: {"times": most + 1}}) == BY_DEFAULT - {rule}
    assert _told(reading, **{PINGS: {"times": 40, "share": 0.1}}) == {*BY_DEFAULT, PINGS}
    assert _told(reading, **{PINGS: {"times": 40, "share": 0.5}}) == BY_DEFAULT
    tiny = {"times": 30, "share": 0.9}
    assert _told(reading, **{TINY_TRANSACTIONS: tiny}) == {*BY_DEFAULT, TINY_TRANSACTIONS}
    for calls, share in ((20, 0.9), (21, 0.0)):
        same = {"calls": calls, "share": share, "seconds": 0}
        speaks = {SAME_AGAIN} if calls == 20 else set()
        assert _told(reading, **{SAME_AGAIN: same}) == BY_DEFAULT | speaks
    assert _told(reading, **{SAME_AGAIN: {"calls": 20, "seconds": 3600}}) == BY_DEFAULT


@pytest.mark.parametrize("rule", sorted(BY_DEFAULT))
def test_a_rule_that_is_switched_off_does_not_speak(reading: LogReading, rule: str) -> None:
    assert _told(reading, **{rule: {"enabled": False}}) == BY_DEFAULT - {rule}


def test_where_not_all_was_seen_the_finding_is_less_sure() -> None:
    examples = tuple(Call("SELECT a FROM t WHERE id = $1", (str(i),)) for i in (1, 2))
    repetition = Repetition(
        "f",
        examples,
        parent="p",
        in_transactions=1,
        times=20,
        most=20,
        distinct=20,
        call_sites=("app.py:7 show",),
    )
    whole = chattiness(Conversation("x", repetitions=(repetition,)))
    cut = chattiness(Conversation("x", repetitions=(repetition,), complete=False))
    assert [f.confidence for f in (*whole, *cut)] == [Confidence.HIGH, Confidence.MEDIUM]
    assert whole[0].evidence["call_sites"] == ["app.py:7 show"]
    assert whole[0].message.endswith("(called at app.py:7 show)")


def _heard(text: str, *values: tuple[str, ...], distinct: int = 20) -> tuple[Finding, ...]:
    """Of a statement that ran twenty times in a transaction."""
    examples = tuple(Call(text, each) for each in values)
    repetition = Repetition(
        "f", examples, parent="p", in_transactions=1, times=20, most=20, distinct=distinct
    )
    return chattiness(Conversation("x", repetitions=(repetition,)))


def test_who_asks_for_what_comes_next_asks_no_question_again() -> None:
    """Keyset pagination, a worker that looks for what is new, one that takes its next job."""
    page = "SELECT id FROM t WHERE id > $1 ORDER BY id LIMIT 100"
    assert not _heard(page, ("1",), ("2",))
    job = "SELECT id FROM t WHERE state = $1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
    assert not _heard(job, ("todo",), distinct=1)
    assert not _heard("SELECT nextval('t_id_seq')", (), distinct=1)
    (found,) = _heard("SELECT id FROM t WHERE u = $1 AND id > $2 LIMIT 5", ("1", "9"), ("2", "9"))
    assert found.rule == N_PLUS_ONE
    (found,) = _heard("SELECT id FROM t WHERE state = $1", ("todo",), distinct=1)
    assert found.rule == SAME_AGAIN


def test_an_object_that_django_gets() -> None:
    text = 'SELECT "u"."id", "u"."name" FROM "u" WHERE "u"."id" = {} LIMIT 21'
    examples = tuple(Call(text.format(number)) for number in (3, 4))
    repetition = Repetition("f", examples, in_transactions=1, times=20, most=20, distinct=20)
    (found,) = chattiness(Conversation("x", repetitions=(repetition,)))
    assert found.evidence["batch"] == "SELECT u.id, u.name FROM u WHERE u.id = ANY($1)"
    assert "the column has to be unique" in (found.advice or "")


def test_rows_are_inserted_at_once_where_their_parameters_allow_it() -> None:
    upsert = "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT (a) DO UPDATE SET b = "
    (found,) = _heard(f"{upsert}excluded.b", ("1", "2"))
    assert "VALUES ($1, $2), ($3, $4)" in str(found.evidence["batch"])
    assert "No two rows of one statement may have the same key" in (found.advice or "")
    (found,) = _heard(f"{upsert}$3", ("1", "2", "3"))
    assert "batch" not in found.evidence
    assert "parameters stand outside of the row" in (found.advice or "")


def test_requests_on_one_connection_of_a_pool(server: Server) -> None:
    """Requests that follow one another are no loop; a loop in each of them is one."""
    start = server.data_directory / "log" / "server.csv"
    before = start.stat().st_size
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("SET log_min_duration_statement = 0")
        simple = psycopg.ClientCursor(connection)
        for number in range(40):
            simple.execute("SELECT name FROM customers WHERE name = %s", [f"c{number}"])
            simple.execute("SELECT status FROM orders WHERE id = %s", [number])
        for number in range(6):
            simple.execute("SELECT id FROM orders WHERE status = %s", [f"s{number}"])
            for line in range(12):
                simple.execute("SELECT name FROM items WHERE line = %s", [line * 7 + number])
    folder = wait_for_log(server)
    part = folder / "pool.csv"
    part.write_bytes(start.read_bytes()[before:])
    conversation = read_log(part).conversation
    (found,) = chattiness(conversation)
    part.unlink()
    assert found.rule == "chattiness/n-plus-one"
    assert found.message.startswith(
        "SELECT name FROM items WHERE line = $1 ran 12 times on average"
    )
    assert found.evidence["parent"] == "SELECT id FROM orders WHERE status = $1"
    assert (found.evidence["bursts"], found.evidence["most_in_one"]) == (6, 12)
    assert found.evidence["batch"] == "SELECT name, line FROM items WHERE line = ANY($1)"
