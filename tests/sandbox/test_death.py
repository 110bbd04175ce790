"""Whatever kills the owner of a server: nothing of it stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dbwright.sandbox import start
from servers.observe import commands_with, is_dead, owner, wait_for

START = """
import sys, time
from dbwright.sandbox import start
server = start()
print(server.pid, server._watchdog.pid, server.socket_directory, flush=True)
"""
WAIT = START + "sys.stdin.read()\n"


def started(process: subprocess.Popen[str]) -> tuple[int, int, Path]:
    assert process.stdout is not None
    postmaster, watchdog, folder = process.stdout.readline().split()
    return int(postmaster), int(watchdog), Path(folder)


def finish(process: subprocess.Popen[str]) -> int:
    process.communicate()
    return process.returncode


def shared_memory() -> list[list[str]]:
    """Key and number of each System V segment of this machine."""
    return [line.split()[:2] for line in Path("/proc/sysvipc/shm").read_text().splitlines()]


def is_gone(place: Path, folder: Path) -> bool:
    return not (commands_with(place) or folder.exists() or folder.with_suffix(".lock").exists())


@pytest.mark.parametrize(
    ("ending", "status"),
    [("", 0), ("sys.exit(3)", 3), ("raise KeyboardInterrupt", -signal.SIGINT)],
)
def test_the_owner_ends(place: Path, ending: str, status: int) -> None:
    process = owner(START + ending, PYTHONWARNINGS="error")
    _, _, folder = started(process)
    assert finish(process) == status
    assert is_gone(place, folder)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_the_watchdog_cleans_up_after_a_killed_owner(place: Path, number: signal.Signals) -> None:
    process = owner(WAIT)
    _, _, folder = started(process)
    process.send_signal(number)
    finish(process)
    wait_for(lambda: is_gone(place, folder))


def test_ctrl_c_reaches_the_owner_alone(place: Path) -> None:
    script = START + (
        "import os, signal\n"
        "try:\n"
        "    os.killpg(0, signal.SIGINT); time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    os.kill(server.pid, 0); print('alive', flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    _, _, folder = started(process)
    output, _ = process.communicate()
    assert output == "alive\n"
    assert is_gone(place, folder)


@pytest.mark.parametrize("postmaster_too", [False, True])
def test_the_next_start_sweeps_when_the_watchdog_was_killed_too(
    place: Path, postmaster_too: bool
) -> None:
    process = owner(WAIT)
    postmaster, watchdog, folder = started(process)
    segment = (folder / "data" / "postmaster.pid").read_text().splitlines()[6].split()
    assert segment in shared_memory()
    os.kill(watchdog, signal.SIGKILL)
    process.kill()
    finish(process)
    wait_for(lambda: is_dead(watchdog))  # it shares the lock, until the kernel has closed its files
    if postmaster_too:
        os.kill(postmaster, signal.SIGKILL)
    assert folder.exists()
    with start():
        assert not folder.exists()
        assert not folder.with_suffix(".lock").exists()
        assert [line for line in commands_with(folder) if "watchdog" not in line] == []
    assert is_gone(place, folder)
    assert segment not in shared_memory()


def test_an_owner_killed_while_it_starts(place: Path) -> None:
    script = "from dbwright.sandbox import start\nprint('now', flush=True)\nstart()\nprint('up')"
    for steps in range(6):
        process = owner(script)
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(0.04 * steps)
        except subprocess.TimeoutExpired:
            process.kill()
        finish(process)
    with start():
        pass
    root = place / f"dbwright-{os.geteuid()}"
    wait_for(lambda: not commands_with(place) and list(root.glob("????????")) == [])


def test_two_sweepers_at_once(place: Path) -> None:
    for _ in range(3):
        process = owner(WAIT)
        _, watchdog, _ = started(process)
        os.kill(watchdog, signal.SIGKILL)
        process.kill()
        finish(process)
    sweepers = [owner(START) for _ in range(3)]
    assert [finish(process) for process in sweepers] == [0, 0, 0]
    assert commands_with(place) == []
    assert list((place / f"dbwright-{os.geteuid()}").iterdir()) == []


def test_a_sweep_leaves_the_living_alone(place: Path) -> None:
    process = owner(WAIT)
    postmaster, _, folder = started(process)
    with start():
        os.kill(postmaster, 0)
        assert folder.exists()
    assert finish(process) == 0


def test_a_stranger_with_the_number_of_a_dead_postmaster_is_left_alone(place: Path) -> None:
    process = owner(WAIT)
    postmaster, watchdog, folder = started(process)
    os.kill(watchdog, signal.SIGKILL)
    process.kill()
    finish(process)
    os.kill(postmaster, signal.SIGKILL)
    stranger = subprocess.Popen(["sleep", "60"])
    pid_file = folder / "data" / "postmaster.pid"
    pid_file.write_text(
        "\n".join([str(stranger.pid), *pid_file.read_text().splitlines()[1:]]) + "\n"
    )
    with start():
        assert not folder.exists()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_fork_neither_stops_the_server_nor_keeps_it(place: Path) -> None:
    script = START + (
        "import os\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    server.stop(); sys.exit(0)\n"  # runs the exit handlers of a normal end
        "os.waitpid(child, 0)\n"
        "os.kill(server.pid, 0)\n"
        "assert server.socket_directory.exists()\n"
        "if os.fork() == 0:\n"
        "    sys.stdin.read(); os._exit(0)\n"  # outlives its parent
        "print('ready', flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    process = owner(script, PYTHONWARNINGS="error")
    _, _, folder = started(process)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert process.wait() == -signal.SIGKILL
    # The second child still lives.
    wait_for(lambda: is_gone(place, folder))
    finish(process)


def test_owners_in_several_processes_with_several_servers_each(place: Path) -> None:
    script = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from dbwright.sandbox import start\n"
        "with ThreadPoolExecutor(5) as pool:\n"
        "    servers = list(pool.map(lambda _: start(), range(5)))\n"
        "print(len({server.socket_directory for server in servers}), flush=True)\n"
    )
    processes = [owner(script, PYTHONWARNINGS="error") for _ in range(4)]
    assert [process.communicate()[0] for process in processes] == ["5\n"] * 4
    assert [process.returncode for process in processes] == [0] * 4
    assert list((place / f"dbwright-{os.geteuid()}").iterdir()) == []
