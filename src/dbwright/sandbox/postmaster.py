"""The server's first process: start it, wait until it takes connections, end it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from dbwright.errors import ServerDidNotStart
from dbwright.sandbox.account import Account
from dbwright.sandbox.folders import OwnedFolder
from dbwright.sandbox.processes import end_processes, release_shared_memory

__all__ = ["Postmaster", "log_tail"]

_READY_WITHIN = 30.0  # seconds
_ENDED_WITHIN = 10.0
_STEP = 0.005
_NEARLY_FULL = 4 << 20  # bytes
_LOG_KEPT = 64 << 10  # bytes


class Postmaster:
    """The running `postgres` program of the server in `folder`; raises OSError when it is none.

    `version` is for messages, such as "18.6".
    """

    def __init__(self, bin_folder: Path, version: str, account: Account, folder: OwnedFolder):
        self._version = version
        self._folder = folder
        # Opened by us: whatever goes wrong, also before the server reads its settings, is in it.
        with folder.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(bin_folder / "postgres"), "-D", str(folder.data)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder.path,
                # Ctrl-C in the terminal is for the owner, who will stop the server.
                start_new_session=True,
                **account.popen_arguments(),
            )

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Return when connections are taken. Raises `ServerDidNotStart`."""
        deadline = time.monotonic() + _READY_WITHIN
        while not self._is_ready():
            if self._process.poll() is not None:
                raise self._failure("did not start")
            if time.monotonic() > deadline:
                raise self._failure(f"was not ready within {_READY_WITHIN:.0f} seconds")
            time.sleep(_STEP)

    def stop(self, number: signal.Signals) -> None:
        """Send the signal, and wait until the server with all its processes is gone."""
        if self._process.poll() is None:
            self._process.send_signal(number)
            try:
                self._process.wait(_ENDED_WITHIN)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if (self._folder.data / "postmaster.pid").exists():
            # It had no time to tidy up.
            end_processes(self._folder)
            release_shared_memory(self._folder.data)

    def forget(self) -> None:
        """In a fork of the owner: this is not our child."""
        self._process.returncode = 0

    def _is_ready(self) -> bool:
        """Whether the server says so: the eighth line of postmaster.pid is its state."""
        try:
            lines = (self._folder.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        # The file may still be the one that a killed predecessor has left.
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _failure(self, what: str) -> ServerDidNotStart:
        reason = "; ".join(line.strip() for line in log_tail(self._folder.log).splitlines()[-3:])
        disk = os.statvfs(self._folder.path)
        if disk.f_bavail * disk.f_frsize < _NEARLY_FULL:
            # Then the log is cut off as well.
            reason = f"the disk of {self._folder.path.parent} is full"
        return ServerDidNotStart(
            f"PostgreSQL {self._version} {what}: {reason or 'it wrote no log'}.",
            "Correct what the server complains about, or try other programs: set "
            "DBWRIGHT_POSTGRESQL to the bin folder of an installed PostgreSQL.",
        )


def log_tail(log: Path) -> str:
    """The last 64 KiB of the log; empty when there is none."""
    try:
        # The folder is the server's user's: a link there must not lead us elsewhere.
        descriptor = os.open(log, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    with os.fdopen(descriptor, "rb") as opened:
        opened.seek(max(0, os.fstat(descriptor).st_size - _LOG_KEPT))
        return opened.read().decode("utf-8", "replace")
