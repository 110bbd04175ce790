"""Which tables a file says that it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbwright.migrate.files.folder import read_folder
from dbwright.migrate.rehearsal.written import Written, written_by
from dbwright.migrate.runner.patience import Patience
from dbwright.migrate.works import work_of
from dbwright.model.catalog import Table

ORDERS = Table(oid=1, schema="shop", name="Or ders")
OTHER = Table(oid=2, schema="public", name="Or ders")
PART = Table(oid=3, schema="shop", name="part_1")


def written(folder: Path, statements: str, name: str = "001_x.sql") -> Written:
    (folder / name).write_text(statements)
    return written_by(work_of(read_folder(folder)[0], "up", Patience()))


@pytest.mark.parametrize(
    ("statements", "removes", "changes"),
    [
        ('DELETE FROM shop."Or ders"', True, True),
        ('DELETE FROM "Or ders" USING x', True, True),
        ('TRUNCATE x, shop."Or ders" CASCADE', True, True),
        ('UPDATE shop."Or ders" SET a = 1', False, True),
        ('WITH d AS (DELETE FROM shop."Or ders" RETURNING *) SELECT * FROM d', True, True),
        ('INSERT INTO x SELECT * FROM shop."Or ders"', False, False),
        ('MERGE INTO shop."Or ders" USING x ON true WHEN MATCHED THEN DELETE', True, True),
        ("DO $$ BEGIN PERFORM 1; END $$", True, True),
        ("SELECT fill_totals()", True, True),
        ("SELECT setval('s', 3)", False, False),
        ("SELECT count(*) FROM x", False, False),
        ('ALTER TABLE shop."Or ders" ADD a int', False, False),
        ("DELETE FROM shop.orders", False, False),
    ],
)
def test_written_tables(tmp_path: Path, statements: str, removes: bool, changes: bool) -> None:
    found = written(tmp_path, statements)
    assert found.removes_from([ORDERS]) is removes
    assert found.changes([ORDERS]) is changes


def test_which_table_it_is(tmp_path: Path) -> None:
    found = written(tmp_path, 'DELETE FROM shop."Or ders"; DELETE FROM part_1;')
    assert not found.removes_from([OTHER])
    assert found.removes_from([OTHER, PART])
    found = written(
        tmp_path, 'ALTER TABLE shop."Or ders" ALTER a TYPE int USING b, ALTER c TYPE int'
    )
    assert found.changes([ORDERS], "a") and not found.changes([ORDERS], "c")
    (tmp_path / "001_x.sql").unlink()
    found = written(tmp_path, "def up(connection): ...\n", "001_x.py")
    assert found.removes_from([ORDERS]) and found.changes([OTHER], "x")
