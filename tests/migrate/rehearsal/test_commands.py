"""`dbwright migrate rehearse`, the proofs it keeps, and `up --require-proof`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from servers.command_line import Done
from servers.observe import commands_with, wait_for
from servers.postgresql import Database

Run = Callable[..., Done]

SHOP = """
CREATE SCHEMA shop;
CREATE TABLE shop.users (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mail text NOT NULL,
  price numeric(12,4), changed_at timestamptz);
CREATE TABLE shop.orders (id int PRIMARY KEY, user_id int NOT NULL REFERENCES shop.users, note text);
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql
  AS 'BEGIN NEW.changed_at = clock_timestamp(); RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON shop.users FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE MATERIALIZED VIEW shop.sums AS SELECT user_id, count(*) AS n FROM shop.orders GROUP BY 1;
ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
INSERT INTO shop.users (mail, price) SELECT 'secret' || n || '@example.org', n * 1.0001
  FROM generate_series(1, 300) n;
INSERT INTO shop.orders SELECT n, 1 + n % 300, 'note ' || n FROM generate_series(1, 900) n;
INSERT INTO shop.orders SELECT 900 + n, 1, 'a secret note' FROM generate_series(1, 3) n;
REFRESH MATERIALIZED VIEW shop.sums;
"""
FIRST = """-- UP
ALTER TABLE shop.users ADD COLUMN "Full name" text;
DROP TRIGGER touch ON shop.users;
CREATE INDEX orders_user ON shop.orders (user_id);
-- DOWN
DROP INDEX shop.orders_user;
CREATE TRIGGER touch BEFORE UPDATE ON shop.users FOR EACH ROW EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.users DROP COLUMN "Full name";
"""
SECOND = """-- UP
ALTER TABLE shop.users ALTER price TYPE numeric(12,2);
-- DOWN
ALTER TABLE shop.users ALTER price TYPE numeric(12,4);
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two migrations, in the folder that commands look for; the second one loses digits."""
    place = tmp_path / "migrations"
    place.mkdir()
    (place / "001_first.sql").write_text(FIRST)
    (place / "002_second.sql").write_text(SECOND)
    return place


def test_a_live_target(dbwright: Run, database: Database, folder: Path) -> None:
    database.execute(SHOP)
    refused = dbwright("migrate", "up", database.url, "--require-proof")
    assert (refused.status, "001 first was not rehearsed" in refused.err) == (2, True)
    before = database.execute("SELECT relname FROM pg_class WHERE relname !~ '^pg_' ORDER BY 1")
    done = dbwright("migrate", "rehearse", database.url, "--format", "json")
    assert done.status == 1
    assert done.rules == {
        "migrate/changed-precision",
        "migrate/down-does-not-bring-back",
        "migrate/breaks-clients",
    }
    first, second = done.report["rehearsal"]["migrations"]
    assert (first["passed"], second["passed"]) == (True, False)
    assert done.report["rehearsal"]["rows"] == 1203
    assert not done.report["rehearsal"]["sampled"] and not done.report["rehearsal"]["generated"]
    assert done.report["skipped"] == []
    assert {one["table"] for one in first["up"]["clients"]} == {"shop.users", "shop.orders"}
    assert "secret" not in done.out + (folder / "002_second.proof.json").read_text()
    # The target is as it was.
    after = database.execute("SELECT relname FROM pg_class WHERE relname !~ '^pg_' ORDER BY 1")
    assert after == before

    refused = dbwright("migrate", "up", database.url, "--require-proof")
    assert (refused.status, "the rehearsal of 002 second failed" in refused.err) == (2, True)
    assert dbwright("migrate", "up", database.url, "1", "--require-proof").status == 0
    accepted = (
        "--accept",
        "migrate/changed-precision",
        "--accept",
        "migrate/down-does-not-bring-back",
    )
    sample = ("--rows", "100", "--no-clients", "--format", "markdown")
    done = dbwright("migrate", "rehearse", database.url, *sample, *accepted)
    assert done.status == 0, done.out
    assert "by option" in done.out
    assert "at most 100 rows of each table" in done.out
    assert "only some rows were copied" in done.out
    proof = json.loads((folder / "002_second.proof.json").read_text())
    assert (proof["passed"], proof["failed"]) == (True, [])
    assert proof["accepted"] == ["migrate/changed-precision", "migrate/down-does-not-bring-back"]
    (folder / "002_second.sql").write_text(SECOND.replace("(12,2)", "(12,3)"))
    refused = dbwright("migrate", "up", database.url, "--require-proof")
    assert "002 second was changed since it was rehearsed" in refused.err
    (folder / "002_second.sql").write_text(SECOND)
    database.execute("ALTER TABLE shop.orders ADD extra int")
    refused = dbwright("migrate", "up", database.url, "--require-proof")
    assert "the schema is not the one that 002 second was rehearsed on" in refused.err
    database.execute("ALTER TABLE shop.orders DROP extra")
    Path("dbwright.toml").write_text("[migrate]\nrequire_proof = true\n")
    assert dbwright("migrate", "up", database.url).status == 0
    done = dbwright("migrate", "rehearse", database.url)
    assert (done.status, "nothing is pending there" in done.err) == (2, True)


def test_a_snapshot(dbwright: Run, database: Database, folder: Path) -> None:
    database.execute(SHOP)
    assert dbwright("snapshot", database.url, "-o", "shop.dbw").status == 0
    done = dbwright(
        "migrate", "rehearse", "shop.dbw", "1", "--no-clients", "--rows", "40", "--format", "json"
    )
    assert (done.status, done.report["rehearsal"]["generated"]) == (0, True), done.out
    assert done.report["rehearsal"]["rows"] == 80
    assert [one["part"] for one in done.report["skipped"]] == ["rehearsal.rows"]
    proof = json.loads((folder / "001_first.proof.json").read_text())
    assert proof["rows"]["generated"] is True
    up = dbwright("migrate", "up", database.url, "1", "--require-proof")
    assert "on rows that were made up" in up.out


@pytest.mark.slow
def test_sql_files(dbwright: Run, folder: Path) -> None:
    schema, _, _ = SHOP.partition("INSERT")
    Path("schema.sql").write_text(schema)
    done = dbwright(
        "migrate",
        "rehearse",
        "migrations/001_first.sql",
        "schema.sql",
        "--no-clients",
        "-o",
        "r.html",
    )
    assert done.status == 0, done.err
    assert "Rehearsal passed" in Path("r.html").read_text()


def test_without_a_target(dbwright: Run, folder: Path) -> None:
    (folder / "001_first.sql").write_text(f"-- UP\n{SHOP.partition('INSERT')[0]}")
    (folder / "002_second.sql").write_text(FIRST)
    done = dbwright("migrate", "rehearse", "--no-clients", "--no-proof")
    assert done.status == 0, done.out
    assert "the earlier files, with rows that were made up" in done.out
    assert not list(folder.glob("*.json"))
    (folder / "001_first.sql").write_text("-- UP\nSELECT nowhere;\n")
    done = dbwright("migrate", "rehearse", "2", "--replay")
    assert (done.status, "an earlier file does not run here" in done.err) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rows", "many"), "that is no number of rows"),
        (("--rows", "all"), "that is no number of rows"),
        (("7",), "there is no migration 7"),
        (("--accept", "migrate/nothing"), "a rehearsal has no rule migrate/nothing"),
        (("--dir", "nowhere"), "can't read nowhere"),
        (("1", "2"), "there can be one version"),
        (("postgresql://me@localhost/shop", "--replay"), "with --replay there is no target"),
        (("--lock-timeout", "soon"), "soon is no time"),
    ],
)
def test_bad_calls(dbwright: Run, folder: Path, arguments: tuple[str, ...], message: str) -> None:
    done = dbwright("migrate", "rehearse", *arguments)
    assert done.status == 2
    assert message in done.err


def test_proofs_that_are_none(dbwright: Run, database: Database, folder: Path) -> None:
    (folder / "001_first.proof.json").write_text("{}")
    done = dbwright("migrate", "up", database.url, "--require-proof")
    assert (done.status, "is no proof" in done.err) == (2, True)


def test_ctrl_c_leaves_nothing(database: Database, folder: Path) -> None:
    database.execute(SHOP)
    (folder / "002_second.sql").write_text("-- UP\nSELECT pg_sleep(60);\n")
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix="t"))
    environment = {**os.environ, "TMPDIR": str(temporary)}
    command = [sys.executable, "-m", "dbwright", "migrate", "rehearse", database.url, "-v"]
    command.append("--no-clients")
    with subprocess.Popen(
        command, cwd=folder.parent, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "pg_sleep" in line:
                break
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 4
    wait_for(lambda: not commands_with(temporary))
    assert [*temporary.iterdir()] == []
    # What was proven before is kept, whole.
    assert json.loads((folder / "001_first.proof.json").read_text())["passed"] is True
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    assert not (folder / "002_second.proof.json").exists()


@pytest.mark.slow
def test_a_migration_that_stopped_half_way(dbwright: Run, database: Database, folder: Path) -> None:
    database.execute("CREATE TABLE t (v int); INSERT INTO t VALUES (1), (1)")
    (folder / "002_second.sql").unlink()
    text = (
        "-- no-transaction\n-- UP\nALTER TABLE t ADD x int;\n"
        "CREATE UNIQUE INDEX CONCURRENTLY t_v ON t (v);\n-- DOWN\nALTER TABLE t DROP x;\n"
    )
    (folder / "001_first.sql").write_text(text)
    assert dbwright("migrate", "up", database.url).status == 4
    rehearse = ("migrate", "rehearse", database.url, "--no-clients", "--format", "json")
    done = dbwright(*rehearse)
    assert done.rules == {"migrate/up-failed", "migrate/unique-collision", "migrate/half-done"}
    (folder / "001_first.sql").write_text(text.replace("UNIQUE ", ""))
    done = dbwright(*rehearse)
    assert (done.status, done.rules) == (0, {"migrate/half-done"})
    assert dbwright("migrate", "up", database.url, "--require-proof").status == 0
