"""Runs one statement of a file, and again where a little help makes it work.

A role that is only named is made; what needs a superuser and is harmless is done with a superuser's
rights (see `trust`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbwright.model.names import quote
from dbwright.sandbox.journal import Journal, primary_message
from dbwright.sandbox.session import Session
from dbwright.sandbox.settings import USER
from dbwright.sandbox.trust import LOADER, harmless
from dbwright.sql.parse import ParsedStatement
from dbwright.sql.split import Statement

if TYPE_CHECKING:
    import psycopg

__all__ = ["Runner", "missing_role"]


class Runner:
    """Runs statements in a session and notes what help they got."""

    def __init__(self, session: Session, journal: Journal) -> None:
        self.session = session
        self.journal = journal

    def inserts(self, batch: list[Statement]) -> list[tuple[Statement, psycopg.Error]]:
        """Many at once; one by one where one of them is refused. Those that were refused."""
        import psycopg

        if len(batch) > 1:
            try:
                self.session.run("\n;\n".join(statement.text for statement in batch))
                return []
            except psycopg.Error:
                self._recover()
        refused = []
        for statement in batch:
            try:
                self.session.run(statement.text)
            except psycopg.Error as problem:
                self._recover()
                refused.append((statement, problem))
        return refused

    def run(
        self, statement: Statement, parsed: ParsedStatement | None, data: str
    ) -> psycopg.Error | None:
        """The error that was left in the end, or None. `data`: the lines of a COPY."""
        import psycopg

        made: set[str] = set()
        while True:
            try:
                self._once(statement, parsed, data)
                return None
            except psycopg.Error as problem:
                self._recover()
                role = missing_role(problem.sqlstate, primary_message(problem))
                if role and role not in made and self.make_role(role):
                    made.add(role)
                    continue
                if problem.sqlstate == "42501" and parsed is not None:
                    return self._elevate(statement, parsed, problem)
                if _unknown_setting(parsed, problem):
                    setting = parsed.node["name"] if parsed is not None else ""
                    self.journal.note(
                        f"SET {setting} was passed over: the sandbox's server does not know it."
                    )
                    return None
                return problem

    def _once(self, statement: Statement, parsed: ParsedStatement | None, data: str) -> None:
        if parsed is not None and parsed.kind == "TransactionStmt":
            self.session.control(statement.text)
        elif parsed is not None and parsed.kind == "CopyStmt":
            self.session.copy(statement.text, data)
        else:
            self.session.run(statement.text)

    def _elevate(
        self, statement: Statement, parsed: ParsedStatement, problem: psycopg.Error
    ) -> psycopg.Error | None:
        """Once more as a superuser, where it is harmless. The error that is left, or None."""
        import psycopg

        if not harmless(parsed, self.session.major):
            return problem
        script = [statement.text]
        if parsed.kind == "CreateEventTrigStmt":
            # It would run with the rights of whoever changes the schema, a superuser's too.
            name = quote(parsed.node["trigname"])
            script.append(f"ALTER EVENT TRIGGER {name} DISABLE")
            script.append(f"ALTER EVENT TRIGGER {name} OWNER TO {USER}")
            self.journal.note(f"The event trigger {name} was made, but is disabled.")
        elif parsed.kind == "CreateRoleStmt":
            script.append(f"GRANT {quote(parsed.node['role'])} TO {LOADER}")
        try:
            self.session.elevated(script)
        except psycopg.Error as final:
            self._recover()
            return final
        return None

    def make_role(self, name: str) -> bool:
        """A role that is only named. False where it can't be made (`pg_…`)."""
        import psycopg

        try:
            self.session.make_role(name)
        except psycopg.Error:
            return False
        self.journal.note(f"The role {name} is not made by the files: it was made without login.")
        return True

    def _recover(self) -> None:
        """A statement can end its own connection, or the server: what was not committed is lost."""
        if self.session.closed:
            self.session.reconnect()
            self.journal.note("The connection broke during a statement and was opened again.")


def missing_role(sqlstate: str | None, message: str) -> str:
    """The role that a statement names and that isn't there; empty where it was refused for another
    reason."""
    if sqlstate != "42704" or not message.startswith('role "'):
        return ""
    return message.removeprefix('role "').removesuffix('" does not exist')


def _unknown_setting(parsed: ParsedStatement | None, problem: psycopg.Error) -> bool:
    """SET of a setting of another version or product."""
    plain = parsed is not None and parsed.kind == "VariableSetStmt"
    return plain and "unrecognized configuration parameter" in primary_message(problem)
