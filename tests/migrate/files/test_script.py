"""Parts and options of a file, in the ways that people and other tools write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbwright.errors import BadMigration
from dbwright.migrate.files.options import duration
from dbwright.migrate.files.script import read_script, script
from dbwright.model.migration import Migration


@pytest.mark.parametrize(
    "text",
    [
        "-- UP\nSELECT 1;\n-- DOWN\nSELECT 2;",
        "-- === UP ===\r\nSELECT 1;\r\n-- === DOWN: ===\r\nSELECT 2;\r\n",
        "-- migrate:up transaction:false\nSELECT 1;\n-- migrate:down transaction:false\nSELECT 2;",
        "-- +migrate Up notransaction\nSELECT 1;\n-- +migrate Down\nSELECT 2;",
        "-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;",
        "-- Up Migration\nSELECT 1;\n-- Down Migration\nSELECT 2;",
        "SELECT 1;\n---- create above / drop below ----\nSELECT 2;",
    ],
)
def test_markers(text: str) -> None:
    found = script(text, "x.sql")
    assert [one.text for one in found.up] == ["SELECT 1"]
    assert [one.text for one in found.down or ()] == ["SELECT 2"]
    outside = any(word in text for word in ("transaction:false", "notransaction", "NO TRANS"))
    assert found.options.no_transaction is outside


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1;\n-- DOWN (drops it)\nDROP TABLE a;", "line 2: does `-- DOWN (drops it)` begin"),
        ("SELECT 1;\n/* DOWN */\nDROP TABLE a;", "line 2: does"),
        ("SELECT 1;\n-- migrate:down transaction:maybe\nSELECT 2;", "line 2: does"),
        ("-- UP\n-- no-transaction\nVACUUM;", "line 2: the option -- no-transaction is not at"),
        ("-- lock timeout: 5s\nSELECT 1", "there is no option lock timeout"),
        ("-- lock_timeout: 5s\nSELECT 1", "there is no option lock_timeout"),
        ("-- No-Transaction\nSELECT 1", "there is no option No-Transaction"),
        ("-- lock-timeout: 99999h\nSELECT 1", "lock-timeout takes a time"),
        ("-- retry: 99999999\nSELECT 1", "retry takes a number"),
        ("-- lock-timeout 5s\nSELECT 1", "line 1: `-- lock-timeout 5s` is nearly an option"),
        ("-- no-transaction -- it is long\nSELECT 1", "is nearly an option"),
        ("-- retry 5\nSELECT 1", "is nearly an option"),
        ("-- batches orders\nUPDATE orders SET a = 1", "is nearly an option"),
        ("/*\n * no-transaction\n */\nSELECT 1", "line 1: options are comments of one line"),
        ("SELECT 1;\n\\i other.sql\n", "line 2: \\i other.sql is for psql"),
    ],
)
def test_what_is_nearly_right_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadMigration) as caught:
        script(text, "x.sql")
    assert message in caught.value.message


def test_words_that_are_no_markers() -> None:
    text = "SELECT 1;\n-- up to here all is well\n-- UPDATE the rows\n-- Downtime: none\nSELECT 2;"
    assert len(script(text, "x.sql").up) == 2
    head = (
        "-- lock-timeout: 500 ms\n-- the lock timeout is short\n-- retry it later\n"
        "-- batches of rows, lock-timeout and all\n/* lock-timeout is short */\nSELECT 1;"
    )
    assert script(head, "x.sql").options.lock_timeout == 0.5


def test_the_rows_of_a_copy() -> None:
    (copy, rest) = script("COPY a FROM stdin;\n1\tx\n\\.\nSELECT 1;", "x.sql").up
    assert (copy.data, rest.data) == ("1\tx\n", None)


def test_less_than_a_millisecond_is_not_without_a_limit() -> None:
    assert [duration(text) for text in ("0.2ms", "0", "1min", "1000h")] == [0.001, 0.0, 60.0, None]


def test_a_statement_without_its_end() -> None:
    with pytest.raises(BadMigration, match=r"a\.sql, line 3: the statement before `-- DOWN`"):
        script("-- UP\nCREATE TABLE a (id integer)\n-- DOWN\nDROP TABLE a;", "a.sql")
    inside = "CREATE TABLE a (\n-- DOWN\nid integer);"
    assert len(script(inside, "a.sql").up) == 1


@pytest.mark.parametrize(
    "content", [b"UPDATE t SET v = 0 \0 WHERE id = 1;", "SELECT 1;".encode("utf-16-le")]
)
def test_a_zero_would_end_the_statement(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "001_a.sql"
    path.write_bytes(content)
    with pytest.raises(BadMigration, match="line 1: a byte is zero"):
        read_script(Migration("001", "a", str(path), ""))
