"""Brings an example of a rule to life on a real server, and runs the rule on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg

from dbwright.check.engine import RuleRun, run_rules
from dbwright.check.example import Example
from dbwright.check.rule import Rule
from dbwright.engines.postgresql.ask import asker
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.snapshot import Snapshot
from dbwright.sandbox import Server, start
from dbwright.sql.split import split
from servers.standby import standby_of

__all__ = ["Situation", "situation"]


@dataclass(slots=True)
class Situation:
    """A database in which an example's SQL has run and its sessions are open."""

    url: str
    check_url: str
    example: Example
    own_server: Server | None = None

    def restart(self) -> None:
        """Restart the example's own server, for fixes that count only then."""
        assert self.own_server is not None, "give the example a server of its own"
        self.own_server.restart()

    def execute(self, sql: str) -> None:
        """Statement by statement, in autocommit, as superuser."""
        with psycopg.connect(self.url, autocommit=True, prepare_threshold=None) as connection:
            for statement in split(sql):
                if statement.text.strip().rstrip(";").strip():
                    connection.execute(statement.text)  # type: ignore[arg-type]

    def snapshot(self, session: Session) -> Snapshot:
        return read(session, values=None)

    def run(self, rule: Rule) -> RuleRun:
        with Session.open(self.check_url, 30) as session:
            return run_rules(
                self.snapshot(session),
                [rule],
                {rule.id: self.example.options},
                asker(session) if rule.reads_data else None,
            )


@contextmanager
def situation(example: Example, shared: Server, database: str) -> Iterator[Situation]:
    """The example's SQL and sessions, on `shared` or on a server of its own."""
    with ExitStack() as stack:
        server, own = shared, None
        alone = example.own_server or example.standby is not None
        if example.settings or example.hba is not None or alone:
            server = own = stack.enter_context(
                start(path=shared.programs.bin, settings=example.settings, hba=example.hba)
            )
        server.create_database(database)
        if server is shared:
            stack.callback(_drop, server, database)
        user = {"user": example.as_role} if example.as_role else {}
        here = Situation(server.url(database), server.url(database, **user), example, own)
        here.execute(example.sql)
        if example.standby is not None:
            standby = stack.enter_context(standby_of(server))
            behind = Situation(standby.url(database), standby.url(database, **user), example)
            behind.execute(example.standby)
        primary = here
        if example.on_standby:
            here = behind
        for script in example.sessions:
            stack.enter_context(_open_session(primary.url, script))
        yield here


def _drop(server: Server, database: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
        )
        connection.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
            "WHERE database = %s AND NOT active",
            [database],
        )
        for _ in range(20):
            try:
                connection.execute(f'DROP DATABASE IF EXISTS "{database}"')
            except psycopg.errors.ObjectInUse:
                time.sleep(0.1)
            else:
                return


@contextmanager
def _open_session(url: str, script: str) -> Iterator[None]:
    """Runs the script in a connection that stays open; returns when it is done or waits."""
    connection = psycopg.connect(url, autocommit=True, prepare_threshold=None)
    pid = connection.info.backend_pid
    done = threading.Event()

    def work() -> None:
        try:
            for statement in split(script):
                connection.execute(statement.text)  # type: ignore[arg-type]
        except psycopg.Error:
            pass  # the end of the example ends the session in the middle of its statement
        finally:
            done.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    with psycopg.connect(url, autocommit=True) as watcher:
        while not done.is_set() and not _waits(watcher, pid):
            time.sleep(0.01)
        try:
            yield
        finally:
            watcher.execute("SELECT pg_terminate_backend(%s)", [pid])
            thread.join(10)
            connection.close()


def _waits(watcher: psycopg.Connection[tuple[object, ...]], pid: int) -> bool:
    row = watcher.execute(
        "SELECT wait_event_type IN ('Lock', 'BufferPin') OR wait_event = 'PgSleep' "
        "FROM pg_stat_activity WHERE pid = %s",
        [pid],
    ).fetchone()
    return row is not None and bool(row[0])
