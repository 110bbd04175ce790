"""The table of the history: which one it is, and its rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dbwright.errors import BadMigration
from dbwright.migrate.history.table import History
from dbwright.model.migration import Migration, MigrationState
from servers.command_line import Done
from servers.postgresql import Database

STATE = {"state": MigrationState.APPLIED}


def test_another_search_path_begins_no_second_history(
    dbwright: Callable[..., Done], database: Database, tmp_path: Path
) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "001_a.sql").write_text("CREATE TABLE a (id bigint PRIMARY KEY);")
    assert dbwright("migrate", "up", database.url).status == 0
    database.execute("CREATE SCHEMA tenant")
    database.execute(f"ALTER DATABASE {database.name} SET search_path = tenant")
    for command in ("status", "up", "down", "verify", "redo"):
        done = dbwright("migrate", command, database.url)
        assert done.status == 2
        assert "does not find this database's history public.schema_migrations" in done.err
        assert "--table tenant.schema_migrations to begin another" in done.err
    known = dbwright(
        "migrate", "status", database.url, "--table", "public.schema_migrations", "--format", "json"
    )
    assert [one["state"] for one in known.report["migrations"]] == ["applied"]
    own = ("--table", "tenant.schema_migrations")
    assert dbwright("migrate", "up", database.url, *own).status == 0
    # Now the search_path finds one, and it is that.
    assert "nothing to run" in dbwright("migrate", "up", database.url).out
    database.execute(f"ALTER DATABASE {database.name} SET search_path = nowhere")
    lost = dbwright("migrate", "up", database.url)
    assert (lost.status, "public.schema_migrations, tenant.schema_m" in lost.err) == (2, True)


def test_a_row_is_found_by_its_number_however_it_is_written(database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        history = History(connection)
        history.create()
        history.put(Migration("1", "a", "1_a.sql", "x"), STATE)
        again = History(connection)
        assert set(again.rows()) == {1}
        for version in ("001", "0001", "0001"):
            again.put(Migration(version, "a", f"{version}_a.sql", "y"), STATE)
        assert [one.version for one in again.rows().values()] == ["0001"]
        with pytest.raises(ZeroDivisionError), connection.transaction():
            again.put(Migration("2", "b", "2_b.sql", "z"), STATE)
            again.put(Migration("01", "a", "01_a.sql", "z"), STATE)
            raise ZeroDivisionError
        again.put(Migration("2", "b", "2_b.sql", "z"), STATE)
        again.put(Migration("1", "a", "1_a.sql", "z"), STATE)
        found = History(connection).rows()
        assert {number: one.version for number, one in found.items()} == {1: "1", 2: "2"}


def test_a_name_that_is_none_is_refused(database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        for name in ("", "a.b.c", "a b", 'x".'):
            with pytest.raises(BadMigration, match="no name of a table"):
                History(connection, name)
