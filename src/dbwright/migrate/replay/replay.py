"""Runs migrations in a sandbox, and tells what each statement of those that are asked about does.

Statements run as an ordinary role, with the help that files get in a sandbox (a role that is only
named is made, what needs a superuser and is harmless is done by one). One that is refused is told
with the server's words, and the rest goes on without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from dbwright.engines.postgresql.again import SessionAgain
from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Budget
from dbwright.migrate.replay.base import DATABASE
from dbwright.migrate.replay.file import JudgedFile
from dbwright.migrate.replay.names import Names
from dbwright.migrate.replay.outside import locks_outside, waits_outside
from dbwright.model.catalog import Catalog
from dbwright.model.effects import Effects, Refusal
from dbwright.model.finding import LockMode
from dbwright.model.judged import JudgedMigration, JudgedStatement
from dbwright.model.migration import Migration, MigrationScript, ScriptStatement
from dbwright.progress import Progress, silent
from dbwright.sandbox.journal import Journal
from dbwright.sandbox.judge.comparison import Seen, compared
from dbwright.sandbox.judge.relations import relations
from dbwright.sandbox.judge.trial import Trial, refusal_of
from dbwright.sandbox.runner import Runner, missing_role
from dbwright.sandbox.server import Server
from dbwright.sandbox.session import Session
from dbwright.sandbox.trust import forbidden, harmless, passed_over
from dbwright.sql.parse import ParsedStatement, parse_alone
from dbwright.sql.split import Statement

__all__ = ["Replay", "Told", "replaying"]

STATEMENT_SECONDS = 60.0
READ_SECONDS = 60.0
NO_PERMISSION = "42501"
LEAVES_CATALOG = frozenset(
    "InsertStmt UpdateStmt DeleteStmt SelectStmt TransactionStmt VariableSetStmt CopyStmt "
    "VariableShowStmt MergeStmt".split()
)
"""Kinds that change rows or the session, unless they call what alters a table (`WEAK`)."""
WEAK = (LockMode.ACCESS_SHARE, LockMode.ROW_SHARE, LockMode.ROW_EXCLUSIVE)
"""Locks of statements that only read and change rows."""
HEARING = f"SET client_min_messages = debug1; SET statement_timeout = '{STATEMENT_SECONDS}s'"


@dataclass(slots=True)
class Told:
    """What came of files that were only run, not judged."""

    refused: list[tuple[Migration, ScriptStatement, Refusal]] = field(default_factory=list)


@contextmanager
def replaying(server: Server, progress: Progress = silent) -> Iterator[Replay]:
    """On the database `DATABASE` of the server, which is made where it is missing."""
    with (
        Session(server, DATABASE, STATEMENT_SECONDS) as session,
        SessionAgain.open(server.url(DATABASE), READ_SECONDS) as reading,
    ):
        yield Replay(session, reading, progress)


class Replay:
    """Made by `replaying`. Files are run in the order of the calls."""

    def __init__(self, session: Session, reading: SessionAgain, progress: Progress) -> None:
        self._session = session
        self._reading = reading
        self._progress = progress
        self._journal = Journal()
        self._runner = Runner(session, self._journal)
        self._trial: Trial | None = None
        self._catalog: Catalog | None = None
        self.names = Names()
        self.told = Told()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was made up or passed over, one sentence each."""
        return self._journal.notes()

    @property
    def catalog(self) -> Catalog:
        """As it is now; read when it is asked for."""
        if self._catalog is None:
            self._reading.budget = Budget(READ_SECONDS)
            self._catalog = introspect(self._reading)
        return self._catalog

    def run(self, migration: Migration, script: MigrationScript) -> None:
        """Run a file that nobody asks about; what is refused goes into `told`."""
        self._progress(f"replaying {migration}")
        self._catalog = None
        for statement in script.up:
            parsed = parse_alone(statement.text)
            if problem := self.plain(statement, parsed):
                self.told.refused.append((migration, statement, problem))
        self._end()

    def judge(
        self,
        migration: Migration,
        script: MigrationScript,
        new: frozenset[str] = frozenset(),
        *,
        goes_on: bool = False,
    ) -> JudgedMigration:
        """Run a file, and tell what each statement of its way up does.

        `goes_on`: it is deployed with the file before it, which made the tables `new`.
        """
        before = self.catalog
        if not goes_on:
            self.names = Names()
        whole = not script.options.no_transaction
        file = JudgedFile(self, whole)
        steps = []
        for number, statement in enumerate(script.up):
            self._progress(f"judging {migration}", number, len(script.up))
            steps.append(file.step(statement))
        self._end()
        if any(map(_changes_catalog, steps)):
            self._catalog = None
        return JudgedMigration(
            migration,
            whole,
            tuple(steps),
            before,
            self.catalog,
            new,
            script.down,
            script.options,
        )

    def plain(self, statement: ScriptStatement, parsed: ParsedStatement | None) -> Refusal | None:
        """Run one statement with the sandbox's help. The refusal that is left."""
        if parsed is not None and (why := forbidden(parsed)):
            return Refusal("0A000", why)
        if parsed is not None and passed_over(parsed):
            return None
        problem = self._runner.run(_statement(statement), parsed, statement.data or "")
        return None if problem is None else refusal_of(problem)

    def _end(self) -> None:
        """A file's end: what it opened is committed, what it set is forgotten."""
        if self._session.in_transaction:
            self._session.control("COMMIT")
        self._session.fresh()

    # What follows is for `JudgedFile`.

    @property
    def session(self) -> Session:
        return self._session

    @property
    def connection(self) -> psycopg.Connection[Any]:
        return self._session.connection

    def trial(self) -> Trial:
        """Begin a transaction whose statements are judged."""
        self.connection.execute(HEARING)
        self._session.control("BEGIN")
        if self._trial is None or self._trial.connection is not self.connection:
            self._trial = Trial(self.connection)
        else:
            self._trial.begin()
        return self._trial

    def run_judged(
        self, trial: Trial, statement: ScriptStatement, parsed: ParsedStatement | None
    ) -> tuple[Effects, bool]:
        """The effects, and whether a server was asked for them."""
        if parsed is not None and (why := forbidden(parsed)):
            return Effects(statement.text, refusal=Refusal("0A000", why)), False
        if statement.data is not None or (parsed is not None and passed_over(parsed)):
            problem = self.plain(statement, parsed)
            return Effects(statement.text, refusal=problem), False
        made: set[str] = set()
        while True:
            effects = trial.run(statement.text)
            refusal = effects.refusal
            if refusal is None:
                return effects, True
            role = missing_role(refusal.sqlstate, refusal.message)
            if role and role not in made and self._runner.make_role(role):
                made.add(role)
                continue
            if refusal.sqlstate == NO_PERMISSION and parsed is not None:
                return self._elevated(statement, parsed, effects)
            return effects, True

    def _elevated(
        self, statement: ScriptStatement, parsed: ParsedStatement, effects: Effects
    ) -> tuple[Effects, bool]:
        if not harmless(parsed, self._session.major):
            return effects, True
        problem = self.plain(statement, parsed)
        return Effects(statement.text, refusal=problem), False

    def outside(self, statement: ScriptStatement, parsed: ParsedStatement | None) -> Effects:
        """Run a statement that refuses a transaction; no transaction may be open."""
        before = relations(self.connection)
        kind, node = ("", {}) if parsed is None else (parsed.kind, parsed.node)
        locks = locks_outside(self.connection, kind, node)
        refusal = self.plain(statement, parsed)
        if refusal is not None:
            return Effects(statement.text, transactional=False, refusal=refusal)
        after = relations(self.connection)
        gone = frozenset(before.keys() - after.keys())
        seen = Seen(before, after, gone, frozenset(before), locks)
        effects = compared(statement.text, seen)
        read = {*effects.rewritten, *(build.table for build in effects.built)}
        return replace(
            effects,
            transactional=False,
            waits_for_transactions=waits_outside(kind, node),
            scanned=tuple(sorted(read, key=lambda one: one.name)),
        )


def _changes_catalog(step: JudgedStatement) -> bool:
    """May the catalog be another one after it?"""
    effects = step.effects
    seen = effects.created or effects.dropped or any(one.mode not in WEAK for one in effects.locks)
    return bool(seen) or step.kind not in LEAVES_CATALOG


def _statement(statement: ScriptStatement) -> Statement:
    return Statement(statement.text, statement.line, 1, 0, "sql")
