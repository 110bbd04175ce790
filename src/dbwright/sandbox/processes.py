"""The processes of a server, told by what they say about themselves, and how to end them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from dbwright.sandbox.folders import OwnedFolder, abandoned

__all__ = ["end_processes", "processes_of", "release_shared_memory", "sweep"]

_PATIENCE = 10.0  # seconds for an immediate shutdown; the server itself kills after 5
_STEP = 0.02
_PROGRAMS = ("postgres", "initdb")
_REMOVE_SEGMENT = 0  # IPC_RMID, on Linux, macOS and the BSDs


def sweep() -> None:
    """End and remove what the dead have left: processes, shared memory, folders."""
    for folder in abandoned():
        try:
            end_processes(folder)
            release_shared_memory(folder.data)
            # What can't be removed now is no reason not to start: the next sweep tries again.
            with contextlib.suppress(OSError):
                folder.remove()
        finally:
            folder.release()


def end_processes(folder: OwnedFolder) -> None:
    """End all processes of the server in `folder`, at once but tidily, else by SIGKILL."""
    for number in (signal.SIGQUIT, signal.SIGKILL):
        running = processes_of(folder)
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)
        deadline = time.monotonic() + _PATIENCE
        while running and time.monotonic() < deadline:
            time.sleep(_STEP)
            running = processes_of(folder)
        if not running:
            return


def processes_of(folder: OwnedFolder) -> list[int]:
    """The numbers of the processes that serve `folder`.

    A number in a file may belong to a stranger by now. So each process is asked: the postmaster
    (and initdb) has the data directory on its command line, its children have the folder's title
    in theirs, or work in the data directory.
    """
    return [
        process
        for process, command in _commands()
        if _serves(command, folder) or _works_in(process, command, folder.data)
    ]


def release_shared_memory(data: Path) -> None:
    """Remove the System V segment that a killed postmaster has left, named in postmaster.pid."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        key, identifier = (int(part) for part in lines[6].split())
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return
    library = ctypes.CDLL(None)
    # The number may be of another segment by now; the key is made from the data directory.
    if library.shmget(ctypes.c_int(key), ctypes.c_size_t(0), 0) == identifier:
        library.shmctl(identifier, _REMOVE_SEGMENT, None)


def _commands() -> Iterator[tuple[int, list[str]]]:
    """Number and command line of every process; a title that replaced it is one word."""
    if not Path("/proc/self/cmdline").exists():
        yield from _commands_by_ps()
        return
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            # Gone meanwhile, or hidden from us: not one of ours.
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes()
                yield int(entry.name), os.fsdecode(line).rstrip("\0").split("\0")


def _commands_by_ps() -> Iterator[tuple[int, list[str]]]:
    answer = subprocess.run(
        ["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True
    )
    for line in answer.stdout.splitlines():
        number, _, command = line.strip().partition(" ")
        command = command.strip()
        yield int(number), [command] if command.startswith("postgres:") else command.split()


def _serves(command: list[str], folder: OwnedFolder) -> bool:
    if command[0].startswith(f"postgres: {folder.title}:"):
        return True
    return Path(command[0]).name in _PROGRAMS and str(folder.data) in command[1:]


def _works_in(process: int, command: list[str], data: Path) -> bool:
    program = Path(command[0]).name
    if not (command[0].startswith("postgres:") or program in _PROGRAMS):
        return False
    try:
        folder = Path(f"/proc/{process}/cwd").readlink()
    except OSError:
        return False
    return str(folder).removesuffix(" (deleted)") == str(data)
