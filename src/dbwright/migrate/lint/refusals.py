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
NOT_SUPPORTED = "0A000"
TOLD_ELSEWHERE = frozenset(("55P04",))
"""SQLSTATEs that have a rule of their own."""


def is_of_the_sandbox(step: JudgedStatement) -> bool:
    """Was it refused for what only the throw-away server lacks: rights, files, extensions?"""
    refusal = step.effects.refusal
    if refusal is None:
        return False
    if refusal.sqlstate in (NO_PERMISSION, UNDEFINED_FILE):
        return True
    if refusal.sqlstate != NOT_SUPPORTED:
        return False
    unavailable = refusal.message.startswith('extension "') or "library" in refusal.message
    return unavailable or bool(forbidden(ParsedStatement(step.kind, step.node, 0)))


def not_judged(run: JudgedRun) -> Iterator[Skipped]:
    """What the throw-away server could not try, with its words."""
    for file in run.migrations:
        for step in file.steps:
            refusal = step.effects.refusal
            if refusal is not None and is_of_the_sandbox(step):
                yield Skipped(
                    file.migration.path,
                    f"line {step.statement.line} could not be tried: {refusal.message}",
                    "give a target or a snapshot that has what it needs",
                )
