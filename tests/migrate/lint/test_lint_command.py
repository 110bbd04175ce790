"""`dbwright migrate lint` as it is called."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from servers.command_line import Done
from servers.postgresql import Database

Run = Callable[..., Done]
USERS = """-- UP
CREATE TABLE users (id integer PRIMARY KEY, name text);
-- DOWN
DROP TABLE users;
"""
WIDER = """-- UP
-- dbwright: ignore drops-a-column nobody reads it
ALTER TABLE users DROP COLUMN name;
ALTER TABLE users ALTER COLUMN id TYPE bigint;
-- DOWN
ALTER TABLE users ALTER COLUMN id TYPE integer;
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "migrations"
    place.mkdir()
    (place / "001_users.sql").write_text(USERS)
    (place / "002_wider.sql").write_text(WIDER)
    return place


def test_a_file_after_those_before_it(dbwright: Run, folder: Path, tmp_path: Path) -> None:
    file = "migrations/002_wider.sql"
    done = dbwright("migrate", "lint", file, "--format", "json", "--also", "out.sarif")
    assert done.rules == {"migrations/rewrites-a-table"}
    (finding,) = done.report["findings"]
    assert finding["location"] == {"file": file, "line": 4}
    assert (done.status, finding["severity"]) == (0, "warning")
    assert finding["fix"]["up"].startswith("--")
    (silenced,) = done.report["silenced"]
    assert (silenced["by"], silenced["reason"]) == ("comment", "nobody reads it")
    sarif = json.loads((tmp_path / "out.sarif").read_text())
    (result,) = [one for one in sarif["runs"][0]["results"] if not one.get("suppressions")]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == (file, 4)


def test_what_is_pending_on_a_target(dbwright: Run, database: Database, folder: Path) -> None:
    assert dbwright("migrate", "up", database.url, "1").status == 0
    database.execute("INSERT INTO users SELECT n, 'a' FROM generate_series(1, 200) n")
    database.execute("ANALYZE users")
    lint = ("migrate", "lint", "--target", database.url, "--format", "json")
    (folder.parent / "dbwright.toml").write_text(
        '[rules."migrations/rewrites-a-table"]\nsmall_bytes = 1\nsmall_rows = 1\n'
        "critical_seconds = 0.0\n"
        '[rules."migrations/drops-a-column"]\nenabled = false\n'
    )
    done = dbwright(*lint, "--fail-on", "critical")
    (finding,) = [one for one in done.report["findings"] if one["severity"] == "critical"]
    assert (done.status, finding["evidence"]["rows"]) == (1, 200)
    assert done.report["summary"]["objects_read"]["migration"] == 1
    (folder.parent / "base.json").write_text(done.out)
    again = dbwright(*lint, "--baseline", "base.json")
    assert (again.status, again.report["findings"]) == (0, [])


def test_what_comes_in(dbwright: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"CREATE TABLE a (id bigint);\nALTER TABLE b.c ALTER COLUMN n TYPE bigint;\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    done = dbwright("migrate", "lint", "-", "--format", "json")
    finding = done.report["findings"][0]
    assert (done.status, finding["rule"]) == (0, "migrations/rewrites-a-table")
    assert (finding["location"]["file"], finding["location"]["line"]) == ("stdin", 2)
    # Nobody knows b.c: it was assumed, and that is told.
    assert (finding["confidence"], finding["object"]["name"]) == ("low", "b.c")
    assert "CREATE TABLE b.c (n integer)" in done.report["skipped"][0]["reason"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing.sql",), "there is no nothing.sql"),
        (("empty",), "there are no migrations in empty"),
        (("latin.sql",), "latin.sql is not UTF-8: byte 9"),
        (("migrations", "latin.sql"), "migrations is a folder, and not the only one"),
        (("migrations", "--from", "7"), "there is no migration 7"),
        (("migrations", "--only", "drops-a-tabel"), "did you mean drops-a-table?"),
        (("migrations", "--baseline", "nothing"), "can't read the baseline nothing"),
        (("-", "latin.sql"), "- stands for what comes in"),
    ],
)
def test_bad_input(
    arguments: tuple[str, ...], said: str, dbwright: Run, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin.sql").write_bytes(b"SELECT '\xe9';")
    done = dbwright("migrate", "lint", *arguments)
    assert (done.status, done.out) == (2, "")
    assert said in " ".join(done.err.split())


def test_bad_configuration(dbwright: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "dbwright.toml").write_text('[rules."migrations/rewrite-a-table"]\n')
    done = dbwright("migrate", "lint")
    assert done.status == 2 and "did you mean migrations/rewrites-a-table?" in done.err


def test_a_finding_about_the_way_back_stands_in_its_own_file(dbwright: Run, tmp_path: Path) -> None:
    place = tmp_path / "sql"
    place.mkdir()
    (place / "V1__a.sql").write_text("CREATE TABLE a (id bigint PRIMARY KEY);")
    (place / "V2__b.sql").write_text("SET lock_timeout = '1s';\nALTER TABLE a ADD m text;")
    (place / "U2__b.sql").write_text("SELECT 1;\n\nDROP TABLE a;\n")
    (place / "V3_c.sql").write_text("DROP TABLE a;")
    done = dbwright("migrate", "lint", "sql", "--format", "json")
    (finding,) = done.report["findings"]
    assert finding["location"] == {"file": "sql/U2__b.sql", "line": 3}
    assert [one["part"] for one in done.report["skipped"]] == ["sql/V3_c.sql"]
    (place / "U2__b.sql").write_text("-- dbwright: ignore down-loses-data meant\nDROP TABLE a;\n")
    done = dbwright("migrate", "lint", "sql", "--format", "json")
    assert (done.report["findings"], len(done.report["silenced"])) == ([], 1)


def test_a_misnamed_file_hides_no_other(dbwright: Run, folder: Path) -> None:
    (folder / "oops.sql").write_text("ALTER TABLE users DROP COLUMN name;")
    files = ("migrations/oops.sql", "migrations/002_wider.sql")
    for command in (("migrate", "lint"), ("agent", "review")):
        done = dbwright(*command, *files, "--format", "json")
        assert "migrations/rewrites-a-table" in done.rules
        assert "migrations/oops.sql" in {one["part"] for one in done.report["skipped"]}
    (folder / "oops.sql").write_text("ALTER TABLE users RENAME COLUMN id TO key;")
    done = dbwright("agent", "review", "migrations/oops.sql", "--format", "json")
    assert "migrations/renames-what-clients-use" in done.rules
