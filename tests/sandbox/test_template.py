from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from dbwright.errors import ServerDidNotStart
from dbwright.sandbox import start
from servers.observe import owner, wait_for

SCRIPT = "from dbwright.sandbox import start\nwith start() as server: print(server.version)"


def templates(place: Path) -> list[Path]:
    return [path for path in (place / "dbwright/templates").iterdir() if not path.suffix]


def test_eight_processes_make_one_template(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    processes = [owner(SCRIPT) for _ in range(8)]
    outputs = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 8
    assert len(outputs) == 1
    assert len(templates(place)) == 1
    assert list((place / "dbwright/templates").glob("*.new")) == []


def test_a_template_that_was_cut_off_is_made_again(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    start().stop()
    (file,) = templates(place)
    whole = file.stat().st_size
    for size in (0, 10, whole - 1):
        os.truncate(file, size)
        start().stop()
        assert file.stat().st_size == whole


def test_a_damaged_template_is_not_used(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    start().stop()
    (file,) = templates(place)
    with file.open("r+b") as opened:
        opened.seek(-100_000, os.SEEK_END)
        opened.write(b"\xff" * 100)
    with pytest.raises(ServerDidNotStart, match="damaged"):
        start()
    start().stop()


def test_a_killed_maker_leaves_nothing_that_the_next_start_does_not_sweep(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    root = place / f"dbwright-{os.geteuid()}"
    process = owner(SCRIPT)
    wait_for(lambda: any(root.glob("????????/data/base")))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with start() as server:
        assert [path.name for path in root.glob("????????")] == [server.socket_directory.name]


def test_a_cache_that_others_can_write_is_not_used(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    (place / "dbwright").mkdir()
    (place / "dbwright").chmod(0o777)
    with start():
        assert not (place / "dbwright/templates").exists() or not templates(place)


def test_what_was_not_used_for_a_month_is_removed(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    start().stop()
    (first,) = templates(place)
    os.utime(first, (0, 0))
    start(15).stop()
    (second,) = templates(place)
    assert second != first
    start().stop()
    assert sorted(templates(place)) == sorted([first, second])
