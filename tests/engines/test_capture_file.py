"""From a running application to its workload and its conversation, by way of the capture's file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbwright import capture
from dbwright.capture import Recorder
from dbwright.engines.capture_file import CaptureReading, is_capture, read_capture
from dbwright.errors import FileUnreadable, WorkloadUnreadable
from dbwright.tune.chattiness import chattiness
from servers.postgresql import Database

USERS = "SELECT id FROM users ORDER BY id"
ORDERS = "SELECT id, total FROM orders WHERE user_id = %s AND total > %s"


@pytest.fixture
def shop(database: Database) -> Database:
    database.execute(
        "CREATE TABLE users (id int PRIMARY KEY, name text); "
        "CREATE TABLE orders (id int PRIMARY KEY, user_id int, total int); "
        "INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 20) n; "
        "INSERT INTO orders SELECT n, 1 + n % 20, n FROM generate_series(1, 100) n"
    )
    return database


def report(connection: psycopg.Connection[Any]) -> int:
    """The classic: a query for each row of another."""
    users = connection.execute(USERS).fetchall()
    found = 0
    for (user,) in users:
        found += len(connection.execute(ORDERS, (user, 0)).fetchall())
    connection.commit()
    return found


def read_back(shop: Database, path: Path, *, values: bool = False) -> CaptureReading:
    """What is read of an application's two reports and a few other statements."""
    with Recorder(path, values=values) as recorder:
        factory = capture.cursor_factory(recorder)
        with psycopg.connect(shop.url, cursor_factory=factory) as connection:
            assert (report(connection), report(connection)) == (100, 100)
            for _ in range(3):
                connection.execute("SELECT 1")
                connection.commit()
            for name in ("a", "b"):
                connection.execute(f"SELECT * FROM users WHERE name = '{name}'".encode())
            with pytest.raises(psycopg.errors.SyntaxError):
                connection.execute("SELEC 1")
            connection.rollback()
    assert recorder.problem is None
    return read_capture(path)


def test_the_workload(shop: Database, tmp_path: Path) -> None:
    reading = read_back(shop, tmp_path / "c.jsonl")
    found = {query.text: query for query in reading.workload.queries}
    orders = found["SELECT id, total FROM orders WHERE user_id = $1 AND total > $2"]
    assert (orders.calls, orders.rows, orders.parameters) == (40, 200, ())
    assert orders.call_sites == (f"{__file__}:{report.__code__.co_firstlineno + 5} report",)
    assert orders.total_seconds is not None
    assert orders.mean_seconds == pytest.approx(orders.total_seconds / 40)
    assert orders.minimum_seconds is not None
    assert orders.p95_seconds is not None
    assert orders.max_seconds is not None
    assert 0 < orders.minimum_seconds <= orders.mean_seconds <= orders.max_seconds
    assert orders.minimum_seconds <= orders.p95_seconds <= orders.max_seconds
    assert orders.first_seen is not None
    assert orders.last_seen is not None
    assert reading.workload.since is not None
    assert reading.workload.since <= orders.first_seen <= orders.last_seen
    # Two texts with constants are one query, with one of them as its example.
    names = found["SELECT * FROM users WHERE name = $1"]
    assert names.calls == 2
    assert names.example in (
        "SELECT * FROM users WHERE name = 'a'",
        "SELECT * FROM users WHERE name = 'b'",
    )
    assert [part.part for part in reading.skipped] == ["workload.statements"]
    assert "does not parse (" in reading.skipped[0].reason


@pytest.mark.parametrize("values", [False, True])
def test_n_plus_one_is_found_with_its_line_and_its_remedy(
    shop: Database, tmp_path: Path, values: bool
) -> None:
    reading = read_back(shop, tmp_path / "c.jsonl", values=values)
    conversation = reading.conversation
    assert conversation.complete
    assert (conversation.pings, conversation.transactions) == (3, 6)
    assert conversation.single_statement_transactions == 3
    (finding,) = chattiness(conversation)
    assert finding.rule == "chattiness/n-plus-one"
    assert finding.evidence["times"] == 40
    assert finding.evidence["most_in_one"] == 20
    assert finding.evidence["parent"] == USERS
    assert f":{report.__code__.co_firstlineno + 5} report" in finding.message
    batch = finding.evidence["batch"]
    assert isinstance(batch, str)
    with psycopg.connect(shop.url) as connection:
        rows = psycopg.RawCursor(connection).execute(batch, (list(range(1, 21)), 0)).fetchall()
    assert len(rows) == 100


def test_the_same_question_again_is_no_n_plus_one(shop: Database, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with Recorder(path) as recorder:
        factory = capture.cursor_factory(recorder)
        with psycopg.connect(shop.url, cursor_factory=factory) as connection:
            for _ in range(30):
                connection.execute(ORDERS, (7, 0))
    (finding,) = chattiness(read_capture(path).conversation)
    assert finding.rule == "chattiness/same-query-again"


def test_one_dictionary_filled_again_and_again_is_not_taken_for_the_same(
    shop: Database, tmp_path: Path
) -> None:
    path = tmp_path / "c.jsonl"
    values = {"id": 0}
    with Recorder(path) as recorder:
        factory = capture.cursor_factory(recorder)
        with psycopg.connect(shop.url, cursor_factory=factory) as connection:
            for number in range(30):
                values["id"] = number
                connection.execute("SELECT total FROM orders WHERE id = %(id)s", values)
    (finding,) = chattiness(read_capture(path).conversation)
    assert finding.rule == "chattiness/n-plus-one"


def test_values_that_were_recorded(shop: Database, tmp_path: Path) -> None:
    reading = read_back(shop, tmp_path / "c.jsonl", values=True)
    (orders,) = (query for query in reading.workload.queries if "orders" in query.text)
    assert len(orders.parameters) == 2
    assert orders.parameters[1] == "0"
    assert int(orders.parameters[0] or 0) in range(1, 21)


def test_rotated_parts_are_read_with_it(tmp_path: Path, shop: Database) -> None:
    path = tmp_path / "c.jsonl"
    with Recorder(path, most_bytes=2000, keep=20, flush_seconds=3600) as recorder:
        factory = capture.cursor_factory(recorder)
        with psycopg.connect(shop.url, cursor_factory=factory) as connection:
            for number in range(20):
                connection.execute("SELECT 1 + %s", (number,))
                connection.commit()
                recorder.flush()
    assert (tmp_path / "c.jsonl.1").exists()
    (query,) = read_capture(path).workload.queries
    assert query.calls == 20


def test_what_is_damaged_costs_itself_alone(shop: Database, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    whole = read_back(shop, path)
    lines = path.read_bytes().splitlines(keepends=True)
    unknown = {"kind": "calls", "process": "x", "id": 7, "calls": 5, "seconds": 1.0}
    later = {"kind": "something new"}
    more = [b"\x00\xff{", b"[]", json.dumps(unknown).encode(), json.dumps(later).encode()]
    path.write_bytes(b"".join(lines) + b"\n".join(more) + b'\n{"kind": "calls", "proc')
    reading = read_capture(path)
    assert reading.workload == whole.workload
    told = [part.reason for part in reading.skipped[len(whole.skipped) :]]
    assert told == ["5 calls are of statements that the file lacks", "2 lines are damaged"]


def test_what_is_no_capture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with pytest.raises(FileUnreadable, match="No such file"):
        read_capture(path)
    for content in (b"", b"SELECT 1;\n", b"[1]\n", b'{"format": "other"}\n'):
        path.write_bytes(content)
        assert not is_capture(path)
        with pytest.raises(WorkloadUnreadable, match="is not a capture"):
            read_capture(path)
    path.write_text('{"kind":"capture","format":"dbwright-capture","version":99,"file":"a"}\n')
    assert is_capture(path)
    with pytest.raises(WorkloadUnreadable, match="newer"):
        read_capture(path)
