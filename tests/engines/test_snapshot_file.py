"""A snapshot in a file: nothing changes on the way, and nothing is lost when writing fails."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbwright.check.check import check, check_source
from dbwright.check.configure import choose
from dbwright.configuration import Configuration
from dbwright.engines import snapshot_file
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.errors import FileUnreadable
from dbwright.model.catalog import Catalog, Column, Server, Table
from dbwright.model.finding import Location
from dbwright.model.report import Skipped
from dbwright.model.snapshot import RefusedStatement, Snapshot
from dbwright.model.statistics import ColumnStatistics, Statistics
from dbwright.model.workload import Query, Workload
from dbwright.target import Live, opened
from servers.postgresql import Database

FEATURES = Path(__file__).parent / "postgresql" / "features.sql"
ALL_RULES = choose(Configuration(), (), ())

EDGES = pytest.mark.parametrize("any_postgresql", [12, 18], indirect=True)
"""The oldest and the newest server: between them nothing is read that they don't have."""


def _read(url: str) -> Snapshot:
    with Session.open(url, 30) as session:
        return read(session, values=None, workload=True)


@pytest.fixture
def featured(any_database: Database) -> Snapshot:
    any_database.execute(FEATURES.read_text(encoding="utf-8"))
    snapshot = _read(any_database.url)
    assert snapshot.statistics is not None
    assert snapshot.statistics.columns
    # What this target did not bring, so that no noun is left out.
    return replace(
        snapshot,
        workload=Workload("a.sql", (Query("SELECT $1", "f00d", -1, 3, 0.25),)),
        refused=(RefusedStatement(Location("ä b.sql", 3, 1), "SELEC", "42601", "no", "do"),),
        locations={"table shop.users": Location("z.sql", 1), "table a": Location("a.sql", 2, 4)},
        from_files=True,
    )


@EDGES
def test_nothing_changes_in_a_file(featured: Snapshot, tmp_path: Path) -> None:
    first, second = tmp_path / "first.dbw", tmp_path / "second.dbw"
    snapshot_file.save(featured, first)
    loaded = snapshot_file.load(first)
    assert loaded == featured
    snapshot_file.save(loaded, second)
    assert second.read_bytes() == first.read_bytes()


@EDGES
def test_the_file_has_the_findings_of_the_live_target(
    any_database: Database, tmp_path: Path
) -> None:
    any_database.execute(FEATURES.read_text(encoding="utf-8"))
    path = tmp_path / "features.dbw"
    with opened(Live(any_database.url), values=None, workload=True) as source:
        snapshot_file.save(source.snapshot, path)
        live = check_source(source, ALL_RULES)
    file = check(str(path), configuration=Configuration())
    assert len(live.findings) > 20
    assert file.findings == live.findings
    assert (file.score, file.objects_read) == (live.score, live.objects_read)
    rows = [part.rules for report in (live, file) for part in report.skipped if part.part == "data"]
    assert rows[0] == rows[1], "only a live target could be asked for rows"


def test_a_check_of_the_live_target_sees_what_its_snapshot_holds(
    database: Database, tmp_path: Path
) -> None:
    """It reads fewer values of each column: they are taken from the whole range."""
    database.execute(
        """
        CREATE TABLE readings (id integer PRIMARY KEY, points text NOT NULL, half text NOT NULL);
        INSERT INTO readings SELECT n * 1000000, n, CASE WHEN n % 2 = 0 THEN n::text ELSE 'x' || n END
        FROM generate_series(1, 2000) n;
        ANALYZE readings
        """
    )
    path = tmp_path / "t.dbw"
    snapshot_file.save(_read(database.url), path)
    only = ("types", "keys")
    live = check(database.url, only=only, configuration=Configuration())
    file = check(str(path), only=only, configuration=Configuration())
    messages = {finding.key: finding.message for finding in live.findings}
    assert messages == {finding.key: finding.message for finding in file.findings}
    assert "2,000,000,000" in messages["types/key-near-its-limit:column public.readings.id"]
    assert "types/text-holds-number:column public.readings.points" in messages
    assert "types/text-holds-number:column public.readings.half" not in messages


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SERVER = Server("18.1", 180001)


@given(TEXTS, TEXTS, MOMENTS, FLOATS, st.lists(TEXTS, max_size=5))
def test_any_values_survive(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    text: str,
    moment: datetime,
    number: float,
    values: list[str],
) -> None:
    column = Column(name, 1, "text", "text", default=text, comment=text)
    known = ColumnStatistics(1, name, number, 1, number, tuple(values), histogram=tuple(values))
    snapshot = Snapshot(
        text,
        Catalog("postgresql", SERVER, moment, tables=(Table(1, name, text, columns=(column,)),)),
        Statistics(None, moment, columns=(known,)),
        skipped=(Skipped(text, name, objects=tuple(values)),),
        locations={text: Location(name, 1)},
    )
    path = tmp_path_factory.mktemp("any") / "any.dbw"
    snapshot_file.save(snapshot, path)
    assert snapshot_file.load(path) == snapshot


# --- writing --------------------------------------------------------------------------------


def _small(target: str) -> Snapshot:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Snapshot(target, Catalog("postgresql", SERVER, moment))


SAVES = """
import itertools, sys
from dataclasses import replace
from pathlib import Path
from dbwright.engines.snapshot_file import load, save
path = Path(sys.argv[1])
old = load(path)
# So many bytes that a kill comes while they are written.
big = replace(old, target="new", skipped=old.skipped * 20_000)
print("ready", flush=True)
for n in itertools.count():
    save(big if n % 2 else old, path)
"""


def test_a_killed_save_leaves_the_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "s.dbw"
    parts = tuple(Skipped(os.urandom(20).hex(), "x") for _ in range(10))
    snapshot_file.save(replace(_small("old"), skipped=parts), path)
    for wait in (0.0, 0.11, 0.23):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVES, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        found = snapshot_file.load(path)
        assert (found.target, len(found.skipped)) in (("old", 10), ("new", 200_000))
        snapshot_file.save(replace(_small("old"), skipped=parts), path)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """A file of the process may not grow beyond 1000 bytes: the write fails half-way."""
    path = tmp_path / "s.dbw"
    snapshot_file.save(_small("old"), path)
    parts = tuple(Skipped(os.urandom(20).hex(), "x") for _ in range(200))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(FileUnreadable, match="can't write"):
            snapshot_file.save(replace(_small("new"), skipped=parts), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert snapshot_file.load(path).target == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["s.dbw"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link.dbw").symlink_to("real.dbw")
    snapshot_file.save(_small("a"), tmp_path / "link.dbw")
    assert (tmp_path / "link.dbw").is_symlink()
    assert snapshot_file.load(tmp_path / "real.dbw").target == "a"


def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    """As /dev/stdout and /dev/null are, which must not be replaced by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=snapshot_file.save, args=(_small("a"), pipe))
    writer.start()
    (tmp_path / "copy.dbw").write_bytes(pipe.read_bytes())
    writer.join(10)
    assert pipe.is_fifo()
    assert snapshot_file.load(tmp_path / "copy.dbw").target == "a"


def test_a_snapshot_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "renamed"
    snapshot_file.save(_small("a"), path)
    assert snapshot_file.is_snapshot(path)
    (tmp_path / "x.sql").write_text("SELECT 1;")
    assert not snapshot_file.is_snapshot(tmp_path / "x.sql")
    assert not snapshot_file.is_snapshot(tmp_path / "none")
