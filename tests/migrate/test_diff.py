"""`dbwright migrate diff`, as it is called."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from tests.diff.applied import catalog_of, fresh

from dbwright.configuration import Configuration
from dbwright.diff.compare import differences
from dbwright.migrate.diff_ import diff
from dbwright.progress import silent
from dbwright.sandbox import Server
from dbwright.sql.split import split
from servers.command_line import Done

Run = Callable[..., Done]

OLD = """
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE TABLE shop.orders (id bigint PRIMARY KEY, total numeric, state shop.state);
CREATE VIEW shop.seen AS SELECT id, total FROM shop.orders;
CREATE FUNCTION shop.one() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;
"""
NEW = """
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('new', 'paid', 'sent');
CREATE TABLE shop.orders (id bigint PRIMARY KEY, amount numeric, state shop.state DEFAULT 'sent');
CREATE VIEW shop.seen AS SELECT id, amount FROM shop.orders;
CREATE FUNCTION shop.one() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 3; END;
CREATE TABLE shop.items (id integer REFERENCES shop.orders);
"""
RENAMED = ("--rename", "shop.orders.total=amount")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.sql").write_text(OLD)
    (tmp_path / "new.sql").write_text(NEW)
    return tmp_path


def test_what_loses_data_is_refused(dbwright: Run, files: Path) -> None:
    done = dbwright("migrate", "diff", "old.sql", "new.sql")
    assert (done.status, done.out) == (3, "")
    assert "column shop.orders.total (the column's values)" in done.err
    assert "--rename shop.orders.total=amount" in done.err
    assert "--allow-destructive" in done.err
    allowed = dbwright("migrate", "diff", "old.sql", "new.sql", "--allow-destructive")
    assert allowed.status == 0
    assert "-- loses: column shop.orders.total: the column's values" in allowed.out
    assert "-- Not restored: column shop.orders.total" in allowed.out


def test_the_files_it_writes_run_up_and_down(
    dbwright: Run, files: Path, postgresql: Server
) -> None:
    """Values of an enum are committed before they are used: two files."""
    made = dbwright(
        "migrate", "diff", "old.sql", "new.sql", "--dir", "m", "--allow-destructive", "--name", "It"
    )
    assert (made.status, made.out) == (0, "m/001_it.sql\nm/002_it.sql\n")
    with fresh(postgresql, [OLD]) as url, fresh(postgresql, [NEW]) as other:
        before = catalog_of(url)
        assert dbwright("migrate", "up", url, "--dir", "m").status == 0
        told = {str(one.object) for one in differences(catalog_of(url), catalog_of(other))}
        assert told == {"table public.schema_migrations"}
        assert dbwright("migrate", "down", url, "--dir", "m").status == 0
        assert dbwright("migrate", "down", url, "--dir", "m").status == 0
        told = {str(one.object) for one in differences(catalog_of(url), before)}
        assert told == {"table public.schema_migrations"}


def test_one_way_alone_is_run_by_psql(dbwright: Run, files: Path, postgresql: Server) -> None:
    """A file of both ways would be run up and down at once."""
    with fresh(postgresql, [OLD]) as url, fresh(postgresql, [NEW]) as other:
        start, end = catalog_of(url), catalog_of(other)
        for way, expected in (("up", end), ("down", start)):
            made = dbwright(
                "migrate", "diff", "old.sql", "new.sql", "--allow-destructive", "--only", way
            )
            assert made.status == 0
            with psycopg.connect(url, autocommit=True) as connection:
                for statement in split(made.out):
                    connection.execute(statement.text.encode())
            assert not differences(catalog_of(url), expected)
    refused = dbwright("migrate", "diff", "old.sql", "new.sql", "--only", "up", "--dir", "m")
    assert (refused.status, refused.out) == (2, "")


def test_a_rename_and_equal_schemas(dbwright: Run, files: Path, postgresql: Server) -> None:
    """From a live database to a file; the pipe's text is a migration."""
    with fresh(postgresql, [OLD]) as url:
        done = dbwright("migrate", "diff", url, "new.sql", *RENAMED)
        assert done.status == 0
        assert done.out.count("-- UP") == 1 and "RENAME COLUMN total TO amount" in done.out
        (files / "m").mkdir()
        (files / "m" / "001_renamed.sql").write_text(done.out)
        assert dbwright("migrate", "up", url, "--dir", "m").status == 0
        same = dbwright("migrate", "diff", url, "new.sql", "--no-rename")
        # The history is no part of the schema: it would be dropped.
        assert (same.status, same.out) == (0, "-- The schemas are the same.\n")
        assert dbwright("migrate", "down", url, "--dir", "m").status == 0
    equal = dbwright("migrate", "diff", "old.sql", "old.sql")
    assert (equal.status, equal.out) == (0, "-- The schemas are the same.\n")
    data = dbwright("migrate", "diff", "old.sql", "new.sql", *RENAMED, "--format", "json").report
    assert data["equal"] is False and data["not_compared"] == []
    assert data["renames"] == [{"object": "column shop.orders.total", "name": "amount"}]
    assert data["files"][0]["up"][0]["sql"] == (
        "ALTER TABLE shop.orders RENAME COLUMN total TO amount"
    )


def test_whom_files_name(dbwright: Run, files: Path, postgresql: Server) -> None:
    """The user of a file is the one of the database; who is not there is told."""
    text = (
        "CREATE TABLE t (id integer PRIMARY KEY); CREATE POLICY p ON t TO CURRENT_USER USING (true); "
        "CREATE INDEX one ON t (id); ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;"
    )
    (files / "live.sql").write_text(text)
    (files / "more.sql").write_text(
        text.replace("one", "two") + "CREATE ROLE stranger; GRANT SELECT ON t TO stranger;"
    )
    with fresh(postgresql, [text]) as url:
        done = dbwright("migrate", "diff", url, "live.sql")
        assert (done.status, done.out) == (0, "-- The schemas are the same.\n")
        more = dbwright("migrate", "diff", url, "more.sql")
    assert "-- create the role stranger first: FROM has none such" in more.out
    assert "ALTER INDEX public.one RENAME TO two" in more.out
    assert "DEFAULT PRIVILEGES" not in more.out


def test_no_name_gets_out_of_its_comment(dbwright: Run, files: Path) -> None:
    """What follows a line's end would be run."""
    (files / "evil.sql").write_text('CREATE TABLE "a\nDROP TABLE b;--" (x integer);')
    (files / "empty.sql").write_text("SELECT 1;")
    done = dbwright("migrate", "diff", "evil.sql", "empty.sql", "--allow-destructive")
    assert done.status == 0
    begun = [line for line in done.out.splitlines() if line.startswith("DROP TABLE b")]
    assert begun == ['DROP TABLE b;--";', 'DROP TABLE b;--" (']  # in the two statements only
    assert done.out.count("-- loses: ") == done.out.count("-- Not restored: ") == 1


def test_files_are_read_by_a_server_of_the_other_side(
    dbwright: Run, files: Path, postgresql_15: Server
) -> None:
    """Or every view would differ: each major writes queries in its own way."""
    with fresh(postgresql_15, [OLD]) as url:
        done = dbwright("migrate", "diff", url, "old.sql")
    assert (done.status, done.out) == (0, "-- The schemas are the same.\n")


def test_two_majors(dbwright: Run, files: Path, postgresql: Server, postgresql_15: Server) -> None:
    """One side is made anew on a server of the newer major, to be written as the other is."""
    with fresh(postgresql_15, [OLD]) as older, fresh(postgresql, [OLD]) as newer:
        done = dbwright("migrate", "diff", older, newer, "--no-privileges", "--no-owner")
    assert (done.status, done.out) == (0, "-- The schemas are the same.\n")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("old.sql", "nowhere.sql"), 2, "there is no file, folder or target named"),
        (("old.sql",), 2, "TO"),
        (("broken.sql", "old.sql"), 3, "broken.sql:2: the server refused a statement"),
        (("old.sql", "new.sql", *RENAMED, "--dir", "old.sql"), 2, "old.sql"),
        (("old.sql", "new.sql", *RENAMED, "--dir", "m", "--name", "?"), 2, "has no letters"),
        (("old.sql", "new.sql", "--rename", "x"), 2, "it needs an old and a new name"),
    ],
)
def test_bad_calls(
    dbwright: Run, files: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    (files / "broken.sql").write_text("SELECT 1;\nCREATE TABLE t (a nothing);\n")
    done = dbwright("migrate", "diff", *arguments)
    assert done.status == status
    assert message in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(("answer", "renamed"), [("y", True), ("n", False)])
def test_a_person_at_a_terminal_is_asked(
    files: Path, monkeypatch: pytest.MonkeyPatch, answer: str, renamed: bool
) -> None:
    terminal, side = os.openpty()
    os.write(terminal, f"{answer}\n".encode())
    with os.fdopen(side, "r") as typed, os.fdopen(os.dup(side), "w") as seen:
        monkeypatch.setattr("sys.stdin", typed)
        monkeypatch.setattr("sys.stderr", seen)
        try:
            made = diff(
                "old.sql",
                "new.sql",
                allow_destructive=True,
                progress=silent,
                configuration=Configuration(),
            )
        finally:
            monkeypatch.undo()
    asked = ""
    while "[y/N]" not in asked:
        asked += os.read(terminal, 4096).decode()
    os.close(terminal)
    assert "Was column shop.orders.total renamed to amount? [y/N]" in asked
    assert ("RENAME COLUMN total TO amount" in made.markdown) == renamed
