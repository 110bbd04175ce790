from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbwright.errors import BadMigration
from dbwright.migrate.files.folder import missing_between, read_folder
from dbwright.migrate.files.script import read_script, script
from dbwright.model.migration import Migration, MigrationOptions

WHOLE = """-- Orders of the shop
-- lock-timeout: 500ms
-- retry: 7

-- UP
CREATE TABLE a (t text DEFAULT '
-- DOWN
');
/* -- DOWN */
CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS $$
-- DOWN
SELECT 1 $$;

-- DOWN
DROP FUNCTION f(); -- and then
DROP TABLE a;
"""


def texts(found: object) -> list[str]:
    return [statement.text for statement in found]  # type: ignore[attr-defined]


def test_parts_begin_between_statements_alone() -> None:
    found = script(WHOLE, "a.sql")
    assert [one.line for one in found.up] == [6, 10]
    assert texts(found.down) == ["DROP FUNCTION f()", "DROP TABLE a"]
    assert found.options == MigrationOptions(lock_timeout=0.5, retry=7)


@pytest.mark.parametrize(
    ("text", "up", "down", "outside"),
    [
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"], None, False),
        ("SELECT 1;\n-- DOWN\n", ["SELECT 1"], [], False),
        ("-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;", ["SELECT 1"], ["SELECT 2"], False),
        ("-- migrate:up transaction:false\nSELECT 1;", ["SELECT 1"], None, True),
        (
            "-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;",
            ["SELECT 1"],
            ["SELECT 2"],
            True,
        ),
        ("SELECT 1;\n--//@UNDO\nSELECT 2;", ["SELECT 1"], ["SELECT 2"], False),
        ("-- no-transaction\n-- up\nVACUUM;", ["VACUUM"], None, True),
        ("", [], None, False),
    ],
)
def test_parts(text: str, up: list[str], down: list[str] | None, outside: bool) -> None:
    found = script(text, "a.sql")
    assert texts(found.up) == up
    assert (None if found.down is None else texts(found.down)) == down
    assert found.options.no_transaction == outside


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- UP\nSELECT 1;\n-- UP\n", "line 3: a second UP part"),
        ("-- DOWN\nSELECT 1;\n-- UP\n", "line 3: UP stands after DOWN"),
        ("-- lock-timout: 5s\nSELECT 1", "line 1: there is no option lock-timout"),
        ("-- x\n-- lock-timeout: soon\nSELECT 1", "line 2: lock-timeout takes a time"),
        ("-- retry: often\n", "retry takes a number"),
        ("-- no-transaction: yes\n", "takes no value"),
        ("SELECT 1;\n\\d orders\n", "line 2: \\d orders is for psql"),
    ],
)
def test_what_can_not_be_used(text: str, message: str) -> None:
    with pytest.raises(BadMigration) as caught:
        script(text, "a.sql")
    assert message in caught.value.message
    assert "a.sql" in caught.value.message


@given(st.text(alphabet="-UPDOWN ';$\n/*abc", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = script(text, "a.sql")
    except BadMigration:
        return
    assert all(statement.text in text for statement in (*found.up, *(found.down or ())))


def test_folders(tmp_path: Path) -> None:
    for name in ("2_b.sql", "10_c.sql", "001_a.sql", "README.md", ".hidden.sql", "__init__.py"):
        (tmp_path / name).write_text("SELECT 1")
    found = read_folder(tmp_path)
    assert [(one.number, one.name) for one in found] == [(1, "a"), (2, "b"), (10, "c")]
    (tmp_path / "3_bad.sql").write_bytes(b"SELECT '\xff'")
    with pytest.raises(BadMigration, match=r"3_bad.sql is not UTF-8: byte 9"):
        read_script(read_folder(tmp_path)[2])
    (tmp_path / "02-again.sql").write_text("")
    with pytest.raises(BadMigration, match="have the same version"):
        read_folder(tmp_path)
    (tmp_path / "02-again.sql").rename(tmp_path / "again.sql")
    with pytest.raises(BadMigration, match="tells no version"):
        read_folder(tmp_path)


def test_numbers_that_are_left_out() -> None:
    def of(*versions: str) -> tuple[int, ...]:
        return missing_between(Migration(version, "x", "x.sql", "") for version in versions)

    assert of("001", "002", "004") == (3,)
    assert of("010", "020", "030") == ()
    assert of("20260101000000", "20260301000000") == ()
    assert of() == ()
