"""What a statement does that refuses to run in a transaction block (CONCURRENTLY, VACUUM …).

It is run on copies of a database, each time with another session in its way that holds the
strongest lock on each table that is not known to be in the way of it. So it stops at each lock that
it asks for, on each table from the weaker to the stronger, and what it asks for is seen. Once
nothing is in its way it runs to the end, and what it left is compared.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from dbwright.errors import SandboxError
from dbwright.model.effects import Effects, Refusal
from dbwright.model.finding import LockMode
from dbwright.model.names import quote
from dbwright.sandbox.judge.comparison import Seen, compared
from dbwright.sandbox.judge.relations import Relation, locked_by, relations, strongest
from dbwright.sandbox.judge.trial import refusal_of, session
from dbwright.sandbox.server import Server
from dbwright.sandbox.settings import USER
from dbwright.sandbox.trust import forbidden, passed_over
from dbwright.sql.parse import SyntaxProblem, parse

__all__ = ["alone"]

MOST_STEPS = 60
"""Locks that are waited for, one after another."""
POLL_SECONDS = 0.005
STATEMENT_SECONDS = 30.0

SETTINGS = """
INSERT INTO pg_db_role_setting
SELECT copy.oid, s.setrole, s.setconfig
FROM pg_db_role_setting s, pg_database copy, pg_database original
WHERE copy.datname = %(copy)s AND original.datname = %(original)s AND s.setdatabase = original.oid
"""
"""What CREATE DATABASE does not copy: search_path, of which names depend, among them."""

COMPATIBLE: Mapping[LockMode, LockMode | None] = {
    LockMode.ACCESS_SHARE: LockMode.EXCLUSIVE,
    LockMode.ROW_SHARE: LockMode.SHARE_ROW_EXCLUSIVE,
    LockMode.ROW_EXCLUSIVE: LockMode.ROW_EXCLUSIVE,
    LockMode.SHARE_UPDATE_EXCLUSIVE: LockMode.ROW_EXCLUSIVE,
    LockMode.SHARE: LockMode.SHARE,
    LockMode.SHARE_ROW_EXCLUSIVE: LockMode.ROW_SHARE,
    LockMode.EXCLUSIVE: LockMode.ACCESS_SHARE,
    LockMode.ACCESS_EXCLUSIVE: None,
}
"""The strongest lock that another session can have at the same time (manual, Explicit Locking)."""


@dataclass(slots=True)
class _Known:
    """What was found so far, by oid: the same in each copy of a database."""

    locks: dict[int, LockMode] = field(default_factory=dict)
    free: set[int] = field(default_factory=set)
    """Tables that nothing more is found out of."""
    waits: bool = False

    def blocking(self, relation: Relation) -> str | None:
        """The statement by which the other session gets in the way."""
        if relation.oid in self.free:
            return None
        known = self.locks.get(relation.oid)
        if relation.object.kind == "table":
            mode = LockMode.ACCESS_EXCLUSIVE if known is None else COMPATIBLE[known]
            words = mode and mode.name.replace("_", " ")
            return words and f"LOCK TABLE ONLY {relation.object.name} IN {words} MODE"
        if relation.object.kind == "materialized view":  # which LOCK TABLE does not know
            if known is None:  # ACCESS EXCLUSIVE
                return f"REFRESH MATERIALIZED VIEW {relation.object.name} WITH NO DATA"
            if known is LockMode.ACCESS_SHARE:  # SHARE UPDATE EXCLUSIVE
                return f"COMMENT ON MATERIALIZED VIEW {relation.object.name} IS NULL"
        return None

    def give_way(self, before: Mapping[int, Relation]) -> None:
        """It waits for the other session's transaction, because of some table, it does not say of
        which: of the first, and then the next one."""
        self.waits = True
        kinds = ("table", "materialized view")
        for oid in self.locks:
            if oid not in self.free and oid in before and before[oid].object.kind in kinds:
                self.free.add(oid)
                return
        self.free |= before.keys()


def alone(
    server: Server,
    database: str,
    statement: str,
    *,
    user: str = USER,
    settings: Mapping[str, str] | None = None,
) -> Effects:
    """The effects of a statement, as `user`, that runs outside of transactions.

    The database stays as it is; nobody may be connected to it meanwhile. What changes the server
    rather than the database (ALTER SYSTEM …) is not run, with a refusal that says so.
    Raises SandboxError where it asks for too many locks, psycopg.Error where no copy can be made.
    """
    kept = _not_run(statement)
    if kept is not None:
        return Effects(statement, transactional=False, refusal=Refusal("0A000", kept))
    known = _Known()
    for _ in range(MOST_STEPS):
        with _copied(server, database) as name:
            effects = _step(server, name, user, statement, settings, known)
        if effects is not None:
            return replace(effects, transactional=False, waits_for_transactions=known.waits)
    raise SandboxError(
        f"The statement asks for more than {MOST_STEPS} locks, one after another.",
        "Try it on a copy of the database.",
    )


def _not_run(statement: str) -> str | None:
    try:
        statements = parse(statement).statements
    except SyntaxProblem:
        return None  # the server says what is wrong with it
    for parsed in statements:
        left = passed_over(parsed)
        if reason := forbidden(parsed) or (left and f"{left} is not tried"):
            return reason
    return None


def _step(
    server: Server,
    database: str,
    user: str,
    statement: str,
    settings: Mapping[str, str] | None,
    known: _Known,
) -> Effects | None:
    """Run it until it waits, and note for what; the effects where it does not."""
    with psycopg.connect(server.url(database), autocommit=True) as observer:
        before = relations(observer)
        with (
            _in_the_way(server.url(database), before, known),
            session(server.url(database, user), settings) as connection,
        ):
            running = _Running(connection, statement)
            if not _ran(observer, running, known, before):
                return None
        if running.problem is not None:
            return Effects(statement, refusal=refusal_of(running.problem))
        after = relations(observer)
        gone = frozenset(before.keys() - after.keys())
        seen = Seen(before, after, gone, frozenset(before), known.locks, running.said)
        return _with_reading(compared(statement, seen))


def _with_reading(effects: Effects) -> Effects:
    """Another session's counters of scans are not seen, but what is written anew, and what an index
    is built of, is read as a whole."""
    read = {*effects.rewritten, *(build.table for build in effects.built)}
    return replace(effects, scanned=tuple(sorted(read, key=lambda one: one.name)))


class _Running:
    """A statement that runs in a thread of its own."""

    def __init__(self, connection: psycopg.Connection[Any], statement: str) -> None:
        self.problem: psycopg.Error | None = None
        self.said: list[str] = []
        self.pid = connection.info.backend_pid
        self._connection = connection
        self._statement = statement.encode()
        connection.add_notice_handler(lambda said: self.said.append(said.message_primary or ""))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def ended(self) -> bool:
        """After waiting for a moment."""
        self._thread.join(POLL_SECONDS)
        return not self._thread.is_alive()

    def cancel(self) -> None:
        while not self.ended():
            self._connection.cancel()

    def _run(self) -> None:
        try:
            self._connection.execute(self._statement, binary=True)
        except psycopg.Error as problem:
            self.problem = problem


def _ran(
    observer: psycopg.Connection[Any],
    running: _Running,
    known: _Known,
    before: Mapping[int, Relation],
) -> bool:
    """Did it run to the end? Else what it waits for is noted."""
    end = time.monotonic() + STATEMENT_SECONDS
    try:
        while not running.ended():
            if _waits(observer, running.pid, known, before):
                return False
            if time.monotonic() > end:
                raise SandboxError(
                    f"The statement did not end in {STATEMENT_SECONDS:g} s on a database without "
                    "rows.",
                    "Try it on a copy of the database.",
                )
    finally:
        running.cancel()
    return True


def _waits(
    observer: psycopg.Connection[Any], pid: int, known: _Known, before: Mapping[int, Relation]
) -> bool:
    rows = observer.execute(
        "SELECT relation::int8, mode, locktype FROM pg_locks WHERE pid = %s AND NOT granted", (pid,)
    ).fetchall()
    for oid, mode, kind in rows:
        for held, its in locked_by(observer, pid).items():
            known.locks[held] = strongest(known.locks.get(held), its)
        if kind != "relation":
            known.give_way(before)
        elif known.locks.get(oid) is not LockMode(mode):
            known.free.add(oid)  # a weaker lock than one before, and yet in each other's way
    return bool(rows)


@contextmanager
def _in_the_way(url: str, before: Mapping[int, Relation], known: _Known) -> Iterator[None]:
    """Another session that holds locks for as long as the block lasts."""
    with psycopg.connect(url) as other:
        for relation in before.values():
            statement = known.blocking(relation)
            if statement is not None:
                other.execute(statement.encode())
        yield
        other.rollback()


@contextmanager
def _copied(server: Server, database: str) -> Iterator[str]:
    """A copy of the database for as long as the block lasts."""
    name = f"{database[:40]}_judge_{threading.get_ident():x}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        server.create_database(name, f"TEMPLATE {quote(database)}")
        try:
            connection.execute(SETTINGS, {"copy": name, "original": database})
            yield name
        finally:
            force = " WITH (FORCE)" if server.major >= 13 else ""
            connection.execute(f"DROP DATABASE {quote(name)}{force}".encode())
