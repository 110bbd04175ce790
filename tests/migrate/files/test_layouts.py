"""Folders and files of each tool, as they are laid out."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbwright.errors import BadMigration, FileUnreadable
from dbwright.migrate.files.find import all_layouts, alone, around, read_all
from dbwright.model.migration import ReadMigration


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def told(folder: Path) -> tuple[str, list[tuple[str, str, int, bool, bool]]]:
    """The layout, and of each migration version, name, statements, way back, outside."""
    found = read_all(folder)
    return found.layout.name, [
        (
            one.migration.version,
            one.migration.name,
            len(one.script.up),
            one.script.down is not None,
            one.script.options.no_transaction,
        )
        for one in found.migrations
    ]


def test_plain_files_and_the_markers_of_other_tools(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "2_b.sql": "-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;",
            "10_c.sql": "-- postgres-migrations disable-transaction\nSELECT 1;",
            "001-a.sql": "-- migrate:up\nSELECT 1; SELECT 2;\n-- migrate:down\nSELECT 3;",
        },
    )
    assert told(tmp_path) == (
        "plain",
        [("001", "a", 2, True, False), ("2", "b", 1, True, True), ("10", "c", 1, False, True)],
    )


def test_flyway(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "V1__init.sql": "CREATE TABLE a (id int);",
            "V1_10__later.sql": "CREATE TABLE c (id int);",
            "more/V1.2__next.sql": "CREATE INDEX CONCURRENTLY i ON a (id);",
            "U1.2__next.sql": "DROP INDEX i;",
            "V2__mixed.sql": "SELECT 1;",
            "V2__mixed.sql.conf": "executeInTransaction=false\n",
            "R__views.sql": "CREATE VIEW v AS SELECT 1;",
            "beforeMigrate.sql": "SELECT 1;",
        },
    )
    assert told(tmp_path) == (
        "flyway",
        [
            ("1", "init", 1, False, False),
            ("1.2", "next", 1, True, True),
            ("1.10", "later", 1, False, False),
            ("2", "mixed", 1, False, True),
            ("R", "views", 1, False, False),
        ],
    )


def test_flyway_begins_at_the_last_baseline_and_refuses_doubles(tmp_path: Path) -> None:
    write(tmp_path, {"V1__a.sql": "", "B2__base.sql": "SELECT 1;", "V3__b.sql": "SELECT 1;"})
    assert [one[0] for one in told(tmp_path)[1]] == ["2", "3"]
    write(tmp_path, {"V3.0__c.sql": "SELECT 1;"})
    with pytest.raises(BadMigration, match="the same version"):
        read_all(tmp_path)


def test_prisma_and_diesel(tmp_path: Path) -> None:
    prisma = write(
        tmp_path / "prisma",
        {
            "migration_lock.toml": 'provider = "postgresql"\n',
            "20260101_init/migration.sql": "SELECT 1; SELECT 2;",
            "20260102_index/migration.sql": "CREATE INDEX CONCURRENTLY i ON a (id);",
        },
    )
    assert told(prisma) == (
        "prisma",
        [("20260101", "init", 2, False, False), ("20260102", "index", 1, False, True)],
    )
    diesel = write(
        tmp_path / "diesel",
        {"2026-01-01-000000_a/up.sql": "SELECT 1;", "2026-01-01-000000_a/down.sql": "SELECT 2;"},
    )
    assert told(diesel)[1] == [("2026-01-01-000000", "a", 1, True, False)]
    write(prisma, {"migration_lock.toml": 'provider = "mysql"\n'})
    with pytest.raises(BadMigration, match="for mysql"):
        read_all(prisma)


def test_pairs(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "2_b.up.sql": "CREATE INDEX CONCURRENTLY i ON a (id);",
            "1_a.up.sql": "SELECT 1;",
            "1_a.down.sql": "SELECT 2; SELECT 3;",
        },
    )
    assert told(tmp_path) == ("pairs", [("1", "a", 1, True, False), ("2", "b", 1, False, True)])
    write(tmp_path, {"3_c.down.sql": "SELECT 1;"})
    with pytest.raises(BadMigration, match="takes back what no file does"):
        read_all(tmp_path)


ALEMBIC = """BEGIN;

CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);

-- Running upgrade  -> 1975ea83b712

CREATE TABLE account (id SERIAL NOT NULL);

INSERT INTO alembic_version (version_num) VALUES ('1975ea83b712');

-- Running upgrade 1975ea83b712 -> ae1027a6acf

ALTER TABLE account ADD COLUMN note TEXT;

UPDATE alembic_version SET version_num='ae1027a6acf';

COMMIT;
"""


def test_alembic(tmp_path: Path) -> None:
    write(tmp_path, {"up.sql": ALEMBIC, "down.sql": "-- Running downgrade b -> a\nSELECT 1;"})
    assert told(tmp_path / "up.sql") == (
        "alembic",
        [("1975ea83b712", "", 3, False, False), ("ae1027a6acf", "", 2, False, False)],
    )
    second: ReadMigration = read_all(tmp_path / "up.sql").migrations[1]
    assert second.script.up[0].line == ALEMBIC[: ALEMBIC.index("ALTER")].count("\n") + 1
    with pytest.raises(BadMigration, match="takes revisions back"):
        read_all(tmp_path / "down.sql")


def test_django_and_rails(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "0002.sql": "BEGIN;\n--\n-- Add field a to b\n--\nALTER TABLE b ADD a int;\nCOMMIT;\n",
            "structure.sql": "\\restrict x\nSET lock_timeout = 0;\nCREATE TABLE a (id int);\n"
            "INSERT INTO \"schema_migrations\" (version) VALUES\n('20260102'),\n('20250102');\n",
        },
    )
    assert told(tmp_path / "0002.sql") == ("one-file", [("", "0002", 3, False, True)])
    assert told(tmp_path / "structure.sql") == (
        "rails",
        [("20260102", "structure", 3, False, True)],
    )


@pytest.mark.parametrize(
    ("name", "text", "way"),
    [
        ("0001_initial.py", "class Migration(migrations.Migration):\n    pass\n", "sqlmigrate"),
        ("ae10_x.py", "down_revision = 'a'\n", "alembic upgrade"),
        ("20260101_x.rb", "class X < ActiveRecord::Migration[7.1]\nend\n", "structure.sql"),
    ],
)
def test_what_is_no_sql_is_told_how_to_become_it(
    tmp_path: Path, name: str, text: str, way: str
) -> None:
    write(tmp_path, {name: text})
    with pytest.raises(BadMigration) as problem:
        read_all(tmp_path)
    assert way in problem.value.next_step


def test_a_file_knows_its_folder(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "m",
        {"1_a/migration.sql": "SELECT 1;", "2_b/migration.sql": "SELECT 1;"},
    )
    found = around(folder / "2_b" / "migration.sql")
    assert found is not None and [one.migration.version for one in found.migrations] == ["1", "2"]
    alone = write(tmp_path / "n", {"notes.sql": "SELECT 1;"}) / "notes.sql"
    assert around(alone) is None


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadMigration, match="there are no migrations"):
        read_all(tmp_path)
    with pytest.raises(FileUnreadable, match="there is no"):
        read_all(tmp_path / "nothing")
    (tmp_path / "1_a.sql").write_bytes(b"SELECT '\xff';")
    with pytest.raises(BadMigration, match="not UTF-8"):
        read_all(tmp_path)
    other = write(tmp_path / "psql", {"all.sql": "SELECT 1;\n\\ir other.sql\n"}) / "all.sql"
    with pytest.raises(BadMigration, match=r"line 2: .ir other.sql is for psql"):
        read_all(other)


def test_each_layout_has_its_name() -> None:
    names = [layout.name for layout in all_layouts()]
    assert len(names) == len(set(names))
    assert [layout.name for layout in all_layouts() if layout.last] == ["one-file", "plain"]


def test_a_name_that_tells_no_version_is_passed_over_and_told(tmp_path: Path) -> None:
    for folder, names, strays in (
        ("plain", ("001_a.sql", "oops.sql", "002_b.sql"), ["oops.sql"]),
        ("pairs", ("1_a.up.sql", "1_a.down.sql", "oops.sql"), ["oops.sql"]),
        ("flyway", ("V1__a.sql", "V2_b.sql", "beforeMigrate.sql"), ["V2_b.sql"]),
    ):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / name).write_text("SELECT 1;")
        found = read_all(tmp_path / folder)
        assert found.layout.name == folder
        assert [Path(one.part).name for one in found.passed_over] == strays
        assert not {Path(one.migration.path).name for one in found.migrations} & set(strays)
        beside = around(tmp_path / folder / strays[0])
        assert beside is not None
        assert beside.migrations == found.migrations


def test_the_folder_of_one_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("20240101_a/migration.sql", "20240102_b/migration.sql", "notes/read.me"):
        (tmp_path / "prisma" / name).parent.mkdir(parents=True)
        (tmp_path / "prisma" / name).write_text("SELECT 1;")
    monkeypatch.chdir(tmp_path)
    own = Path("prisma/20240102_b")
    assert alone(own) == own / "migration.sql"
    assert alone(Path("prisma")) is None
    assert alone(Path("prisma/notes")) is None
    monkeypatch.chdir(own)
    assert alone(Path()) == tmp_path / own / "migration.sql"
    beside = around(Path("migration.sql"))
    assert beside is not None
    assert [one.migration.name for one in beside.migrations] == ["a", "b"]


def test_statements_of_the_way_back_know_their_own_file(tmp_path: Path) -> None:
    for folder, up, down in (
        ("f", "V1__a.sql", "U1__a.sql"),
        ("p", "1_a.up.sql", "1_a.down.sql"),
        ("d/1_a", "up.sql", "down.sql"),
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / up).write_text("SELECT 1;")
        (tmp_path / folder / down).write_text("\nSELECT 2;")
        (one,) = read_all(tmp_path / folder.partition("/")[0]).migrations
        assert [Path(step.path).name for step in one.script.up] == [""]
        places = [(Path(step.path).name, step.line) for step in one.script.down or ()]
        assert places == [(down, 2)]
