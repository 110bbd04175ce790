"""The machine under the server, where that is the machine that looks.

A unix socket leads to this machine. A port on loopback may be a tunnel's or a container's: it
counts only where the server's data directory is here as well, with a `postmaster.pid` that tells
when this server started.

What the server may use is what its own process may: its control groups (versions 1 and 2, and all
above them) and the processors that it may run on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dbwright.engines.postgresql.block_device import disk_of
from dbwright.engines.postgresql.session import Session, Unreadable
from dbwright.model.machine import Machine

__all__ = ["machine_here", "machine_of_process"]

LOOPBACK = ("127.", "::1", "localhost")
ASKED = """
SELECT pg_backend_pid() AS pid, pg_postmaster_start_time() AS started_at,
       CASE WHEN pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')
            THEN current_setting('data_directory', true) END AS data_directory
"""
SECONDS = 5.0
SAME_SECONDS = 60.0
"""postmaster.pid holds the moment before shared memory was made, the server's own that after."""
ROOT = Path("/")
NO_LIMIT = 1 << 60
"""Version 1 writes a number of this size where there is no limit."""


def machine_here(session: Session) -> Machine | None:
    """Memory, processors and disk of the server's machine; None where that is not this one, or
    can't be told."""
    host = session.connection.info.host
    socket = host.startswith("/")
    if not socket and not host.startswith(LOOPBACK):
        return None
    try:
        row = session.ask(ASKED, SECONDS)[0]
    except Unreadable:
        return None
    folder = Path(row.data_directory) if row.data_directory else None
    if folder is not None and not _same_server(folder, row.started_at):
        folder = None
    if not socket and folder is None:
        return None
    return machine_of_process(row.pid, folder)


def machine_of_process(
    pid: int | None = None, folder: Path | None = None, *, root: Path = ROOT
) -> Machine:
    """What a process of this machine may use (None: this process), and the disk of a folder.

    `root` is where `proc` and `sys` are. What can't be read is as the machine has it.
    """
    number = os.getpid() if pid is None or not (root / f"proc/{pid}").exists() else pid
    groups = _Groups.of(number, root)
    memory = min(_memory(root), *groups.memory_limits(), NO_LIMIT)
    cpus = min(_cpus(number, root), *groups.cpu_limits(), float(NO_LIMIT))
    return Machine(
        memory_bytes=memory,
        cpus=max(1, -int(-cpus // 1)),
        disk=None if folder is None else disk_of(folder, root=root),
    )


@dataclass(frozen=True, slots=True)
class _Groups:
    """The control groups of a process, each with those above it."""

    unified: tuple[Path, ...] = ()
    memory: tuple[Path, ...] = ()
    cpu: tuple[Path, ...] = ()

    @classmethod
    def of(cls, pid: int, root: Path) -> _Groups:
        """`/proc/PID/cgroup` has lines `number:controllers:path`; of version 2 there is one,
        `0::path`."""
        top = root / "sys/fs/cgroup"
        found: dict[str, tuple[Path, ...]] = {}
        for line in _lines(root / f"proc/{pid}/cgroup"):
            _, _, rest = line.partition(":")
            controllers, _, path = rest.partition(":")
            if not controllers:
                found["unified"] = _upwards(top, path)
            for name in controllers.split(","):
                if name in ("memory", "cpu"):
                    # The folder is named as the controllers are mounted: `cpu,cpuacct` often.
                    mount = next(
                        (m for m in (top / name, top / controllers) if m.is_dir()), top / name
                    )
                    found[name] = _upwards(mount, path)
        return cls(**found)

    def memory_limits(self) -> Iterator[int]:
        for folder in self.unified:
            yield from _numbers(folder / "memory.max")
        for folder in self.memory:
            yield from (n for n in _numbers(folder / "memory.limit_in_bytes") if n < NO_LIMIT)

    def cpu_limits(self) -> Iterator[float]:
        for folder in self.unified:
            numbers = list(_numbers(folder / "cpu.max"))
            if len(numbers) == 2 and numbers[1]:
                yield numbers[0] / numbers[1]
        for folder in self.cpu:
            quota = list(_numbers(folder / "cpu.cfs_quota_us"))
            period = list(_numbers(folder / "cpu.cfs_period_us"))
            if quota and period and quota[0] > 0 and period[0] > 0:
                yield quota[0] / period[0]


def _same_server(folder: Path, started_at: datetime) -> bool:
    """Is the folder's server the one that we are connected to? (The third line of postmaster.pid
    is when it started.)"""
    lines = _lines(folder / "postmaster.pid")
    if len(lines) < 3 or not lines[2].strip().isdigit():
        return False
    return abs(int(lines[2]) - started_at.timestamp()) <= SAME_SECONDS


def _upwards(top: Path, path: str) -> tuple[Path, ...]:
    """The group and all above it. Inside a container its own group is often mounted as the top,
    while the path is that outside: then the top is what there is."""
    parts = [part for part in path.split("/") if part not in ("", "..")]
    return tuple(top.joinpath(*parts[:length]) for length in range(len(parts), -1, -1))


def _memory(root: Path) -> int:
    for line in _lines(root / "proc/meminfo"):
        name, _, rest = line.partition(":")
        if name == "MemTotal":
            return int(rest.split()[0]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _cpus(pid: int, root: Path) -> int:
    """Those that the process may run on (its affinity and its cpuset)."""
    for line in _lines(root / f"proc/{pid}/status"):
        name, _, rest = line.partition(":")
        if name == "Cpus_allowed_list":
            return sum(_length(part) for part in rest.strip().split(",") if part)
    return os.cpu_count() or 1


def _length(part: str) -> int:
    """`0-3` is 4, `7` is 1."""
    first, _, last = part.partition("-")
    return int(last or first) - int(first) + 1


def _numbers(file: Path) -> Iterator[int]:
    """The whole numbers in the file; `max` is none."""
    for line in _lines(file):
        for word in line.split():
            if word.lstrip("-").isdigit():
                yield int(word)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []  # not there, or not for us: then the machine's own figure counts
