"""What a rehearsal sees only where it does what happens later: rows written between UP and DOWN, the
rights of the role that will run it, files behind one that fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from servers.command_line import Done
from servers.postgresql import Database

Run = Callable[..., Done]
SHOP = """
CREATE SCHEMA shop;
CREATE TABLE shop.t (id int PRIMARY KEY, a int, "b%" text, at timestamptz DEFAULT now());
INSERT INTO shop.t SELECT n, n, n FROM generate_series(1, 200) n;
CREATE TABLE shop.lines (id serial PRIMARY KEY, t int NOT NULL REFERENCES shop.t);
INSERT INTO shop.lines (t) SELECT generate_series(1, 195);
CREATE TABLE shop.u (LIKE shop.t INCLUDING ALL); INSERT INTO shop.u SELECT * FROM shop.t;
"""
FILES = {
    "001_swap.sql": """-- UP
CREATE TABLE shop.u2 (LIKE shop.u INCLUDING ALL); INSERT INTO shop.u2 SELECT * FROM shop.u;
ALTER TABLE shop.u RENAME TO u_old; ALTER TABLE shop.u2 RENAME TO u;
-- DOWN
DROP TABLE shop.u; ALTER TABLE shop.u_old RENAME TO u;
""",
    "002_kept.sql": """-- UP
CREATE TABLE shop.kept AS SELECT id, "b%" FROM shop.t; UPDATE shop.t SET "b%" = "b%" || '!';
-- DOWN
UPDATE shop.t SET "b%" = k."b%" FROM shop.kept k WHERE k.id = t.id; DROP TABLE shop.kept;
""",
    "003_fine.sql": """-- UP
UPDATE shop.t SET a = a * 100; ALTER TABLE shop.t RENAME "b%" TO c;
-- DOWN
ALTER TABLE shop.t RENAME c TO "b%"; UPDATE shop.t SET a = a / 100;
""",
    "004_broken.sql": "-- UP\nSELECT nope();\n-- DOWN\n",
    "005_behind.sql": "-- UP\nSELECT 1;\n-- DOWN\n",
    "006_last.sql": "-- UP\nSELECT 1;\n-- DOWN\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "migrations"
    place.mkdir()
    for name, text in FILES.items():
        (place / name).write_text(text)
    return place


def test_rows_written_between(dbwright: Run, database: Database, folder: Path) -> None:
    database.execute(SHOP)
    wanted = ("migrate", "rehearse", database.url, "--no-clients", "--no-proof", "--format", "json")
    done = dbwright(*wanted)
    lost = {
        one["object"]["name"]: one["message"]
        for one in done.report["findings"]
        if one["rule"] == "migrate/down-loses-writes"
    }
    assert set(lost) == {"shop.t", "shop.u"}
    assert "deleted is there again" in lost["shop.u"] and "added is gone" in lost["shop.u"]
    assert 'old values again ("b%")' in lost["shop.t"] and "added" not in lost["shop.t"]
    first, second, third, broken = done.report["rehearsal"]["migrations"]
    said = "down: what was written between UP and DOWN is there"
    assert said in third["checked"] and said not in first["checked"] + second["checked"]
    assert [first["passed"], third["passed"], broken["passed"]] == [False, True, False]
    behind = [one for one in done.report["skipped"] if one["part"] == "rehearsal.files"]
    assert "those behind it were not tried: 005 behind, 006 last" in behind[0]["reason"]


def test_the_role_that_will_run_it(dbwright: Run, database: Database, tmp_path: Path) -> None:
    """As an owner's member it may, as another one not; what it makes is its own."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "001_more.sql").write_text(
        "-- UP\nALTER TABLE t ADD x int; CREATE TABLE v (id int PRIMARY KEY);\n"
        "-- DOWN\nDROP TABLE v; ALTER TABLE t DROP x;\n"
    )
    roles = "r_owner, r_member, r_other"
    for role in roles.split(", "):
        database.execute(f"CREATE ROLE {role} LOGIN")
    try:
        database.execute(
            "GRANT r_owner TO r_member; GRANT CREATE ON SCHEMA public TO r_member, r_owner; "
            "CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t OWNER TO r_owner; "
            "INSERT INTO t SELECT generate_series(1, 9)"
        )
        call = ("migrate", "rehearse", "--no-clients", "--no-proof", "--format", "json")
        fine = dbwright(*call, database.url, "--role", "r_member")
        assert (fine.status, fine.rules) == (0, set())
        denied = dbwright(*call, database.server.url(database.name, user="r_owner"))
        assert denied.status == 0, denied.report["findings"]
        denied = dbwright(*call, database.url, "--role", "r_other")
        assert denied.status == 1 and denied.rules == {"migrate/lacks-privilege"}
        messages = sorted(one["message"] for one in denied.report["findings"])
        assert "UP fails for the role r_other" in messages[0]
        assert "must be owner of table t" in messages[0]
        assert "may not create the history public.schema_migrations" in messages[1]
        (tried,) = denied.report["rehearsal"]["migrations"]
        assert "down: the schema is the one before" in tried["checked"]
        unknown = dbwright(*call, database.url, "--role", "nobody")
        assert unknown.status == 2 and "the target has no such role" in unknown.err
        nowhere = dbwright(*call, "--replay", "--role", "r_other")
        assert nowhere.status == 2 and "no target that tells its rights" in nowhere.err
        assert database.execute("SELECT to_regclass('schema_migrations')") == [(None,)]
    finally:
        database.execute(f"DROP TABLE IF EXISTS t; DROP OWNED BY {roles}; DROP ROLE {roles}")
