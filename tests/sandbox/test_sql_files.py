from __future__ import annotations

from pathlib import Path

import pytest

from dbwright.errors import FileUnreadable, UnknownTarget
from dbwright.sandbox.sql_files import left_out, read_script, sql_files


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("SELECT 1;")


def relative(folder: Path, files: tuple[Path, ...]) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in files]


def test_numbers_are_compared_as_numbers(tmp_path: Path) -> None:
    make(tmp_path, "10_c.sql", "2_b.sql", "1.sql", "1_a.sql", "readme.md", "0009.sql")
    assert relative(tmp_path, sql_files(tmp_path)) == [
        "1.sql",
        "1_a.sql",
        "2_b.sql",
        "0009.sql",
        "10_c.sql",
    ]


def test_folders_of_migrations(tmp_path: Path) -> None:
    make(tmp_path, "10_last/migration.sql", "01_init/migration.sql", "02_more/migration.sql",
         "02_more/down.sql")  # fmt: skip
    assert relative(tmp_path, sql_files(tmp_path)) == [
        "01_init/migration.sql",
        "02_more/migration.sql",
        "10_last/migration.sql",
    ]
    assert relative(tmp_path, left_out(tmp_path)) == ["02_more/down.sql"]


def test_what_takes_back_is_left_out(tmp_path: Path) -> None:
    make(tmp_path, "1.up.sql", "1.down.sql", "rollback_1.sql", "2_undo_button.sql", "U1__x.sql",
         "V1__x.sql", "user__x.sql")  # fmt: skip
    assert relative(tmp_path, sql_files(tmp_path)) == [
        "1.up.sql",
        "2_undo_button.sql",
        "user__x.sql",
        "V1__x.sql",
    ]
    one = tmp_path / "1.down.sql"
    assert sql_files(one) == (one,)
    assert left_out(one) == ()


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    make(tmp_path, "inside/1.sql", "secret.sql")
    (tmp_path / "inside" / "2.sql").symlink_to(tmp_path / "secret.sql")
    assert relative(tmp_path, sql_files(tmp_path / "inside")) == ["inside/1.sql"]


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(UnknownTarget) as problem:
        sql_files(tmp_path)
    assert problem.value.next_step
    with pytest.raises(UnknownTarget):
        sql_files(tmp_path / "missing.sql")


@pytest.mark.parametrize(
    ("up", "down"),
    [
        ("-- +goose Up", "-- +goose Down"),
        ("--+goose up", "-- +goose DOWN"),
        ("-- migrate:up", "-- migrate:down transaction:false"),
        ("-- +migrate Up notransaction", "-- +migrate Down"),
        ("-- UP", "-- DOWN"),
        ("-- @UP", "-- @DOWN"),
    ],
)
def test_only_the_part_that_builds(tmp_path: Path, up: str, down: str) -> None:
    path = tmp_path / "m.sql"
    path.write_text(f"{up}\nCREATE TABLE a ();\n{down}\nDROP TABLE a;\n{up}\nCREATE TABLE b ();\n")
    script = read_script(path)
    assert script.text == f"{up}\nCREATE TABLE a ();\n\n\n{up}\nCREATE TABLE b ();\n"
    assert script.notes == ("the part that takes the migration back was left out.",)


def test_markers_in_strings_and_lone_words_are_none(tmp_path: Path) -> None:
    text = "SELECT '\n-- +goose Down\n', $$\n-- +goose Down\n$$;\n-- down\nSELECT 2;\n"
    path = tmp_path / "m.sql"
    path.write_text(text)
    assert read_script(path).text == text
    assert read_script(path).notes == ()


def test_encodings(tmp_path: Path) -> None:
    path = tmp_path / "m.sql"
    path.write_bytes("SELECT 'é'".encode("latin-1"))
    assert read_script(path).text == "SELECT 'é'"
    assert "Latin-1" in read_script(path).notes[0]
    path.write_bytes("SELECT 'é'".encode("utf-16"))
    assert read_script(path).text == "SELECT 'é'"


def test_unreadable_files(tmp_path: Path) -> None:
    path = tmp_path / "m.sql"
    path.write_bytes(b"PGDMP\x01\x00\x00")
    with pytest.raises(FileUnreadable) as problem:
        read_script(path)
    assert "pg_restore" in problem.value.next_step
    path.write_bytes(b"\x7fELF\x00")
    with pytest.raises(FileUnreadable, match="not a text file"):
        read_script(path)
    with pytest.raises(FileUnreadable):
        read_script(tmp_path)
