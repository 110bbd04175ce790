"""Which refusals say something of a migration, and which of the throw-away server alone."""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.judged import JudgedRun, JudgedStatement
from dbwright.model.report import Skipped
from dbwright.sandbox.trust import forbidden
from dbwright.sql.parse import ParsedStatement

__all__ = ["TOLD_ELSEWHERE", "is_of_the_sandbox", "not_judged"]

NO_PERMISSION = "42501"
UNDEFINED_FILE = "58P01"
TOO_LONG = "57014"
"""The sandbox gives no statement more than a minute."""
NOT_SUPPORTED = "0A000"
OF_EXTENSIONS = frozenset(("42883", "42704", "42P01", "42703", "3F000"))
"""SQLSTATEs of names that nobody knows: of functions, types, and of the tables that have those."""
TOLD_ELSEWHERE = frozenset(("55P04",))
"""SQLSTATEs that have a rule of their own."""


def is_of_the_sandbox(step: JudgedStatement, run: JudgedRun) -> bool:
    """Was it refused for what only the throw-away server lacks: rights, files, extensions and what
    is of them?"""
    refusal = step.effects.refusal
    if refusal is None:
        return False
    if refusal.sqlstate in OF_EXTENSIONS and _lacks_an_extension(run):
        return True
    if refusal.sqlstate in (NO_PERMISSION, UNDEFINED_FILE, TOO_LONG):
        return True
    if refusal.sqlstate != NOT_SUPPORTED:
        return False
    unavailable = _is_unavailable(refusal.message) or "library" in refusal.message
    return unavailable or bool(forbidden(ParsedStatement(step.kind, step.node, 0)))


def _is_unavailable(message: str) -> bool:
    missing = 'extension "' in message and "is not available" in message
    return missing or "extension control file" in message  # so before version 13


def _lacks_an_extension(run: JudgedRun) -> bool:
    """Could some extension not be made, by the files or for the target's schema?"""
    said = [one.reason for one in run.skipped]
    for file in run.migrations:
        for step in file.steps:
            refusal = step.effects.refusal
            if step.kind == "CreateExtensionStmt" and refusal is not None:
                said.append(refusal.message)
    return any(map(_is_unavailable, said))


def not_judged(run: JudgedRun) -> Iterator[Skipped]:
    """What the throw-away server could not try, with its words."""
    for file in run.migrations:
        for step in file.steps:
            refusal = step.effects.refusal
            if refusal is not None and is_of_the_sandbox(step, run):
                yield Skipped(
                    file.migration.path,
                    f"line {step.statement.line} could not be tried: {refusal.message}",
                    "give a target or a snapshot that has what it needs",
                )
