"""Bad input is a normal input: one or two lines that say what to do, the documented exit status,
no traceback, no password."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dbwright.sandbox import Server, start
from servers.postgresql import Database

SECRET = "s3cret-Pass%40word"
PLAIN_SECRET = "s3cret-Pass@word"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


PORT = free_port()
"""Of the guarded server; each worker of the tests has its own."""


def dbwright(
    *arguments: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PG") and k != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "-m", "dbwright", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=180,
        cwd=cwd,
        env={**clean, "NO_COLOR": "1", **(env or {})},
    )


def refused(done: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    assert done.returncode == status, done.stderr + done.stdout
    # On a busy machine a line of progress may come first.
    lines = [line for line in done.stderr.splitlines() if not line.endswith(" ...")]
    assert lines[0].startswith("error: "), done.stderr
    assert len(lines) <= 2, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    everything = done.stdout + done.stderr
    assert "Traceback" not in everything
    for secret in (SECRET, PLAIN_SECRET, "s3cret"):
        assert secret not in everything


@pytest.fixture(scope="module")
def guarded() -> Iterator[Server]:
    """A server that asks for a password on TCP."""
    hba = "local all dbwright trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
    with start(settings={"listen_addresses": "127.0.0.1", "port": str(PORT)}, hba=hba) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE app LOGIN PASSWORD '{PLAIN_SECRET}'")
        yield server


def tcp(user: str, password: str, database: str = "postgres") -> str:
    return f"postgresql://{user}:{password}@127.0.0.1:{PORT}/{database}"


# --- targets --------------------------------------------------------------------------------


def test_no_target(tmp_path: Path) -> None:
    refused(dbwright("check", cwd=tmp_path), 2, "no target", "DATABASE_URL", "dbwright demo")


def test_no_such_file(tmp_path: Path) -> None:
    refused(dbwright("check", "nothing.sql", cwd=tmp_path), 2, "nothing.sql")


def test_another_engine() -> None:
    refused(dbwright("check", f"mysql://u:{SECRET}@h/db"), 2, "mysql://", "postgresql://")


def test_no_database_url() -> None:
    refused(dbwright("check", f"https://u:{SECRET}@h/db"), 2, "https://")


def test_a_url_that_cannot_be_read() -> None:
    done = dbwright("check", "postgresql://u:s3cret%zz@h/db")
    refused(done, 2, "can't be read", "percent-encoded")


def test_an_unknown_host() -> None:
    done = dbwright("check", f"postgresql://u:{SECRET}@no-such-host.invalid/db?connect_timeout=3")
    refused(done, 3, "no-such-host.invalid")


def test_a_server_that_is_down() -> None:
    done = dbwright("check", f"postgresql://u:{SECRET}@127.0.0.1:1/db")
    refused(done, 3, "127.0.0.1", "running")


def test_a_wrong_password(guarded: Server) -> None:
    refused(dbwright("check", tcp("app", "s3cret")), 3, "password", "PGPASSWORD")


def test_the_right_password_is_not_shown(guarded: Server, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = dbwright("check", tcp("app", SECRET), "-v", "-o", report)
    assert done.returncode in (0, 1), done.stderr
    everything = done.stdout + done.stderr + report.read_text()
    assert "s3cret" not in everything
    assert json.loads(report.read_text())["target"] == f"postgresql://app@127.0.0.1:{PORT}/postgres"


def test_an_unknown_database(guarded: Server) -> None:
    refused(dbwright("check", tcp("app", SECRET, "nowhere")), 3, "nowhere", "name")


def test_a_user_that_hba_turns_away(guarded: Server) -> None:
    url = guarded.url().replace("dbwright@", "app@")
    refused(dbwright("check", url), 3, "pg_hba")


def test_an_unknown_service() -> None:
    refused(dbwright("check", "postgresql:///?service=nowhere"), 3, "service")


def test_a_service_file(guarded: Server, tmp_path: Path) -> None:
    file = tmp_path / "services.conf"
    file.write_text(f"[shop]\nhost=127.0.0.1\nport={PORT}\nuser=app\ndbname=postgres\n")
    passfile = tmp_path / "passfile"
    passfile.write_text(f"127.0.0.1:{PORT}:*:app:{PLAIN_SECRET}\n")
    passfile.chmod(0o600)
    done = dbwright(
        "check",
        "postgresql:///?service=shop",
        env={"PGSERVICEFILE": str(file), "PGPASSFILE": str(passfile)},
    )
    assert done.returncode in (0, 1), done.stderr
    assert "s3cret" not in done.stdout + done.stderr


def test_the_environment_alone(guarded: Server) -> None:
    environment = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(PORT),
        "PGUSER": "app",
        "PGPASSWORD": PLAIN_SECRET,
        "PGDATABASE": "postgres",
    }
    done = dbwright("check", env=environment)
    assert done.returncode in (0, 1), done.stderr
    assert "s3cret" not in done.stdout + done.stderr


def test_a_server_that_does_not_speak_tls(guarded: Server) -> None:
    done = dbwright("check", tcp("app", SECRET) + "?sslmode=require")
    refused(done, 3, "SSL", "sslmode")


def test_a_server_that_is_too_old() -> None:
    """11 is the newest major that is not read; scripts/bootstrap brings its programs."""
    with start(major=11) as server:
        refused(dbwright("check", server.url()), 3, "PostgreSQL 11", "12 and later", "upgrade")


def test_a_database_without_tables(database: Database) -> None:
    done = dbwright("check", database.url, "--skip", "settings", "--skip", "security")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_hostile_names(database: Database) -> None:
    name = 'a\nb\x1b[31m[red]"; DROP TABLE x; -- 💥 <script>alert(1)</script>'
    quoted = '"' + name.replace('"', '""') + '"'
    database.execute(f"CREATE TABLE {quoted} ({quoted} int)")
    for format in ("table", "json", "markdown", "html", "sarif", "junit"):
        done = dbwright("check", database.url, "--format", format, "--skip", "settings")
        assert done.returncode in (0, 1), done.stderr
        assert "\x1b" not in done.stdout
        assert "<script>alert" not in done.stdout or format != "html"


# --- snapshots ------------------------------------------------------------------------------


@pytest.fixture
def snapshot(database: Database, tmp_path: Path) -> Path:
    database.execute("CREATE TABLE t (id int)")
    path = tmp_path / "t.dbw"
    done = dbwright("snapshot", database.url, "-o", path)
    assert done.returncode == 0, done.stderr
    return path


def test_a_whole_snapshot(snapshot: Path) -> None:
    done = dbwright("check", snapshot, "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    rules = {finding["rule"] for finding in json.loads(done.stdout)["findings"]}
    assert "keys/no-primary-key" in rules


def test_a_truncated_snapshot(snapshot: Path) -> None:
    snapshot.write_bytes(snapshot.read_bytes()[:-200])
    refused(dbwright("check", snapshot), 2, "cut off", "dbwright snapshot")


def test_an_empty_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "empty.dbw"
    path.write_bytes(b"")
    refused(dbwright("check", path), 2, "snapshot")


def test_a_snapshot_of_a_newer_version(snapshot: Path) -> None:
    header, _, body = gzip.decompress(snapshot.read_bytes()).partition(b"\n")
    newer = {**json.loads(header), "version": 999, "written_by": "99.0"}
    snapshot.write_bytes(gzip.compress(json.dumps(newer).encode() + b"\n" + body))
    refused(dbwright("check", snapshot), 2, "99.0", "upgrade")


def test_a_snapshot_with_something_unexpected(snapshot: Path) -> None:
    header, _, body = gzip.decompress(snapshot.read_bytes()).partition(b"\n")
    changed = json.loads(body)
    changed["catalog"]["tables"] = "none"
    snapshot.write_bytes(gzip.compress(header + b"\n" + json.dumps(changed).encode()))
    refused(dbwright("check", snapshot), 2, "catalog.tables")


def test_a_file_that_is_no_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "picture.dbw"
    path.write_bytes(os.urandom(100))
    refused(dbwright("check", path), 2, "not a dbwright snapshot")


def test_a_snapshot_that_cannot_be_written(database: Database, tmp_path: Path) -> None:
    refused(dbwright("snapshot", database.url, "-o", tmp_path / "no" / "t.dbw", "-q"), 2, "write")


# --- options, configuration, baselines ------------------------------------------------------


def test_options_that_do_not_exist() -> None:
    refused(dbwright("check", "--bogus"), 2, "--bogus", "--help")
    refused(dbwright("chek"), 2, "chek")
    refused(dbwright("check", "--fail-on", "awful"), 2, "awful")
    refused(dbwright("check", "--budget", "soon"), 2, "--budget")


def test_an_unknown_rule(tmp_path: Path) -> None:
    refused(dbwright("check", "--only", "indexes/unusd-index", "x.sql"), 2, "unused-index")
    refused(dbwright("rules", "nothing-like-it"), 2, "dbwright rules")


def test_an_unknown_format(database: Database) -> None:
    refused(dbwright("check", database.url, "--format", "pdf", "-q"), 2, "pdf", "json")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[check\n", "TOML"),
        ("[chek]\n", "chek"),
        ('[rules."indexes/unusd-index"]\n', "unused-index"),
        ('[rules."indexes/unused-index"]\nmin_dayz = 3\n', "min_dayz"),
        ('[rules."indexes/unused-index"]\nmin_days = "many"\n', "min_days"),
        ('[check]\nfail_on = "awful"\n', "fail_on"),
    ],
)
def test_configuration(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "dbwright.toml").write_text(text)
    (tmp_path / "x.sql").write_text("SELECT 1;")
    refused(dbwright("check", "x.sql", cwd=tmp_path), 2, word, "dbwright.toml")


def test_a_baseline_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_text("SELECT 1;")
    (tmp_path / "baseline.json").write_text("[]")
    done = dbwright("check", "x.sql", "--baseline", "baseline.json", cwd=tmp_path)
    refused(done, 2, "baseline.json")
    refused(dbwright("check", "x.sql", "--baseline", "no.json", cwd=tmp_path), 2, "no.json")


# --- SQL files ------------------------------------------------------------------------------


def test_syntax_errors(tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_text("CREATE TABEL a (id int);\n\nCREATE TABLE b (id int);\n'open")
    done = dbwright("check", "x.sql", "--format", "json", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    findings = json.loads(done.stdout)["findings"]
    refusals = [f for f in findings if f["rule"] == "files/statement-refused"]
    assert [f["location"]["line"] for f in refusals] == [1, 4]
    assert "keys/no-primary-key" in {f["rule"] for f in findings}, "the rest is still checked"


def test_a_binary_file(tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_bytes(b"\x00\x01\x02" * 100)
    refused(dbwright("check", "x.sql", "-q", cwd=tmp_path), 2, "x.sql")


def test_an_empty_folder(tmp_path: Path) -> None:
    refused(dbwright("check", tmp_path, "-q"), 2, ".sql")


@pytest.mark.parametrize("megabytes", [2, pytest.param(50, marks=pytest.mark.slow)])
def test_a_large_file(tmp_path: Path, megabytes: int) -> None:
    row = "INSERT INTO t (id, note) VALUES ({}, 'some text that fills the row {}');\n"
    with (tmp_path / "x.sql").open("w") as file:
        file.write("CREATE TABLE t (id int PRIMARY KEY, note text);\n")
        n = 0
        while file.tell() < megabytes * 1_000_000:
            n += 1
            file.write(row.format(n, n))
    done = dbwright("check", "x.sql", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_interrupting_a_sandbox(tmp_path: Path) -> None:
    """Ctrl-C while files are loaded: the documented status, and no server is left."""
    (tmp_path / "x.sql").write_text("SELECT pg_sleep(60);")
    process = subprocess.Popen(
        [sys.executable, "-m", "dbwright", "check", "x.sql", "-v"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 4, errors
    assert "Traceback" not in errors


def test_a_reader_that_goes_away(database: Database) -> None:
    """`dbwright rules | head -1` ends quietly."""
    done = subprocess.run(
        f"{sys.executable} -m dbwright rules | head -1",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
