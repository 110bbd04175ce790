"""The recorder: exact with threads and processes, bounded, and never in the application's way."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.capture.captured import captured

from dbwright.capture import Recorder
from dbwright.capture.recorder import BATCH, clock
from dbwright.capture.statements import Statement
from servers.observe import wait_for

CODE = sys._getframe().f_code


def note(recorder: Recorder, text: str, seconds: float = 0.001) -> None:
    """As a listener does it."""
    session = recorder.new_session()
    recorder.pending.append((text, False, CODE, 0, clock(), seconds, 1, session, 1, None))
    if len(recorder.pending) >= BATCH:
        recorder.drain(clock())


def test_importing_it_imports_neither_a_driver_nor_the_rest() -> None:
    script = (
        "import sys; import dbwright.capture; "
        "print([m for m in sys.modules if m.startswith(('dbwright', 'psycopg', 'sqlalchemy'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    names = set(eval(done.stdout))
    assert {name for name in names if not name.startswith("dbwright.capture")} == {"dbwright"}


def test_threads_lose_nothing(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "c.jsonl", flush_seconds=0.01, share=1)

    def work() -> None:
        for number in range(20_000):
            note(recorder, f"SELECT {number % 7}")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.stop()
    found = captured(tmp_path / "c.jsonl")
    assert recorder.problem is None
    assert sum(calls["calls"] for calls in found.calls.values()) == 80_000
    assert found.transactions == 80_000


def test_processes_share_a_file(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "c.jsonl", flush_seconds=0.01)
    note(recorder, "SELECT 'parent'")
    children = []
    for number in range(3):
        child = os.fork()
        if not child:
            for _ in range(1000):
                note(recorder, f"SELECT 'child {number}'")
            recorder.stop()
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    note(recorder, "SELECT 'parent'")
    recorder.stop()
    found = captured(tmp_path / "c.jsonl")
    assert {text: calls["calls"] for text, calls in found.calls.items()} == {
        "SELECT 'parent'": 2,
        "SELECT 'child 0'": 1000,
        "SELECT 'child 1'": 1000,
        "SELECT 'child 2'": 1000,
    }


def test_the_end_of_the_program_writes_the_rest(tmp_path: Path) -> None:
    script = (
        "import sys; from dbwright.capture import Recorder; "
        "from tests.capture.test_recorder import note; "
        "note(Recorder(sys.argv[1], flush_seconds=3600), 'SELECT 1')"
    )
    path = tmp_path / "c.jsonl"
    subprocess.run(
        [sys.executable, "-c", script, path],
        check=True,
        env={**os.environ, "PYTHONPATH": ".:tests"},
    )
    assert captured(path).calls["SELECT 1"]["calls"] == 1


def test_it_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with Recorder(path, flush_seconds=0.01) as recorder:
        note(recorder, "SELECT 1")
        wait_for(lambda: path.exists() and b'"calls"' in path.read_bytes())
        assert path.read_bytes().endswith(b"\n")
        assert captured(path).calls["SELECT 1"]["calls"] == 1
    assert path.stat().st_mode & 0o077 == 0


def test_the_file_is_rotated_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with Recorder(path, flush_seconds=3600, most_bytes=10_000, keep=2) as recorder:
        for turn in range(60):
            note(recorder, "SELECT 'again'")
            note(recorder, f"SELECT {turn}, '{'x' * 500}'")
            recorder.flush()
    names = sorted(each.name for each in tmp_path.iterdir())
    assert names == ["c.jsonl", "c.jsonl.1", "c.jsonl.2"]
    for name in names[1:]:
        assert 10_000 < (tmp_path / name).stat().st_size < 13_000
        # Each file can be read for itself.
        assert captured(tmp_path / name).calls["SELECT 'again'"]["calls"] > 3


def test_memory_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    recorder = Recorder(path, flush_seconds=3600, most_statements=100)
    for number in range(1000):
        note(recorder, f"SELECT {number}")
        assert len(recorder._totals) <= 100
    recorder.stop()
    found = captured(path)
    kept = sum(calls["calls"] for calls in found.calls.values())
    assert kept + found.lost == 1000
    assert kept >= 100


def test_a_text_that_is_too_long_is_cut_and_told(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with Recorder(path) as recorder:
        for _ in range(2):
            note(recorder, f"SELECT '{'x' * 2_000_000}'")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    (statement,) = (line for line in lines if line["kind"] == "statement")
    assert (len(statement["text"]), statement["cut"]) == (1000, 2_000_009)
    assert path.stat().st_size < 5000


def test_trouble_is_told_once_and_never_raised(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        recorder = Recorder(tmp_path / "missing" / "c.jsonl")
        for _ in range(3):
            note(recorder, "SELECT 1")
            recorder.flush()
        recorder.stop()
    assert isinstance(recorder.problem, FileNotFoundError)
    assert len(caplog.records) == 1


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text("my notes\n")
    with Recorder(path) as recorder:
        note(recorder, "SELECT 1")
    assert path.read_text() == "my notes\n"
    assert isinstance(recorder.problem, FileExistsError)


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys; from dbwright.capture import Recorder; "
        "from tests.capture.test_recorder import note; "
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)); "
        "r = Recorder(sys.argv[1], flush_seconds=3600)\n"
        "for n in range(20):\n"
        "    note(r, f'SELECT {n} AS a_long_name_so_that_the_file_grows'); r.flush()\n"
        "r.stop(); print(type(r.problem).__name__)"
    )
    path = tmp_path / "c.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", script, path], check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": ".:tests"},
    )  # fmt: skip
    assert done.stdout.strip() == "OSError"
    assert path.read_bytes().endswith(b"\n")
    assert 3 < len(captured(path).texts) < 20


def test_what_is_added_up(tmp_path: Path) -> None:
    statement = Statement(1, "SELECT 1", (), None, None, 0)
    statement.times = [0.001, 0.002, 0.004, 0.0000005]
    statement.compact()
    statement.times = [0.004]
    statement.compact()
    line = statement.figures()
    assert line["calls"] == 5
    assert line["seconds"] == pytest.approx(0.0110005)
    assert line["squares"] == pytest.approx(0.001**2 + 0.002**2 + 2 * 0.004**2)
    assert (line["min"], line["max"]) == (5e-7, 0.004)
    histogram = dict(line["histogram"])
    assert histogram[0] == 1
    assert sum(histogram.values()) == 5
    for bucket, time in ((40, 0.001), (44, 0.002), (48, 0.004)):
        assert histogram[bucket] >= 1
        assert 1e-6 * 2 ** ((bucket - 1) / 4) < time <= 1e-6 * 2 ** (bucket / 4)
