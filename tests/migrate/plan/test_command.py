"""`dbwright migrate plan`: what it writes, and what it says of calls that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from servers.command_line import Done
from servers.postgresql import Database

Run = Callable[..., Done]
TABLE = "-- UP\nCREATE TABLE orders (id int PRIMARY KEY, note text);\n-- DOWN\nDROP TABLE orders;\n"
CHANGE = """-- UP
ALTER TABLE orders ALTER COLUMN note SET NOT NULL, ADD COLUMN more int;
DROP TABLE IF EXISTS nothing;
-- DOWN
ALTER TABLE orders DROP COLUMN more, ALTER COLUMN note DROP NOT NULL;
"""


def test_plan(dbwright: Run, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "007_table.sql").write_text(TABLE)
    change = folder / "008_change.sql"
    change.write_text(CHANGE)
    done = dbwright("migrate", "plan", change, "--format", "json")
    assert done.status == 0
    files = done.report["files"]
    assert [one["name"] for one in files] == [
        "009_not_null_orders_note.sql",
        "010_validate_orders_note_not_null.sql",
        "011_change_orders_and_more.sql",
    ]
    assert files[2]["down"] == ["ALTER TABLE public.orders DROP COLUMN more"]
    written = dbwright("migrate", "plan", change, "--dir", folder)
    assert written.status == 0 and "remove it before they run" in written.out
    assert (folder / "009_not_null_orders_note.sql").read_text() == files[0]["text"]
    assert change.read_text() == CHANGE

    safe = dbwright("migrate", "plan", folder / "007_table.sql")
    assert (safe.status, safe.out[:26]) == (0, "-- It is safe as it is: no")


def test_bad_calls(dbwright: Run, tmp_path: Path) -> None:
    apart = tmp_path / "some" / "place"
    apart.mkdir(parents=True)
    missing = dbwright("migrate", "plan", apart / "none.sql")
    assert missing.status == 2 and "there is no file" in missing.err
    broken = apart / "1.sql"
    broken.write_text("ALTER TABLE nowhere ADD x int;")
    refused = dbwright("migrate", "plan", broken)
    assert refused.status == 2
    assert 'line 1: the server refuses it: relation "nowhere" does not exist' in refused.err
    empty = apart / "2.sql"
    empty.write_text("-- nothing\n")
    assert "has no statement" in dbwright("migrate", "plan", empty).err
    rows = apart / "3.sql"
    rows.write_text("CREATE TABLE t (a int);\nCOPY t FROM stdin;\n1\n\\.\n")
    assert "for a file of their own" in dbwright("migrate", "plan", rows).err
    binary = apart / "4.sql"
    binary.write_bytes(b"SELECT '\xff';")
    assert "is not UTF-8" in dbwright("migrate", "plan", binary).err
    nowhere = dbwright("migrate", "plan", broken, "postgresql://me:geheim@127.0.0.1:1/x")
    assert nowhere.status == 3 and "geheim" not in nowhere.err + nowhere.out


def test_sizes_of_a_target(dbwright: Run, database: Database, tmp_path: Path) -> None:
    """Small tables are left as they are, by what the target's own statistics say."""
    database.execute(
        "CREATE TABLE tiny (id int PRIMARY KEY, note text); "
        "INSERT INTO tiny SELECT n, n FROM generate_series(1, 2000) n; ANALYZE"
    )
    place = tmp_path / "a" / "b"
    place.mkdir(parents=True)
    change = place / "change.sql"
    change.write_text("CREATE INDEX ON tiny (note);\nALTER TABLE tiny ALTER id TYPE bigint;")
    small = dbwright("migrate", "plan", change, database.url, "--format", "json")
    assert (small.status, small.report["safe_as_it_is"]) == (0, True)
    large = dbwright("migrate", "plan", change, database.url, "--small", "0", "--format", "json")
    assert large.status == 0
    assert [one["manner"] for one in large.report["files"]][:3] == ["alone", "quick", "rows"]
