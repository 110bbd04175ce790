"""What is said of a statement that the server refused, and what to do then."""

from __future__ import annotations

import traceback
from pathlib import Path

import psycopg
from psycopg.errors import (
    ActiveSqlTransaction,
    InvalidTransactionTermination,
    UnsafeNewEnumValueUsage,
)

from dbwright.errors import HalfDone, MigrationRefused
from dbwright.migrate.runner.patience import LOCK_PROBLEMS
from dbwright.migrate.runner.work import Work, place_of
from dbwright.model.batches import BatchMark
from dbwright.model.migration import ScriptStatement

__all__ = ["ALONE", "interrupted", "primary", "refusal", "so_far", "stopped"]

ALONE = (ActiveSqlTransaction, InvalidTransactionTermination)
"""How the server refuses a statement that must run outside of a transaction block."""


def primary(problem: BaseException) -> str:
    """What the server said, or Python."""
    if not isinstance(problem, psycopg.Error):
        return str(problem)
    return problem.diag.message_primary or " ".join(str(problem).split())


def refusal(
    work: Work,
    statement: ScriptStatement | None,
    problem: BaseException,
    mark: BatchMark | None = None,
) -> str:
    """Where, and what the server said. None: at the file's end. `mark`: of the batch before."""
    hint = problem.diag.message_hint if isinstance(problem, psycopg.Error) else ""
    where = place_of(work, statement)
    if work.function is not None and (line := _line_of(problem, work.migration.path)):
        where = f"{work.migration.path}, line {line}"
    if mark is not None and mark.upper:
        part = f" in {mark.part_name}" if mark.part_name else ""
        behind = f" behind {mark.place}" if mark.last else ""
        where += f", in batch {mark.batches + 1}{part}{behind}"
    return f"{where}: {primary(problem)}{f' ({hint})' if hint else ''}"


def _line_of(problem: BaseException, path: str) -> int | None:
    """Of a file of Python: where it was when that was raised, first of all by its cause."""
    file = Path(path).absolute()
    trace = traceback.extract_tb((problem.__cause__ or problem).__traceback__)
    return next((one.lineno for one in reversed(trace) if Path(one.filename) == file), None)


def so_far(work: Work, done: int, mark: BatchMark | None) -> str:
    """What is done of a file, for people."""
    words = f"{done} of {len(work.statements)} statements"
    return words if mark is None or not mark.batches else f"{words} and {mark.words} of the next"


def interrupted(work: Work, done: int, mark: BatchMark | None, *, partly: bool) -> HalfDone:
    """By Ctrl-C, after so many statements. `partly`: may the next one have committed something?"""
    message = f"interrupted in {work.migration}, after {so_far(work, done, mark)}"
    if not partly:
        return HalfDone(message, "run it again: it goes on from there")
    return HalfDone(
        f"{message}; what the next one had committed before stays",
        "look whether it took effect, then run it with --cut-off done or --cut-off again",
    )


def stopped(
    work: Work,
    message: str,
    problem: BaseException,
    done: int,
    blockers: str,
    mark: BatchMark | None = None,
    *,
    partly: bool,
) -> HalfDone | MigrationRefused:
    """The error: after so many statements, and the batches of `mark` of the next one; the last one
    perhaps done in part (`partly`)."""
    mend = _mend(work, problem)
    if isinstance(problem, LOCK_PROBLEMS):
        times = "once" if partly else f"{1 + work.patience.retries} times"
        message += f", {times}" + (blockers and f"; in its way: {blockers}")
    if partly:
        return HalfDone(
            message,
            f"what it had committed before stays: look, {mend} and run again, it begins with this "
            "statement",
        )
    if done == 0 and (mark is None or not mark.batches):
        return MigrationRefused(message, f"nothing of it was changed: {mend} and run again")
    return HalfDone(
        message,
        f"{so_far(work, done, mark)} are done: {mend} and run again, it goes on from there",
    )


def _mend(work: Work, problem: BaseException) -> str:
    if isinstance(problem, LOCK_PROBLEMS):
        return "wait for those in its way, or end them,"
    if work.whole and isinstance(problem, ALONE):
        return "say `-- no-transaction` at the head of the file"
    if work.whole and isinstance(problem, UnsafeNewEnumValueUsage):
        return "put what uses the value into a file of its own, or say `-- no-transaction`,"
    return "mend it"
