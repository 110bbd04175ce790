"""What comes out of loading files: places of declarations, refused statements, notes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from dbwright.model.finding import Location
from dbwright.model.snapshot import RefusedStatement
from dbwright.sandbox.hints import Known, Refusal, hint
from dbwright.sql.declared import declared
from dbwright.sql.parse import ParsedStatement
from dbwright.sql.split import Statement

if TYPE_CHECKING:
    import psycopg

__all__ = ["Journal", "place", "primary_message"]

_SHOWN = 400


class Journal:
    """Everything that is to be told at the end."""

    def __init__(self) -> None:
        self.locations: dict[str, Location] = {}
        self.count = 0
        self._unmade: dict[str, Location] = {}
        self._refusals: list[tuple[Location, Refusal]] = []
        self._inserts: Counter[tuple[str, str]] = Counter()
        self._first_insert: dict[tuple[str, str], Location] = {}
        self._notes: dict[str, list[str]] = {}

    def note(self, text: str, file: str = "") -> None:
        """A sentence; the same one about several files is told once."""
        files = self._notes.setdefault(text, [])
        if file and file not in files:
            files.append(file)

    def not_run(self, statement: Statement, file: str, why: str) -> None:
        """What was not even tried."""
        self._refusals.append((place(statement, file), Refusal(statement.text, hint=why)))

    def refuse(
        self,
        statement: Statement,
        parsed: ParsedStatement | None,
        file: str,
        problem: psycopg.Error,
        schema: str,
    ) -> None:
        """What the server did not take. Of INSERTs with one and the same message, the first."""
        message = primary_message(problem)
        position = int(problem.diag.statement_position or 0) - 1
        where = place(statement, file, max(0, position))
        if statement.text[:6].lower() == "insert":
            kind = (problem.sqlstate or "", message)
            self._inserts[kind] += 1
            if self._first_insert.setdefault(kind, where) is not where:
                return
        refusal = Refusal(
            statement.text,
            problem.sqlstate or "",
            message,
            problem.diag.message_detail or "",
            position if position >= 0 else None,
        )
        self._refusals.append((where, refusal))
        if parsed is not None:
            for found in declared(statement.text, schema):
                self._unmade[str(found.ref)] = where

    def remember(
        self, statement: Statement, parsed: ParsedStatement, file: str, schema: str
    ) -> None:
        """Where objects are declared; the last place wins, unless it says IF NOT EXISTS."""
        keep = bool(parsed.node.get("if_not_exists"))
        for found in declared(statement.text, schema):
            where = place(statement, file, found.offset)
            if keep:
                self.locations.setdefault(str(found.ref), where)
            else:
                self.locations[str(found.ref)] = where

    def refused(self, known: Known) -> tuple[RefusedStatement, ...]:
        """With hints, found last: by now it is known what a later file declares."""
        known = replace(known, locations=self.locations, unmade=self._unmade)
        return tuple(
            RefusedStatement(
                location,
                refusal.statement[:_SHOWN],
                refusal.sqlstate,
                refusal.message,
                hint(refusal, known),
            )
            for location, refusal in self._refusals
        )

    def notes(self) -> tuple[str, ...]:
        """One sentence each."""
        found = []
        for text, files in self._notes.items():
            more = f" and {len(files) - 1} more" if len(files) > 1 else ""
            found.append(f"{files[0]}{more}: {text}" if files else text)
        for kind, times in self._inserts.items():
            if times > 1:
                first = self._first_insert[kind]
                # By its place: the server's message may quote a value of the row.
                found.append(
                    f"{times - 1} more INSERTs were refused like the one at "
                    f"{first.file}:{first.line}."
                )
        return tuple(found)


def place(statement: Statement, file: str, offset: int = 0) -> Location:
    """Where a character of a statement stands in its file."""
    before = statement.text[:offset]
    lines = before.count("\n")
    column = offset - (before.rfind("\n") + 1) + 1
    if lines == 0:
        column += statement.column - 1
    return Location(file, statement.line + lines, column)


def primary_message(problem: psycopg.Error) -> str:
    """The server's message without detail and position."""
    return problem.diag.message_primary or str(problem).strip().splitlines()[0]
