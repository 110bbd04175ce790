"""What a file says that it writes, and whether a change of content is meant by it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dbwright.migrate.files.folder import read_folder
from dbwright.migrate.rehearsal.changes import Change, ChangeKind
from dbwright.migrate.rehearsal.meant import Meant, Words
from dbwright.migrate.rehearsal.written import Written, written_by
from dbwright.migrate.runner.patience import Patience
from dbwright.migrate.works import work_of
from dbwright.model.catalog import Catalog, Server, Table, View

ORDERS = Table(oid=1, schema="shop", name="Or ders")
CATALOG = Catalog(
    "postgresql",
    Server("18.6", 180006, "shop"),
    datetime.now(UTC),
    tables=(
        ORDERS,
        Table(oid=2, schema="public", name="Or ders"),
        Table(oid=3, schema="shop", name="base"),
        Table(oid=4, schema="shop", name="child", inherits=("shop.base",)),
    ),
    views=(View(oid=5, schema="shop", name="seen", depends_on=(ORDERS.qualified,)),),
)
NAMES = {"orders": ORDERS.qualified, "other": 'public."Or ders"', "child": "shop.child"}


def written(folder: Path, statements: str, name: str = "001_x.sql") -> Written:
    (folder / name).write_text(statements)
    return written_by(work_of(read_folder(folder)[0], "up", Patience()))


def meant(folder: Path, statements: str, name: str = "001_x.sql") -> Meant:
    return Meant(written(folder, statements, name), CATALOG, CATALOG)


def change(column: str = "", table: str = "orders", **more: object) -> Change:
    kind = ChangeKind.CHANGED_VALUES
    return Change(kind, NAMES[table], column=column, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("statements", "removes", "says"),
    [
        ('DELETE FROM shop."Or ders"', True, Words.NONE),
        ('DELETE FROM "Or ders" USING x', True, Words.NONE),
        ('TRUNCATE x, shop."Or ders" CASCADE; COPY "Or ders" FROM stdin', True, Words.SET),
        ('UPDATE shop."Or ders" SET (x, a) = (1, 2)', False, Words.SET),
        ('UPDATE shop."Or ders" SET b = 1', False, Words.BESIDE),
        ("UPDATE shop.seen SET z = 1", False, Words.SET),
        ('INSERT INTO "Or ders" VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2', False, Words.SET),
        ('WITH d AS (DELETE FROM shop."Or ders" RETURNING *) SELECT * FROM d', True, Words.NONE),
        ('INSERT INTO x SELECT * FROM shop."Or ders"', False, Words.NONE),
        ('MERGE INTO shop."Or ders" USING x ON true WHEN MATCHED THEN DELETE', True, Words.NONE),
        (
            'MERGE INTO "Or ders" USING x ON true WHEN MATCHED THEN UPDATE SET a = 1',
            False,
            Words.SET,
        ),
        ("DO $$ BEGIN PERFORM 1; END $$", False, Words.NONE),
        ('DO $$ BEGIN IF 1 = 1 THEN DELETE FROM "Or ders"; END IF; END $$', True, Words.NONE),
        ("DO $$ BEGIN EXECUTE 'x'; END $$", True, Words.UNREAD),
        ("DO LANGUAGE plpython3u $$pass$$", True, Words.UNREAD),
        ("SELECT fill_totals()", True, Words.UNREAD),
        ("SELECT setval('s', 3)", False, Words.NONE),
        ("SELECT count(*) FROM x", False, Words.NONE),
        ('ALTER TABLE shop."Or ders" ADD a int', False, Words.NONE),
        ('ALTER TABLE shop."Or ders" ALTER a TYPE int USING b', False, Words.RETYPED),
        ('ALTER TABLE shop."Or ders" ALTER a TYPE int', False, Words.NONE),
        ("ALTER TYPE shop.kind RENAME VALUE 'x' TO 'y'", False, Words.SET),
        ("ALTER TYPE shop.kind ADD ATTRIBUTE z int CASCADE", False, Words.SET),
        ("ALTER TYPE shop.kind DROP ATTRIBUTE z CASCADE", False, Words.NONE),
        ("DELETE FROM shop.orders; UPDATE shop.orders SET a = 1", False, Words.NONE),
    ],
)
def test_what_a_file_says(tmp_path: Path, statements: str, removes: bool, says: Words) -> None:
    found = meant(tmp_path, statements)
    one = change("a", column_now="a", type="shop.kind")
    assert found.removes(one) is removes
    assert found.words(one) is says


def test_which_table_it_is(tmp_path: Path) -> None:
    found = meant(tmp_path, 'DELETE FROM shop."Or ders"; UPDATE shop.base SET v = 1;')
    assert found.removes(change()) and not found.removes(change(table="other"))
    assert found.words(change("v", "child")) is Words.SET
    # By the names that it has afterwards.
    found = meant(tmp_path, "UPDATE shop.child SET w = 1")
    assert found.words(change("v", column_now="w", table_now="shop.child")) is Words.SET
    # A column that took another one's name was not set by that; a generated one follows others.
    found = meant(tmp_path, 'UPDATE "Or ders" SET b = 1')
    assert found.words(change("a", replaced=True)) is Words.NONE
    assert found.words(change("a", generated=True)) is Words.SET
    (tmp_path / "001_x.sql").unlink()
    found = meant(tmp_path, "def up(connection): ...\n", "001_x.py")
    assert found.removes(change()) and found.words(change("a")) is Words.UNREAD
