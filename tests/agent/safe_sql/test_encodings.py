"""Databases that are not in UTF-8, one of which does not say what it is in; with names that need
quotes everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dbwright.agent.safe_sql import SafeSession
from dbwright.agent.tool.call import answered, arguments_of
from dbwright.agent.tool.context import Context, with_targets
from dbwright.agent.tools.explain import explain
from dbwright.agent.tools.sample import sample
from dbwright.configuration import Configuration
from dbwright.errors import QueryRefused
from dbwright.sandbox import Server

NAME, ROLE = "My \"D'b", 'Ag"ent X'
WORLD = """
CREATE SCHEMA "Sch ""ema"; GRANT USAGE ON SCHEMA "Sch ""ema" TO "Ag""ent X";
CREATE TABLE "Sch ""ema"."Us""ers" (id int, "My Password" text, name text, doc jsonb);
INSERT INTO "Sch ""ema"."Us""ers" VALUES (1, 'hunter2', 'Köln', '{"password": "hunter2", "n": "ü"}');
CREATE VIEW "Sch ""ema"."V iew" AS SELECT "My Password" AS "P w" FROM "Sch ""ema"."Us""ers";
GRANT SELECT ON ALL TABLES IN SCHEMA "Sch ""ema" TO "Ag""ent X"; ANALYZE "Sch ""ema"."Us""ers";
"""
USERS = '"Sch ""ema"."Us""ers"'


@pytest.fixture(params=["SQL_ASCII", "LATIN1"])
def url(request: pytest.FixtureRequest, postgresql: Server) -> Iterator[str]:
    """As the role that reads."""
    with psycopg.connect(postgresql.url(), autocommit=True) as connection:
        connection.execute('DROP ROLE IF EXISTS "Ag""ent X"; CREATE ROLE "Ag""ent X" LOGIN')
        connection.execute(
            f'CREATE DATABASE "My ""D\'b" ENCODING \'{request.param}\' TEMPLATE template0 '
            "LC_COLLATE 'C' LC_CTYPE 'C'".encode()
        )
        with psycopg.connect(
            postgresql.url(NAME), autocommit=True, client_encoding="UTF8"
        ) as inside:
            inside.execute(WORLD.encode())
            if request.param == "SQL_ASCII":
                inside.execute(f"INSERT INTO {USERS} VALUES (2, 'x', E'\\xe9\\xff bad', '{{}}')")
        yield postgresql.url(NAME, ROLE)
        connection.execute('DROP DATABASE "My ""D\'b" WITH (FORCE)')
        connection.execute('DROP ROLE "Ag""ent X"')


def test_rows_and_verdicts(url: str) -> None:
    with SafeSession.open(url) as session:
        first, *rest = session.run(f"SELECT * FROM {USERS} ORDER BY id").rows
        masked = "[masked: secret]"
        assert first == (1, masked, "Köln", {"password": masked, "n": "ü"})
        assert [row[2] for row in rest] in ([], ["\ufffd\ufffd bad"])
        assert session.run(f"SELECT id FROM {USERS} WHERE name = 'Köln'").rows == ((1,),)
        assert set(session.run('SELECT "P w" FROM "Sch ""ema"."V iew"').rows) == {(masked,)}
        assert session.run("SELECT current_user, current_database()").rows == ((ROLE, NAME),)
        for sql in (
            f'SELECT upper("My Password") FROM {USERS}',
            'SELECT upper("P w") FROM "Sch ""ema"."V iew"',
            f"SELECT doc ->> 'password' FROM {USERS}",
        ):
            with pytest.raises(QueryRefused):
                session.run(sql)


def test_tools(url: str, tmp_path: Path) -> None:
    context = Context(with_targets(Configuration(), {"shop": url}), tmp_path)
    found = answered(sample, context, arguments_of(sample, {"table": 'Us"ers', "rows": 1}))
    assert "hunter2" not in str(found) and found["total"] == 1
    for more in ({}, {"analyze": True}, {"indexes": [f"{USERS} (id)"]}):
        sql = f"SELECT id FROM {USERS} WHERE name = 'Köln'"
        plan = answered(explain, context, arguments_of(explain, {"sql": sql, **more}))
        assert "Scan" in plan["details"]["plan"] and "KÃ" not in str(plan)
    with pytest.raises(QueryRefused):
        sql = f"UPDATE {USERS} SET id = 2 WHERE \"My Password\" = 'hunter2'"
        answered(explain, context, arguments_of(explain, {"sql": sql}))
