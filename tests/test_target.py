"""From what a person names to what is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbwright.configuration import Configuration, read_configuration
from dbwright.engines import snapshot_file
from dbwright.errors import UnknownTarget
from dbwright.target import Files, Live, SnapshotFile, Target, opened, resolve
from servers.postgresql import Database

URL = "postgresql://db.example.com/shop"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "PGHOST", "PGSERVICE", "PGDATABASE", "PGHOSTADDR"):
        monkeypatch.delenv(name, raising=False)


def _configured(**targets: str) -> Configuration:
    return Configuration.model_validate({"targets": {n: {"url": u} for n, u in targets.items()}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (URL, Live(URL)),
        ("postgres://db.example.com/shop", Live(URL)),
        ("postgresql+psycopg://db.example.com/shop", Live(URL)),
        ("postgresql+asyncpg://db.example.com/shop", Live(URL)),
        ("postgres+psycopg2://db.example.com/shop", Live(URL)),
        ("a.sql", Files(Path("a.sql"))),
        (".", Files(Path())),
        ("a.dbw", SnapshotFile(Path("a.dbw"))),
    ],
)
def test_forms(text: str, expected: Target) -> None:
    Path("a.sql").touch()
    Path("a.dbw").touch()
    assert resolve(text, Configuration()) == expected


def test_a_name_goes_before_a_file() -> None:
    Path("live").mkdir()
    assert resolve("live", _configured(live=URL)) == Live(URL)


def test_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownTarget, match="no target"):
        resolve(None, Configuration())
    monkeypatch.setenv("PGSERVICE", "shop")
    assert resolve(None, Configuration()) == Live("postgresql://")
    assert resolve(None, _configured(default=URL)) == Live(URL)
    monkeypatch.setenv("DATABASE_URL", "postgres://other/db")
    assert resolve(None, _configured(default=URL)) == Live("postgresql://other/db")


def test_paths_in_the_file_are_seen_from_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dbwright.toml").write_text(
        f'[targets.live]\nurl = "{URL}"\n[targets.files]\nurl = "db/schema.sql"\n'
        '[targets.default]\nurl = "shop.dbw"\n[check]\nbaseline = "known.json"\n'
    )
    Path("db").mkdir()
    Path("db/schema.sql").touch()
    Path("shop.dbw").touch()
    Path("src/deep").mkdir(parents=True)
    for folder, up in ((".", Path()), ("src/deep", Path("../.."))):
        monkeypatch.chdir(folder)
        configuration = read_configuration()
        assert resolve("files", configuration) == Files(up / "db" / "schema.sql")
        assert resolve(None, configuration) == SnapshotFile(up / "shop.dbw")
        assert resolve("live", configuration) == Live(URL)
        assert configuration.path("known.json") == up / "known.json"


def test_an_absolute_path_stays_one(tmp_path: Path) -> None:
    configuration = Configuration(file=Path("/etc/dbwright.toml"))
    assert configuration.path("/srv/known.json").resolve() == Path("/srv/known.json")


def test_what_is_live_can_be_asked_and_a_snapshot_can_t(database: Database) -> None:
    with opened(Live(database.url)) as source:
        assert source.ask is not None
        snapshot_file.save(source.snapshot, Path("t.dbw"))
    with opened(SnapshotFile(Path("t.dbw"))) as source:
        assert source.ask is None


def test_files_tell_nothing_of_the_sandbox() -> None:
    Path("a.sql").write_text(
        "CREATE ROLE app; CREATE TABLE t (id int); INSERT INTO t VALUES (1);"
        "CREATE PUBLICATION p FOR TABLE t;"
    )
    with opened(resolve("a.sql", Configuration()), values=None) as source:
        snapshot = source.snapshot
    catalog = snapshot.catalog
    assert snapshot.from_files
    assert snapshot.target == "a.sql"
    assert [table.qualified for table in catalog.tables] == ["public.t"]
    assert [role.name for role in catalog.roles] == ["app"]
    assert [publication.name for publication in catalog.publications] == ["p"]
    assert (catalog.settings, catalog.databases, catalog.hba_rules, snapshot.activity) == (
        (), (), (), None,
    )  # fmt: skip
    skipped = {part.part for part in snapshot.skipped}
    assert {"catalog.settings", "statistics.tables", "activity"} <= skipped
