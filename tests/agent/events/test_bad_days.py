"""Several writers, writers that die, disks without room, and files that are none."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dbwright.agent.events.entry import Entry
from dbwright.agent.events.event import Event, Progress
from dbwright.agent.events.log import EventLog
from dbwright.errors import EventLogUnusable

WRITER = """
import sys
from pathlib import Path
from dbwright.agent.events.event import Event, Progress
from dbwright.agent.events.log import EventLog

log = EventLog(Path(sys.argv[1]), wait_seconds=120)
for number in range(int(sys.argv[3]), int(sys.argv[4])):
    log.append(Event(f"T-{number % int(sys.argv[5])}", sys.argv[2], Progress("x" * (number % 300)),
        event_id=f"{sys.argv[2]}-{number}"))
    print(number, flush=True)
"""


@pytest.fixture
def quick_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: what is tried here is not the disk."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def event() -> Event:
    return Event("T", "database", Progress("on"))


def writer(log: Path, name: str, start: int, end: int, tickets: int) -> subprocess.Popen[bytes]:
    words = [str(log), name, str(start), str(end), str(tickets)]
    return subprocess.Popen([sys.executable, "-c", WRITER, *words], stdout=subprocess.PIPE)


def told(running: subprocess.Popen[bytes]) -> int:
    """The last number that a writer was sure of; -1 for none."""
    assert running.stdout is not None
    numbers = running.stdout.read().split()
    running.stdout.close()
    running.wait()
    return int(numbers[-1]) if numbers else -1


def all_there(log: Path, names: list[str], count: int) -> None:
    found = Counter(
        line.event_id if isinstance(line, Entry) else str(line) for line in EventLog(log).read()
    )
    assert found == Counter(f"{name}-{number}" for name in names for number in range(count))


@pytest.mark.parametrize(
    ("count", "tickets"),
    [
        (500, 60),
        pytest.param(10_000, 1, marks=pytest.mark.slow),
        pytest.param(10_000, 10_000, marks=pytest.mark.slow),
    ],
)
def test_eight_writers_lose_nothing(quick_disk: Path, count: int, tickets: int) -> None:
    log = quick_disk / "log"
    names = list("abcdefgh")
    running = [writer(log, name, 0, count, tickets) for name in names]
    assert [told(one) for one in running] == [count - 1] * 8
    assert [one.returncode for one in running] == [0] * 8
    all_there(log, names, count)
    assert [path.name for path in quick_disk.iterdir()] == ["log"]


@pytest.mark.parametrize(
    ("writers", "count", "kills"),
    [(3, 400, 3), pytest.param(8, 10_000, 12, marks=pytest.mark.slow)],
)
def test_writers_that_are_killed_lose_nothing_that_they_were_sure_of(
    quick_disk: Path, writers: int, count: int, kills: int
) -> None:
    """Each is killed at random points and begins again at the event after the last that it was
    sure of; what it wrote without knowing is recognised."""
    log = quick_disk / "log"
    names = list("abcdefgh")[:writers]
    chance = random.Random(count)

    def live(name: str) -> int:
        reached = died = 0
        while reached < count:
            running = writer(log, name, reached, count, 7)
            assert running.stdout is not None
            if died < kills:
                for _ in range(chance.randrange(1, count // kills)):
                    reached = int(running.stdout.readline() or reached - 1) + 1
                time.sleep(chance.uniform(0, 0.002))
                running.kill()
            reached = max(reached, told(running) + 1)
            died += running.returncode == -signal.SIGKILL
        return died

    with ThreadPoolExecutor(writers) as threads:
        died = list(threads.map(live, names))
    assert sum(died) >= writers
    all_there(log, names, count)


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """As on a disk that gets full there: the first bytes of a write still fit."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("room", [0, 1, 20])
def test_a_full_disk_leaves_the_log_as_it_was(tmp_path: Path, room: int) -> None:
    log = EventLog(tmp_path / "log")
    log.append(event())
    before = log.path.read_bytes()
    with no_file_longer_than(len(before) + room), pytest.raises(EventLogUnusable) as told:
        log.append(event())
    assert "the log is as it was" in told.value.message
    assert log.path.read_bytes() == before
    assert log.append(event()).entry.number == 2


def test_a_full_disk_keeps_a_torn_line_where_it_is(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    content = event().line() + b'{"event_id":"torn and quite long'
    log.path.write_bytes(content)
    with no_file_longer_than(10), pytest.raises(EventLogUnusable):
        log.append(event())
    assert log.path.read_bytes() == content
    assert log.append(event()).torn is not None
    torn = list(tmp_path.glob("log.torn-*"))
    assert [path.read_bytes() for path in torn] == [b'{"event_id":"torn and quite long']


def test_what_somebody_without_a_lock_wrote_behind_a_cut_line_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = EventLog(tmp_path / "log")
    log.append(event())
    write = os.write

    def torn(handle: int, content: bytes) -> int:
        if len(content) > 20:
            return write(handle, bytes(content)[:20])
        return write(handle, content)

    def full(handle: int, content: bytes) -> int:
        with log.path.open("ab") as other:
            other.write(b'\n{"ticket_id":"T","type":"OTHER"}\n')
        raise OSError(errno.ENOSPC, "No space left on device")

    calls = iter([torn, full])
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda handle, content: next(calls)(handle, content))
        with pytest.raises(EventLogUnusable):
            log.append(event())
    history = log.replay("T")
    assert [entry.type for entry in history.entries] == ["AGENT_PROGRESS", "OTHER"]
    assert len(history.faults) <= 1


def refused(log: EventLog, *words: str) -> None:
    with pytest.raises(EventLogUnusable) as told:
        log.append(event())
    said = f"{told.value.message}\n{told.value.next_step}"
    assert all(word in said for word in words), said
    assert said.count("\n") == 1 and told.value.exit_status == 3


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    events = repository / ".claude/events"
    events.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    log = EventLog.of(repository)
    log.path.symlink_to(elsewhere)
    refused(log, "a symbolic link in it leads out of repository", "put the file itself there")
    with pytest.raises(EventLogUnusable):
        log.replay("T")
    log.path.unlink()
    log.path.mkdir()
    refused(log, "is no file", "move it away")
    log.path.rmdir()
    os.mkfifo(log.path)
    refused(log, "is no file")
    log.path.unlink()
    events.rmdir()
    (tmp_path / "folder").mkdir()
    events.symlink_to(tmp_path / "folder")
    refused(log, "leads out of")
    assert elsewhere.read_text() == "mine" and not list((tmp_path / "folder").iterdir())
    # A link that stays in the repository is the team's own affair.
    events.unlink()
    (repository / "shared").mkdir()
    events.symlink_to("../shared")
    assert log.append(event()).is_new
    assert (repository / "shared/log.ndjson").exists()
    other = tmp_path / "by-another-name"
    other.symlink_to(repository)
    assert len(EventLog.of(other).replay("T").entries) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_folder_that_nobody_may_write_in(tmp_path: Path) -> None:
    """In a process of somebody else: root may write everywhere."""
    events = tmp_path / ".claude/events"
    events.mkdir(parents=True)
    for folder in (*list(tmp_path.parents)[:-2], tmp_path, events.parent):
        folder.chmod(folder.stat().st_mode | 0o055)
    for state, said in (("new", "can't write"), ("old", "can't write"), ("gone", "can't make")):
        if state == "old":
            EventLog.of(tmp_path).append(event())
        if state == "gone":
            (events / "log.ndjson").unlink()
            events.rmdir()
        code = (
            "import os, pathlib\n"
            "from dbwright.agent.events.log import EventLog\n"
            "from dbwright.agent.events.event import Event, Progress\n"
            "from dbwright.errors import EventLogUnusable\n"
            "os.setgid(65534); os.setuid(65534)\n"
            "try: EventLog.of(pathlib.Path('.')).append(Event('T', 'a', Progress('x')))\n"
            "except EventLogUnusable as told: print(told.message, told.next_step)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
        )
        assert said in done.stdout and "Permission denied" in done.stdout, done.stdout + done.stderr
        assert "see who may write there" in done.stdout


def test_a_writer_that_was_stopped_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log"
    code = (
        "import fcntl, sys, time\n"
        "file = open(sys.argv[1], 'a')\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "time.sleep(60)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == b"held\n"
        refused(EventLog(path, wait_seconds=0.05), f"held by process {holder.pid}\n", "see what")
        holder.send_signal(signal.SIGSTOP)
        os.waitpid(holder.pid, os.WUNTRACED)
        refused(EventLog(path, wait_seconds=0.05), f"{holder.pid}, which is stopped", "kill -CONT")
        assert EventLog(path).replay("T").entries == ()  # reading waits for nobody
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    assert EventLog(path).append(event()).is_new


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(handle: int, how: int) -> None:
        if how != fcntl.LOCK_UN:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    log = EventLog(tmp_path / "log")
    refused(log, "can't lock", "No locks available", "on a local disk")
    assert log.path.read_bytes() == b""


def test_a_child_that_was_forked_does_not_keep_the_lock(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log", wait_seconds=5)
    from dbwright.agent.events.held import held

    with held(log.path):
        child = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(30)"], close_fds=False
        )
    try:
        assert log.append(event()).is_new
    finally:
        child.kill()
        child.wait()


@pytest.mark.slow
def test_a_log_of_a_gigabyte_takes_little_memory(tmp_path: Path) -> None:
    log = tmp_path / "log"
    other = json.dumps({"ticket_id": "S", "type": "A", "payload": {"text": "x" * 300}}).encode()
    block = (other + b"\n") * 2500
    with log.open("wb") as file:
        for number in range(1_000_000_000 // len(block)):
            file.write(Event("T", f"agent {number}", Progress("on")).line() + block)
    code = (
        "import resource, sys, pathlib\n"
        "from dbwright.agent.events.log import EventLog\n"
        "from dbwright.agent.events.event import Event, Progress\n"
        "log = EventLog(pathlib.Path(sys.argv[1]))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(len(log.replay('T').entries), log.append(Event('T', 'a', Progress('x'))).entry.number)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(log)], capture_output=True, text=True, check=True
    )
    found, number, kilobytes = map(int, done.stdout.split())
    assert found == 1_000_000_000 // len(block)
    assert number == found * 2501 + 1
    assert kilobytes < 40_000
    log.unlink()
