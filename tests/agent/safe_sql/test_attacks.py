from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.agent.safe_sql.attacks import MASKED, REFUSED
from tests.agent.safe_sql.conftest import Place
from tests.agent.safe_sql.schema import PLANTED

from dbwright.agent.safe_sql import Limits, SafeSession
from dbwright.errors import DbwrightError, QueryRefused, StatementRejected

LIMITS = Limits(rows=50, statement_seconds=5, read_bytes=2_000_000)
STATE = """
SELECT 'class', md5(string_agg(concat_ws(' ', oid, relname, relnamespace, relkind, relfilenode,
       relacl, relnatts, relhasrules), ',' ORDER BY oid)) FROM pg_class
UNION ALL SELECT 'functions', md5(string_agg(p::text, ',' ORDER BY oid)) FROM pg_proc p
UNION ALL SELECT 'types', md5(string_agg(p::text, ',' ORDER BY oid)) FROM pg_type p
UNION ALL SELECT 'schemas', md5(string_agg(p::text, ',' ORDER BY oid)) FROM pg_namespace p
UNION ALL SELECT 'roles', md5(string_agg(p::text, ',' ORDER BY oid)) FROM pg_authid p
UNION ALL SELECT 'overrides', md5(string_agg(p::text, ',' ORDER BY setdatabase, setrole)) FROM pg_db_role_setting p
UNION ALL SELECT 'settings', md5(string_agg(name || setting, ',' ORDER BY name)) FROM pg_settings WHERE name <> 'application_name'
UNION ALL SELECT 'objects', md5(string_agg(p::text, ',' ORDER BY loid, pageno)) FROM pg_largeobject p
UNION ALL SELECT 'extensions', md5(string_agg(p::text, ',' ORDER BY oid)) FROM pg_extension p
UNION ALL SELECT 'slots', count(*)::text FROM pg_replication_slots
UNION ALL SELECT 'prepared', count(*)::text FROM pg_prepared_xacts
UNION ALL SELECT 'advisory', count(*)::text FROM pg_locks WHERE locktype = 'advisory'
UNION ALL SELECT 'databases', md5(string_agg(datname || coalesce(datacl::text, ''), ',' ORDER BY oid)) FROM pg_database
UNION ALL SELECT 'transactions', (txid_snapshot_xmax(txid_current_snapshot()))::text
"""
TABLES = "SELECT oid::regclass::text, relkind::text FROM pg_class WHERE relkind IN ('r', 'm', 'S') AND oid >= 16384 AND relnamespace::regnamespace::text NOT LIKE 'pg_toast%%' ORDER BY 1"


def state(place: Place) -> dict[str, Any]:
    """All that an attack could have changed."""
    with psycopg.connect(place.superuser, autocommit=True) as connection:
        found: dict[str, Any] = dict(connection.execute(STATE).fetchall())
        for table, kind in connection.execute(TABLES).fetchall():
            every = "md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), ''))"
            what = "last_value, is_called" if kind == "S" else every
            row = connection.execute(f"SELECT {what} FROM {table} t".encode()).fetchone()
            found[table] = row
    data = place.server.data_directory
    found["files"] = sorted(
        str(path.relative_to(data))
        for path in data.rglob("*")
        if path.is_file()
        and path.parts[-2] not in ("pg_wal", "pg_stat_tmp", "pgsql_tmp", "pg_stat")
        and not path.name.endswith(("_fsm", "_vm", ".pid", "pg_internal.init"))
    )
    found["planted file"] = Path("/tmp/pwned").exists()
    return found


@contextmanager
def nothing_happens(place: Place) -> Iterator[None]:
    """The block leaves no trace: in the database, among its sessions, to who listens."""
    with psycopg.connect(place.superuser, autocommit=True) as listener:
        listener.execute("LISTEN c")
        before = state(place)
        with psycopg.connect(place.superuser, autocommit=True) as other:
            other.execute("SELECT 1 -- ALTER ROLE x PASSWORD 'hunter2-planted'")
            yield
        listener.execute("SELECT 1")
        assert list(listener.notifies(timeout=0.1)) == []
        assert state(place) == before


def outcome(session: SafeSession, sql: str) -> str:
    """All that comes out, as a model would get it."""
    try:
        result = session.run(sql)
    except DbwrightError as error:
        return f"{type(error).__name__}: {error.message} {error.next_step}"
    return json.dumps([[c.name for c in result.columns], result.rows, result.notices], default=str)


@pytest.mark.parametrize("who", ["superuser", pytest.param("reader", marks=pytest.mark.slow)])
def test_no_attack_gets_through(trapped: Place, who: str) -> None:
    through: list[str] = []
    spoken: list[str] = []
    with nothing_happens(trapped), SafeSession.open(getattr(trapped, who), LIMITS) as session:
        for statements in REFUSED.values():
            for sql in statements:
                try:
                    session.run(sql)
                    through.append(sql)
                except (QueryRefused, StatementRejected) as error:
                    said = f"{error.message} {error.next_step}"
                    spoken += [
                        f"{sql} -> {said}" for word in PLANTED if word in said and word not in sql
                    ]
                except DbwrightError as error:
                    through.append(f"{sql} -> {error!r}")
    assert through == []
    assert spoken == []


@pytest.mark.parametrize("who", ["superuser", "reader"])
def test_no_secret_comes_out(trapped: Place, who: str) -> None:
    leaks: list[str] = []
    with nothing_happens(trapped), SafeSession.open(getattr(trapped, who), LIMITS) as session:
        for statements in MASKED.values():
            for sql in statements:
                said = outcome(session, sql)
                leaks += [
                    f"{sql} -> {word}" for word in PLANTED if word.casefold() in said.casefold()
                ]
                leaks += [f"{sql} -> a part" for word in ("hunter2", "HUNTER2") if word in said]
                assert len(said) < 1_500_000
    assert leaks == []


def test_the_list_is_long() -> None:
    assert sum(map(len, REFUSED.values())) + sum(map(len, MASKED.values())) >= 150
    every = [sql for statements in REFUSED.values() for sql in statements]
    assert len(set(every)) == len(every)
