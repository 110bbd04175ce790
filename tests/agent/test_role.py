from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from servers.command_line import Done
from servers.postgresql import Database

SCHEMA = """
CREATE SCHEMA shop; CREATE SCHEMA hidden; CREATE EXTENSION dblink;
CREATE TABLE shop.users (id int PRIMARY KEY, name text, password text, token_expires date);
CREATE TABLE shop."Odd ""name" (id int, "a column" text, "api key
; DROP TABLE shop.users; --" text);
CREATE TABLE hidden.t (id int);
CREATE VIEW shop.people AS SELECT id, name FROM shop.users;
CREATE SEQUENCE shop.counter;
CREATE FUNCTION shop.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
INSERT INTO shop.users VALUES (1, 'ann', 'x');
"""


def test_the_role_can_read_and_nothing_else(
    database: Database, dbwright: Callable[..., Done]
) -> None:
    database.execute(SCHEMA)
    done = dbwright(
        "agent",
        "role",
        database.url,
        "--schemas",
        "shop",
        "--name",
        "the reader",
        "--format",
        "json",
    )
    assert done.status == 0, done.err
    data = done.report
    database.execute(data["up"])
    url = database.server.url(database.name, "the reader")
    with psycopg.connect(url, autocommit=True) as reader:
        assert reader.execute("SELECT id, name, token_expires FROM shop.users").fetchall()
        reader.execute('SELECT id, "a column" FROM shop."Odd ""name"')
        reader.execute("SELECT * FROM shop.people")
        reader.execute("SELECT last_value FROM shop.counter")
        reader.execute("SELECT * FROM pg_stat_activity")
        for refused in (
            "SELECT password FROM shop.users",
            "SELECT * FROM shop.users",
            "SELECT * FROM hidden.t",
            "INSERT INTO shop.users VALUES (2)",
            "CREATE TABLE shop.t ()",
            "SELECT pg_read_file('PG_VERSION')",
            "SELECT rolpassword FROM pg_authid",
            "SET transaction_read_only = off; CREATE TABLE shop.t ()",
            "CREATE ROLE another",
        ):
            with pytest.raises(psycopg.Error):
                reader.execute(refused.encode())
    assert data["left_out"][-1] == "shop.users.password"
    database.execute(data["down"])
    assert database.execute("SELECT FROM pg_roles WHERE rolname = 'the reader'") == []
    assert database.execute("SELECT count(*) FROM shop.users") == [(1,)]


def test_what_it_tells(database: Database, dbwright: Callable[..., Done]) -> None:
    database.execute(SCHEMA)
    done = dbwright("agent", "role", database.url)
    assert done.status == 0
    assert "PASSWORD '" not in done.out and "\\password dbwright_agent" in done.out
    assert "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC" in done.out
    assert "REVOKE EXECUTE ON FUNCTION shop.f() FROM PUBLIC" in done.out
    for line in done.out.splitlines():
        assert not line.startswith("; DROP")


@pytest.mark.parametrize(
    "wrong",
    [
        ("--name", "pg_x"),
        ("--name", ""),
        ("--schemas", "nowhere"),
        ("--schemas", ","),
        ("--nmae", "x"),
    ],
)
def test_a_wrong_call(
    database: Database, dbwright: Callable[..., Done], wrong: tuple[str, str]
) -> None:
    done = dbwright("agent", "role", database.url, *wrong)
    assert (done.status, done.out) == (2, "")
