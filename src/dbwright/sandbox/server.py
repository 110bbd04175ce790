"""A throw-away PostgreSQL server: started in a moment, gone without a trace.

It is stopped and removed by `stop`, at the end of a `with` block, and at the exit of its owner. An
owner that is killed has a watchdog that does it, and what even that could not do, the next start
does (`sweep`).
"""

from __future__ import annotations

import atexit
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from dbwright.errors import ServerDidNotStart
from dbwright.model.names import quote as quote_name
from dbwright.progress import Progress, silent
from dbwright.sandbox.account import server_account
from dbwright.sandbox.folders import OwnedFolder
from dbwright.sandbox.postmaster import Postmaster, log_tail
from dbwright.sandbox.processes import sweep
from dbwright.sandbox.programs import Programs, find_programs
from dbwright.sandbox.reachable import reachable_programs
from dbwright.sandbox.settings import USER, access_rules, configuration
from dbwright.sandbox.spread import spread_subfolders
from dbwright.sandbox.template import template, unpack
from dbwright.sandbox.watchdog import Watchdog

__all__ = ["Server", "start"]


class Server:
    """A running server, made by `start`. Its methods may be called from any thread.

    Whoever can enter `socket_directory` (the owner, root, and the server's user) is let in
    without a password; the superuser is `dbwright`.
    """

    def __init__(self, programs: Programs, settings: Mapping[str, str], hba: str | None) -> None:
        self.programs = programs
        self._owner = os.getpid()
        self._guard = threading.RLock()
        self._stopped = False
        self._last_log = ""
        self._port = settings.get("port", "5432")
        self._account = server_account()
        self._bin_folder = reachable_programs(programs.bin, self._account)
        self._postmaster: Postmaster | None = None
        self._folder = OwnedFolder.create()
        try:
            self._watchdog = Watchdog(self._folder)
        except BaseException:
            self._folder.remove()
            raise
        _live.add(self)
        try:
            self._configure(settings, hba)
        except BaseException:
            self.stop()
            raise

    @property
    def version(self) -> str:
        """Such as "18.6"."""
        return self.programs.version

    @property
    def major(self) -> int:
        """Such as 18."""
        return self.programs.major

    @property
    def socket_directory(self) -> Path:
        """The folder with the unix socket, for `host=` of libpq."""
        return self._folder.path

    @property
    def data_directory(self) -> Path:
        """The server's data directory."""
        return self._folder.data

    @property
    def pid(self) -> int:
        """The number of the postmaster process (the last one, when it does not run)."""
        assert self._postmaster is not None
        return self._postmaster.pid

    def url(self, database: str = "postgres", user: str = USER, host: str | None = None) -> str:
        """A URL for libpq, through the socket; through TCP with `host` (see `listen_addresses`)."""
        who, what = quote(user, safe=""), quote(database, safe="")
        if host is not None:
            return f"postgresql://{who}@{host}:{self._port}/{what}"
        # With the port, or PGPORT of the environment would decide which socket it is.
        socket = quote(str(self.socket_directory))
        return f"postgresql://{who}@/{what}?host={socket}&port={self._port}"

    def log(self) -> str:
        """The end of the server's log (64 KiB); after `stop`, as it was then."""
        return self._last_log if self._stopped else log_tail(self._folder.log)

    def create_database(self, name: str, options: str = "") -> None:
        """Create a database, empty but for what a template among the options (SQL) gives it.

        Raises psycopg.Error, as for a name that exists.
        """
        import psycopg

        # As files, as before 15: through the log of changes it takes twice the time.
        strategy = "STRATEGY file_copy" if self.major >= 15 else ""
        create = f"CREATE DATABASE {quote_name(name)} {options} {strategy}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(create.encode())

    def restart(self) -> None:
        """Shut down in order (unless it was killed before), and start again on the same data.

        Raises `ServerDidNotStart`, with the server stopped and removed.
        """
        with self._guard:
            self._require_life()
            if self._postmaster is not None:
                self._postmaster.stop(signal.SIGINT)
            try:
                self._launch()
            except BaseException:
                self.stop()
                raise

    @contextmanager
    def offline(self) -> Iterator[Path]:
        """Shut down in order for the block, whose files (of the data directory that is given) may
        then be changed, and start again. Raises `ServerDidNotStart`, as `restart` does."""
        with self._guard:
            self._require_life()
            assert self._postmaster is not None
            self._postmaster.stop(signal.SIGINT)
            yield self.data_directory
            self.restart()

    def kill(self) -> None:
        """Kill the server as a crash would: nothing is shut down. `restart` recovers it, with all
        that was committed."""
        with self._guard:
            self._require_life()
            assert self._postmaster is not None
            self._postmaster.stop(signal.SIGKILL)

    def stop(self) -> None:
        """Stop at once and remove everything. A second call, or one in a fork, does nothing."""
        # The owner first: in a fork the guard may be held by a thread that does not exist there.
        if os.getpid() != self._owner:
            return
        with self._guard:
            if self._stopped:
                return
            self._last_log = log_tail(self._folder.log)
            self._stopped = True
            if self._postmaster is not None:
                self._postmaster.stop(signal.SIGQUIT)
            self._folder.remove()
            self._watchdog.dismiss()
            _live.discard(self)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _configure(self, settings: Mapping[str, str], hba: str | None) -> None:
        own = {
            "unix_socket_directories": str(self._folder.path),
            # Shown in the titles of all its processes: so they are found if it is killed.
            "cluster_name": self._folder.title,
            "update_process_title": "on",
        }
        if hba is not None:
            rules = self._folder.write("hba.conf", access_rules(hba), self._account)
            own["hba_file"] = str(rules)
        text = configuration({**settings, **own})
        self._folder.write("server.conf", text, self._account)
        self._folder.write("log", "", self._account)

    def _start(self, file: Path) -> None:
        """Start for the first time, with a data directory from the template `file`."""
        try:
            unpack(file, self._folder.data, self._account)
            spread_subfolders(self._folder.data / "base")
            # Only now may the server's user in: nobody meddles with what root writes.
            self._folder.hand_over(self._account)
            self._launch()
        except BaseException:
            self.stop()
            raise

    def _launch(self) -> None:
        self._postmaster = Postmaster(self._bin_folder, self.version, self._account, self._folder)
        self._watchdog.watch(self._postmaster.pid)
        self._postmaster.wait_until_ready()

    def _require_life(self) -> None:
        if self._stopped or os.getpid() != self._owner:
            raise RuntimeError("this server was stopped, or belongs to the parent process")

    def _forget(self) -> None:
        """In a fork: hold nothing by which the owner's death could go unnoticed."""
        self._watchdog.forget()
        self._folder.release()
        if self._postmaster is not None:
            self._postmaster.forget()


def start(
    major: int | None = None,
    *,
    path: Path | None = None,
    settings: Mapping[str, str] | None = None,
    hba: str | None = None,
    progress: Progress = silent,
) -> Server:
    """Start a server of `find_programs(major, path)`, with an empty database `postgres`.

    `settings` go over those of `settings.configuration`; `hba` is the text of a pg_hba.conf (the
    superuser always gets in through the socket). Raises `NoServerPrograms`, `ServerDidNotStart`;
    then nothing is left of it. ValueError for a name that no setting can have.
    """
    programs = find_programs(major, path)
    try:
        sweep()
        account = server_account()
        file = template(programs, reachable_programs(programs.bin, account), account, progress)
        progress(f"starting PostgreSQL {programs.version}")
        server = Server(programs, settings or {}, hba)
        server._start(file)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise ServerDidNotStart(
            f"PostgreSQL {programs.version} could not be set up: {error.strerror or error}{where}.",
            "Make room, or set TMPDIR to a folder with 100 MB that you can write.",
        ) from error
    return server


_live: set[Server] = set()


def _stop_all() -> None:
    for server in list(_live):
        server.stop()


def _forget_all() -> None:
    for server in list(_live):
        server._forget()
    _live.clear()


atexit.register(_stop_all)
os.register_at_fork(after_in_child=_forget_all)
