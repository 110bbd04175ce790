"""A tiny process that outlives its owner just long enough to clean up after it.

A program that is killed (SIGKILL, out of memory) can't stop its server. So each server has a
shell that reads a pipe whose other end only the owner holds: when the owner dies, however it
dies, the pipe ends, and the shell stops the server and removes its folder.
"""

from __future__ import annotations

import contextlib
import subprocess

from dbwright.sandbox.folders import OwnedFolder

__all__ = ["Watchdog"]

# Started with the folder, its lock file, and the open lock, which tells sweepers to keep off
# as long as this shell works. A postmaster.pid without postmaster means that the server died
# with no time to tidy up: that is left to the sweep of the next start.
_SCRIPT = r"""
trap '' HUP INT QUIT TERM
folder=$1 lock=$2 pid=
while read -r word value; do
    case $word in
    postmaster) pid=$value ;;
    stopped) exit 0 ;;
    esac
done
[ -n "$pid" ] || read -r pid 2>/dev/null <"$folder/data/postmaster.pid" || pid=
running() {
    if [ -d /proc/self ]; then
        command=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")
    else
        command=$(ps -ww -p "$pid" -o command= 2>/dev/null)
    fi
    case "$command " in
    */"postgres -D $folder/data "*) return 0 ;;
    esac
    return 1
}
count=0
while [ -n "$pid" ] && running; do
    case $count in
    0) kill -QUIT "$pid" ;;
    200) kill -KILL "$pid" ;;
    400) exit 1 ;;
    esac
    count=$((count + 1))
    sleep 0.05
done
[ -e "$folder/data/postmaster.pid" ] || { rm -rf "$folder" && rm -f "$lock"; }
"""


class Watchdog:
    """The shell that watches over the server in `folder`; raises OSError when none starts."""

    def __init__(self, folder: OwnedFolder) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "dbwright-watchdog", str(folder.path), str(folder.lock)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            # In a session of its own: Ctrl-C in the terminal is for the owner.
            start_new_session=True,
            pass_fds=(folder.descriptor,),
        )

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def watch(self, postmaster: int) -> None:
        """Tell which process to stop."""
        self._tell(f"postmaster {postmaster}\n")

    def dismiss(self) -> None:
        """End it: the owner has stopped the server itself."""
        self._tell("stopped\n")
        self._close()
        self._process.wait()

    def forget(self) -> None:
        """In a fork of the owner: don't hold the pipe open, or it would never end."""
        self._close()
        self._process.returncode = 0

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        # A watchdog that somebody killed is missed only when the owner is killed too.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line.encode())

    def _close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
