"""What a proof keeps, and when it holds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dbwright.errors import FileUnreadable, UnprovenMigration
from dbwright.migrate.files.folder import read_folder
from dbwright.migrate.rehearsal.evidence import Proven, earlier_checksum, proof_path, write_proof
from dbwright.migrate.rehearsal.required import require_proofs
from dbwright.model.finding import Confidence, Finding, ObjectRef, Severity
from dbwright.model.migration import Migration
from dbwright.model.rehearsal import Rehearsal, RehearsedMigration, RehearsedRun

LOST = Finding(
    rule="migrate/lost-rows",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    object=ObjectRef("table", "public.t"),
    message="public.t lacks 9 rows, such as mail = somebody@example.org",
    why="",
    key="x",
    evidence={"rows": 9},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in (1, 2, 3):
        (tmp_path / f"00{number}_file.sql").write_text(f"-- UP\nSELECT {number};\n")
    return tmp_path


def proven(one: Migration, every: tuple[Migration, ...], **changes: object) -> Proven:
    tried = RehearsedMigration(
        one.version, one.name, one.path, one.checksum, RehearsedRun("up", 1.0, 8), None
    )
    rehearsal = Rehearsal((), "postgresql://me@host/shop", "18.6", False, False)
    return Proven(
        replace(tried, **changes),  # type: ignore[arg-type]
        rehearsal,
        earlier_checksum(one, every),
        "0" * 64,
        (),
    )


def test_a_proof_holds_for_its_file_alone(folder: Path) -> None:
    every = read_folder(folder)
    with pytest.raises(UnprovenMigration, match="002 file was not rehearsed"):
        require_proofs([every[1]], every, 18)
    path = write_proof(proven(every[1], every))
    assert (path, path.name) == (proof_path(every[1]), "002_file.proof.json")
    assert sorted(one.name for one in folder.iterdir() if "proof" in one.name) == [path.name]
    assert require_proofs([every[1]], every, 18) == ()
    (note,) = require_proofs([every[1]], every, 15)
    assert note == "002 file was rehearsed on PostgreSQL 18, and this server is 15"
    assert require_proofs([every[1]], every, 18, lambda: "0" * 64) == ()
    with pytest.raises(UnprovenMigration, match="the schema is not the one that 002 file was"):
        require_proofs([every[1]], every, 18, lambda: "1" * 64)
    # Later files are no matter; earlier ones are.
    (folder / "003_file.sql").write_text("-- UP\nSELECT 33;\n")
    now = read_folder(folder)
    assert require_proofs([now[1]], now, 18) == ()
    (folder / "001_file.sql").write_text("-- UP\nSELECT 11;\n")
    now = read_folder(folder)
    with pytest.raises(UnprovenMigration, match="files before 002 file were changed"):
        require_proofs([now[1]], now, 18)
    (folder / "002_file.sql").write_text("-- UP\nSELECT 22;\n")
    now = read_folder(folder)
    with pytest.raises(UnprovenMigration, match="002 file was changed since"):
        require_proofs([now[1]], now, 18)


def test_a_failed_rehearsal_is_no_proof(folder: Path) -> None:
    every = read_folder(folder)
    path = write_proof(proven(every[0], every, passed=False, findings=(LOST,)))
    with pytest.raises(UnprovenMigration, match="rehearsal of 001 file failed: migrate/lost-rows"):
        require_proofs(every[:1], every, 18)
    text = path.read_text()
    assert "example.org" not in text
    assert json.loads(text)["findings"] == [
        {
            "rule": "migrate/lost-rows",
            "severity": "error",
            "object": "table public.t",
            "evidence": {"rows": 9},
        }
    ]
    path.write_text(text.replace('"passed": false', '"passed": true'))
    with pytest.raises(UnprovenMigration, match="was changed since it was written"):
        require_proofs(every[:1], every, 18)
    path.write_text(text.replace('"schema_version": 1', '"schema_version": 9'))
    with pytest.raises(UnprovenMigration, match="another version of dbwright"):
        require_proofs(every[:1], every, 18)
    path.write_text(text[: len(text) // 2])
    with pytest.raises(FileUnreadable, match="is no proof"):
        require_proofs(every[:1], every, 18)


def test_a_proof_that_can_not_be_written(folder: Path) -> None:
    every = read_folder(folder)
    proof_path(every[0]).mkdir()
    with pytest.raises(FileUnreadable, match="can't write"):
        write_proof(proven(every[0], every))
    assert [path for path in folder.iterdir() if path.name.startswith(".")] == []
    with pytest.raises(FileUnreadable, match="can't read"):
        require_proofs(every[:1], every, 18)
