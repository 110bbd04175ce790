from __future__ import annotations

import os
import socket
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbwright.errors import ServerDidNotStart
from dbwright.sandbox import Server, find_programs, start
from servers.postgresql import Database, majors


def ask(server: Server, query: str, database: str = "postgres") -> Any:
    with psycopg.connect(server.url(database), autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


@pytest.mark.parametrize("major", [None, *majors()])
def test_each_major_starts_and_leaves_nothing(place: Path, major: int | None) -> None:
    with start(major) as server:
        assert server.major == (major or 18)
        assert ask(server, "SHOW server_version").split()[0] == server.version
        assert ask(server, "SELECT current_user") == "dbwright"
        assert ask(server, "SHOW server_encoding") == "UTF8"
        assert ask(server, "SHOW listen_addresses") == ""
        collation = ask(server, "SELECT datcollate FROM pg_database WHERE datname = 'template0'")
        assert collation in ("C.UTF-8", "C")
        assert server.data_directory.is_dir()
    assert not server.socket_directory.exists()


def test_every_major_that_the_tests_want_is_here() -> None:
    if os.environ.get("DBWRIGHT_SKIP_MISSING"):
        pytest.skip("DBWRIGHT_SKIP_MISSING is set")
    assert majors() == [12, 13, 14, 15, 16, 17, 18]


@pytest.mark.skipif(os.geteuid() != 0, reason="is about servers of root")
def test_a_server_of_root_runs_as_another_user(postgresql: Server) -> None:
    uid = Path(f"/proc/{postgresql.pid}").stat().st_uid
    assert uid != 0
    folder = postgresql.socket_directory.stat()
    assert (folder.st_uid, stat.S_IMODE(folder.st_mode)) == (uid, 0o700)
    root = postgresql.socket_directory.parent.stat()
    assert (root.st_uid, stat.S_IMODE(root.st_mode)) == (0, 0o711)


def test_a_server_gets_nothing_of_the_environment(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("PGPORT", "1")
    with start() as server:
        environment = Path(f"/proc/{server.pid}/environ").read_bytes()
        assert b"hunter2" not in environment
        assert b"PGDATA" not in environment
        assert ask(server, "SELECT 1") == 1


def test_names_in_a_url_are_quoted(place: Path) -> None:
    with start() as server:
        name = 'sh op/?&"ä'
        server.create_database(name)
        assert ask(server, "SELECT current_database()", name) == name
        with pytest.raises(psycopg.errors.DuplicateDatabase):
            server.create_database(name)


def test_settings_hba_and_tcp(place: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    rules = "host all watched 127.0.0.1/32 reject\nhost all all 127.0.0.1/32 trust"
    settings = {"listen_addresses": "127.0.0.1", "port": port, "dbwright.note": "it's \\ a\nnote"}
    with start(settings=settings, hba=rules) as server:
        assert ask(server, "SHOW dbwright.note") == "it's \\ a\nnote"
        with psycopg.connect(server.url(host="127.0.0.1")) as connection:
            connection.execute("CREATE ROLE watched LOGIN")
        with pytest.raises(psycopg.OperationalError, match="rejects connection"):
            psycopg.connect(server.url(user="watched", host="127.0.0.1"))
        with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
            psycopg.connect(server.url(user="watched"))


def test_publications_slots_and_prepared_transactions_work(database: Database) -> None:
    database.execute("CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t")
    database.execute("SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
    database.execute("SELECT pg_drop_replication_slot('s')")
    with psycopg.connect(database.url) as connection:
        connection.tpc_begin(connection.xid(1, "global", "branch"))
        connection.execute("INSERT INTO t VALUES (1)")
        connection.tpc_prepare()
        connection.tpc_commit()
    assert database.execute("SELECT id FROM t") == [(1,)]


def test_a_setting_that_the_server_refuses_is_told(place: Path) -> None:
    with pytest.raises(ServerDidNotStart) as caught:
        start(settings={"shared_buffers": "many"})
    assert "shared_buffers" in caught.value.message
    assert caught.value.next_step


def test_the_name_of_a_setting_is_no_way_in(place: Path) -> None:
    with pytest.raises(ValueError, match="not the name of a setting"):
        start(settings={"port = 1\nfsync": "on"})


@pytest.mark.parametrize("major", [None, *majors()])
def test_restart_keeps_the_data_also_after_a_crash(place: Path, major: int | None) -> None:
    with start(major) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE t AS SELECT 1 AS id")
        before = server.pid
        server.restart()
        assert server.pid != before
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("INSERT INTO t VALUES (2)")
            server.kill()
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        server.restart()
        assert ask(server, "SELECT sum(id) FROM t") == 3
        assert "was not properly shut down" in server.log()
    with pytest.raises(RuntimeError, match="stopped"):
        server.restart()


def test_a_restart_that_fails_leaves_nothing(place: Path) -> None:
    with start() as server:
        ask(server, "SELECT pg_reload_conf()")
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET shared_preload_libraries = 'missing'")
        with pytest.raises(ServerDidNotStart, match="missing"):
            server.restart()
        assert not server.socket_directory.exists()
    assert "missing" in server.log()


def test_stop_from_another_thread_and_again(place: Path) -> None:
    server = start()
    thread = threading.Thread(target=server.stop)
    thread.start()
    thread.join()
    assert not server.socket_directory.exists()
    server.stop()


def test_an_exception_stops_the_server(place: Path) -> None:
    with pytest.raises(ZeroDivisionError), start() as server:
        raise ZeroDivisionError
    assert not server.socket_directory.exists()


def test_twenty_at_once(place: Path) -> None:
    with ThreadPoolExecutor(20) as pool:
        servers = list(pool.map(lambda _: start(), range(20)))
        directories = pool.map(lambda server: ask(server, "SHOW data_directory"), servers)
        assert len(set(directories)) == 20
        list(pool.map(Server.stop, servers))


def test_a_socket_path_is_never_too_long(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = place / ("x" * 80)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with start() as server:
        assert server.socket_directory.parent.parent == Path("/tmp")
        assert ask(server, "SELECT 1") == 1


def test_a_root_of_somebody_else_is_refused(place: Path) -> None:
    (place / f"dbwright-{os.geteuid()}").symlink_to("/")
    with pytest.raises(ServerDidNotStart, match="made by somebody else"):
        start()
    (place / f"dbwright-{os.geteuid()}").unlink()


def test_a_temporary_folder_that_can_not_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc")
    with pytest.raises(ServerDidNotStart, match="could not be set up"):
        start()


def test_what_it_does_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    told: list[str] = []
    with start(progress=lambda doing, done=None, total=None: told.append(doing)):
        version = find_programs().version
        assert told == [f"preparing PostgreSQL {version}", f"starting PostgreSQL {version}"]
