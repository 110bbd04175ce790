"""Statements run in one transaction that is taken back, and what each of them did.

The server says it itself: pg_locks has the locks, pg_relation_filenode tells what is written anew,
the transaction's own counters what is read as a whole, and messages at debug1 what a constraint
proves. All of it holds for empty tables too: the server does not look how many rows there are. But
whether rows break a constraint, only rows can tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.errors import ActiveSqlTransaction, Diagnostic

from dbwright.model.effects import Effects, Refusal
from dbwright.model.finding import LockMode
from dbwright.sandbox.judge.comparison import Seen, compared
from dbwright.sandbox.judge.relations import Relation, locked_by, relations
from dbwright.sql.parse import SyntaxProblem, statement_kind

__all__ = ["Trial", "refusal_of", "session", "trial"]

SAVEPOINT = "dbwright_statement"
ENDS = Refusal("2D000", "a statement that begins or ends a transaction can't be tried within one")


class Trial:
    """An open transaction on a database of a sandbox. Made by `trial`."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self._said: list[str] = []
        connection.add_notice_handler(self._hear)
        self.begin()

    def begin(self) -> None:
        """A transaction was begun, and the one before it ended: what is there now is others'."""
        self._now = relations(self.connection)
        self._others = frozenset(self._now)
        self._held: dict[int, LockMode] = {}

    @property
    def relations(self) -> Mapping[int, Relation]:
        """All relations as they are now, by oid."""
        return self._now

    def run(self, statement: str) -> Effects:
        """What the statement does after those before it; a refused one leaves no trace.

        One that must not run in a transaction block is not run, and told by `transactional`: ask
        `alone`. Raises psycopg.OperationalError where the server goes away.
        """
        if _ends_transaction(statement):
            return Effects(statement, refusal=ENDS)
        self._said.clear()
        self.connection.execute(f"SAVEPOINT {SAVEPOINT}")
        try:
            # By the extended protocol, which takes one statement alone: a COMMIT can't ride along.
            cursor = self.connection.execute(statement.encode(), binary=True)
        except psycopg.Error as problem:
            if self.connection.closed:
                raise
            self.connection.execute(f"ROLLBACK TO {SAVEPOINT}; RELEASE {SAVEPOINT}")
            if isinstance(problem, ActiveSqlTransaction):
                return Effects(statement, transactional=False)
            return Effects(statement, refusal=refusal_of(problem))
        self.connection.execute(f"RELEASE {SAVEPOINT}")
        return self._seen(statement, emptying=cursor.statusmessage == "TRUNCATE TABLE")

    def take_back(self) -> None:
        """Undo all statements so far: the next one runs as if it were the first. Many statements
        that have nothing to do with each other are tried so in a third of the time that a trial of
        its own takes for each. Settings that statements changed are taken back too."""
        self.connection.execute("ROLLBACK")
        self.connection.execute("BEGIN")
        self.begin()

    def _seen(self, statement: str, emptying: bool) -> Effects:
        held = locked_by(self.connection, self.connection.info.backend_pid)
        # What changed is locked: the rest need not be looked at again.
        after = relations(self.connection, held)
        gone = frozenset(held.keys() - after.keys())
        taken = {oid: mode for oid, mode in held.items() if self._held.get(oid) is not mode}
        seen = Seen(self._now, after, gone, self._others, taken, tuple(self._said), emptying)
        effects = compared(statement, seen)
        self._held = held
        self._now = {oid: one for oid, one in self._now.items() if oid not in gone} | after
        return effects

    def _hear(self, diagnostic: Diagnostic) -> None:
        self._said.append(diagnostic.message_primary or "")


@contextmanager
def trial(url: str, *, settings: Mapping[str, str] | None = None) -> Iterator[Trial]:
    """A transaction on this database, taken back at the end of the block.

    Statements run with the rights of the URL's role. `settings` hold for the session: TimeZone
    decides whether some changes of type rewrite a table.
    Raises psycopg.Error where it can't be connected to, or a setting is refused.
    """
    with session(url, settings) as connection:
        connection.execute("BEGIN")
        try:
            yield Trial(connection)
        finally:
            if not connection.closed:
                connection.execute("ROLLBACK")


@contextmanager
def session(url: str, settings: Mapping[str, str] | None) -> Iterator[psycopg.Connection[Any]]:
    """A connection in autocommit that hears what the server says of its work, in English."""
    with psycopg.connect(url, prepare_threshold=None, autocommit=True) as connection:
        for name, value in (settings or {}).items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        connection.execute("SET client_min_messages = debug1")
        yield connection


def refusal_of(problem: psycopg.Error) -> Refusal:
    """What the server said."""
    said = problem.diag
    return Refusal(
        sqlstate=problem.sqlstate or "",
        message=said.message_primary or str(problem).strip(),
        detail=said.message_detail or "",
        hint=said.message_hint or "",
    )


def _ends_transaction(statement: str) -> bool:
    try:
        return statement_kind(statement) == "TransactionStmt"
    except SyntaxProblem:
        return False  # the server says what is wrong with it
