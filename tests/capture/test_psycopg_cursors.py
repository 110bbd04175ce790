"""What psycopg's cursors record, on a real server."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.pq import TransactionStatus
from tests.capture.captured import Captured, captured

from dbwright import capture
from dbwright.capture import Recorder
from servers.postgresql import Database

BY_ID = "SELECT name FROM users WHERE id = %s"


def connect(shop: Database, recorder: Recorder, **options: Any) -> psycopg.Connection[Any]:
    return psycopg.connect(shop.url, cursor_factory=capture.cursor_factory(recorder), **options)


def written(recorder: Recorder, tmp_path: Path) -> Captured:
    recorder.stop()
    assert recorder.problem is None
    return captured(tmp_path / "capture.jsonl")


def test_calls_time_rows_and_site(shop: Database, recorder: Recorder, tmp_path: Path) -> None:
    with connect(shop, recorder) as connection:
        for number in range(100):
            connection.execute(BY_ID, (number,)).fetchone()
        connection.cursor().execute("SELECT pg_sleep(0.2)")
    found = written(recorder, tmp_path)
    assert found.texts == ["SELECT name FROM users WHERE id = $1", "SELECT pg_sleep(0.2)"]
    by_id, sleep = (found.calls[text] for text in found.texts)
    assert (by_id["calls"], by_id["rows"], "errors" in by_id) == (100, 20, False)
    assert (sleep["calls"], sleep["rows"]) == (1, 1)
    assert by_id["seconds"] > 0
    assert sleep["seconds"] >= 0.2
    here = "test_psycopg_cursors.py:test_calls_time_rows_and_site"
    assert set(found.sites.values()) == {here}
    assert found.lost == 0


def test_each_line_of_the_application_counts_for_itself(
    shop: Database, recorder: Recorder, tmp_path: Path
) -> None:
    def one(connection: psycopg.Connection[Any]) -> None:
        connection.execute(BY_ID, (1,))

    with connect(shop, recorder) as connection:
        one(connection)
        one(connection)
        connection.execute(BY_ID, (2,))
    found = written(recorder, tmp_path)
    assert len(found.texts) == 2
    assert set(found.texts) == {"SELECT name FROM users WHERE id = $1"}
    assert found.calls[found.texts[0]]["calls"] == 3


def test_errors_pass_and_are_counted(shop: Database, recorder: Recorder, tmp_path: Path) -> None:
    with connect(shop, recorder, autocommit=True) as connection:
        for _ in range(3):
            with pytest.raises(psycopg.errors.DivisionByZero):
                connection.execute("SELECT 1 / %s", (0,))
        connection.execute("SELECT 1 / %s", (1,))
    calls = written(recorder, tmp_path).calls["SELECT 1 / $1"]
    assert (calls["calls"], calls["errors"], calls["rows"]) == (4, 3, 1)


def test_what_follows_what_in_a_transaction(
    shop: Database, recorder: Recorder, tmp_path: Path
) -> None:
    parent, child = "SELECT id FROM users LIMIT 7", "SELECT * FROM orders WHERE user_id = %s"
    with connect(shop, recorder) as connection:
        for _ in range(2):
            for row in connection.execute(parent).fetchall():
                connection.execute(child, row)
            connection.commit()
        connection.execute("UPDATE users SET name = name")
    found = written(recorder, tmp_path)
    sent = "SELECT * FROM orders WHERE user_id = $1"
    assert found.sequences == [[(parent, 1), (sent, 7)]] * 2
    assert found.transactions == 3


def test_many_sets_rows_as_they_come_and_copy(
    shop: Database, recorder: Recorder, tmp_path: Path
) -> None:
    insert = "INSERT INTO users VALUES (%s, %s)"
    with connect(shop, recorder) as connection, connection.cursor() as cursor:
        cursor.executemany(insert, [(n, "x") for n in range(100, 110)])
        cursor.executemany(insert, ((n, "x") for n in range(110, 115)))
        assert len(list(cursor.stream("SELECT * FROM users WHERE id >= %s", (100,)))) == 15
        with cursor.copy("COPY users FROM STDIN") as copy:
            copy.write_row((200, "y"))
        with pytest.raises(psycopg.errors.UniqueViolation), connection.transaction():
            cursor.executemany(insert, [(100, "again")])
    calls = written(recorder, tmp_path).calls
    sent = calls["INSERT INTO users VALUES ($1, $2)"]
    assert (sent["calls"], sent["batches"], sent["sets"]) == (3, 3, 16)
    assert (sent["rows"], sent["errors"]) == (15, 1)
    assert calls["SELECT * FROM users WHERE id >= $1"]["rows"] == 15
    assert calls["COPY users FROM STDIN"]["rows"] == 1


def test_who_has_seen_enough_rows_did_not_fail(
    shop: Database, recorder: Recorder, tmp_path: Path
) -> None:
    many = "SELECT generate_series(1, 100000)"
    with connect(shop, recorder) as connection:
        for _ in connection.cursor().stream(many):
            break

    async def work() -> None:
        factory = capture.async_cursor_factory(recorder)
        async with await psycopg.AsyncConnection.connect(
            shop.url, cursor_factory=factory
        ) as connection:
            async with aclosing(connection.cursor().stream(many)) as rows:
                async for _ in rows:
                    break
            # At once, not when somebody collects garbage.
            assert connection.info.transaction_status is not TransactionStatus.ACTIVE

    asyncio.run(work())
    sent = written(recorder, tmp_path).calls[many]
    assert (sent["calls"], sent["rows"], sent.get("errors", 0)) == (2, 2, 0)


def test_queries_that_are_no_text(shop: Database, recorder: Recorder, tmp_path: Path) -> None:
    composed = sql.SQL("SELECT {} FROM users WHERE id = %(id)s AND name <> %(n)s OR id = %(id)s")
    with connect(shop, recorder) as connection:
        connection.execute(b"SELECT 'a' || %s, '10%%'", ("b",))
        connection.execute(composed.format(sql.Identifier("name")), {"id": 1, "n": "x"})
        connection.execute("SELECT '10%'")
    assert written(recorder, tmp_path).texts == [
        "SELECT 'a' || $1, '10%'",
        'SELECT "name" FROM users WHERE id = $1 AND name <> $2 OR id = $1',
        "SELECT '10%'",
    ]


def test_other_cursors(shop: Database, recorder: Recorder, tmp_path: Path) -> None:
    with connect(shop, recorder) as connection:
        connection.cursor_factory = capture.cursor_factory(recorder, psycopg.ClientCursor)
        connection.execute(BY_ID, (1,))
        connection.cursor_factory = capture.cursor_factory(recorder, psycopg.RawCursor)
        connection.execute("SELECT $1::int % 2", (1,), prepare=False)
        connection.server_cursor_factory = capture.cursor_factory(recorder, psycopg.ServerCursor)
        with connection.cursor("named") as cursor:
            cursor.execute(BY_ID, (2,), binary=True)
            assert cursor.fetchall() == [("user 2",)]
    assert written(recorder, tmp_path).texts == [
        "SELECT name FROM users WHERE id = $1",
        "SELECT $1::int % 2",
        "SELECT name FROM users WHERE id = $1",
    ]


def test_no_value_is_written_unless_asked_for(
    shop: Database, recorder: Recorder, tmp_path: Path
) -> None:
    with connect(shop, recorder) as connection:
        connection.execute("SELECT %s || %(a)s".replace("%(a)s", "%s"), ("secret", "hidden"))
    written(recorder, tmp_path)
    content = (tmp_path / "capture.jsonl").read_text()
    assert "secret" not in content
    assert "hidden" not in content


def test_values_where_they_are_asked_for(shop: Database, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "capture.jsonl", values=True)
    with connect(shop, recorder) as connection:
        for number in range(100):
            connection.execute(BY_ID, (number,))
        connection.execute(
            "SELECT %(t)s::text[], %(b)s::bool, %(n)s::int",
            {"n": None, "b": True, "t": ['a"', None]},
        )
        connection.execute("SELECT %s::text", ("x" * 5000,))
    found = written(recorder, tmp_path).calls
    by_id = found["SELECT name FROM users WHERE id = $1"]["values"]
    assert [values[0] for values in by_id] == ["0", "1", "3", "7", "15"]
    assert found["SELECT $1::text[], $2::bool, $3::int"]["values"] == [
        ['{"a\\"",NULL}', "true", None]
    ]
    assert "values" not in found["SELECT $1::text"]


def test_a_recorder_that_was_stopped_is_out_of_the_way(
    shop: Database, recorder: Recorder, tmp_path: Path
) -> None:
    with connect(shop, recorder) as connection:
        connection.execute(BY_ID, (1,))
        recorder.stop()
        row = connection.execute(BY_ID, (2,), prepare=True, binary=True).fetchone()
        assert row == ("user 2",)
        with connection.cursor() as cursor:
            cursor.executemany("SELECT %s", [(1,)])
            assert list(cursor.stream("SELECT 1")) == [(1,)]
    assert written(recorder, tmp_path).calls[BY_ID.replace("%s", "$1")]["calls"] == 1


def test_rows_of_many_sets_that_give_rows(
    shop: Database, recorder: Recorder, tmp_path: Path
) -> None:
    """The driver's own count is the first set's; in a pipeline it comes later."""
    with connect(shop, recorder) as connection, connection.cursor() as cursor:
        several = "INSERT INTO users VALUES (%s, %s), (%s, %s) RETURNING id"
        sets = [(n, "x", n + 50, "y") for n in range(100, 104)]
        cursor.executemany(several, sets, returning=True)
        assert cursor.fetchall() == [(100,), (150,)]  # what the application sees is as before
        cursor.executemany("UPDATE users SET name = %s WHERE id < %s", [("z", 3), ("z", 5)])
        with connection.pipeline():
            cursor.executemany("DELETE FROM users WHERE id = %s", [(100,), (101,)])
    calls = written(recorder, tmp_path).calls
    assert calls["INSERT INTO users VALUES ($1, $2), ($3, $4) RETURNING id"]["rows"] == 8
    assert calls["UPDATE users SET name = $1 WHERE id < $2"]["rows"] == 6
    assert "rows" not in calls["DELETE FROM users WHERE id = $1"]


def test_async(shop: Database, recorder: Recorder, tmp_path: Path) -> None:
    async def load(connection: psycopg.AsyncConnection[Any]) -> None:
        for number in range(5):
            await connection.execute(BY_ID, (number,))

    async def work() -> None:
        factory = capture.async_cursor_factory(recorder)
        async with await psycopg.AsyncConnection.connect(
            shop.url, cursor_factory=factory
        ) as connection:
            await asyncio.create_task(load(connection))
            async with connection.cursor() as cursor:
                insert = "INSERT INTO users VALUES (%s) RETURNING id"
                await cursor.executemany(insert, [(50,), (51,)], returning=True)
                rows = []
                async for row in cursor.stream("SELECT id FROM users WHERE id > 40"):
                    rows.append(row)
                assert rows == [(50,), (51,)]
                async with cursor.copy("COPY users FROM STDIN") as copy:
                    await copy.write_row((60, "y"))
                with pytest.raises(psycopg.errors.DivisionByZero):
                    await cursor.execute("SELECT 1 / 0")

    asyncio.run(work())
    found = written(recorder, tmp_path)
    assert {text: calls["calls"] for text, calls in found.calls.items()} == {
        "SELECT name FROM users WHERE id = $1": 5,
        "INSERT INTO users VALUES ($1) RETURNING id": 1,
        "SELECT id FROM users WHERE id > 40": 1,
        "COPY users FROM STDIN": 1,
        "SELECT 1 / 0": 1,
    }
    assert found.calls["SELECT id FROM users WHERE id > 40"]["rows"] == 2
    assert found.calls["SELECT 1 / 0"]["errors"] == 1
    sites = {site.rpartition(".")[2] for site in found.sites.values()}
    assert sites == {"load", "work"}
