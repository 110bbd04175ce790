"""What is run, what was run, and what the history says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from dbwright.errors import BadMigration
from dbwright.migrate.files.python_file import PythonPart
from dbwright.migrate.runner.patience import Patience
from dbwright.migrate.runner.secrets import told
from dbwright.model.batches import BatchOptions
from dbwright.model.migration import Applied, Migration, MigrationState, ScriptStatement
from dbwright.sql.ranges import RangedStatement

__all__ = [
    "Checksums",
    "CutOff",
    "Ran",
    "Work",
    "as_before",
    "columns_at",
    "columns_ended",
    "place_of",
    "require_same_way",
]


class CutOff(StrEnum):
    """What a person says of a statement that was cut off and left no trace."""

    DONE = "done"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Work:
    """One direction of one migration."""

    migration: Migration
    direction: str
    """`up` or `down`."""
    statements: tuple[ScriptStatement, ...]
    whole: bool
    """In one transaction?"""
    patience: Patience
    function: PythonPart | None = None
    """Called in place of the one statement, where the file is Python."""
    batches: BatchOptions | None = None
    in_batches: Mapping[int, RangedStatement] = field(default_factory=dict)
    """Those of the statements, by their place, that run in batches."""
    remark: str = ""
    """What the history says of it when it has ended; empty for nothing."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What was run."""

    migration: Migration
    direction: str
    seconds: float
    statements: int
    resumed_at: int = 0
    """How many of them an earlier run had done."""


class Checksums:
    """SHA-256 of the first statements, for each number of them that is asked for in turn.

    Each goes on from the one before: a file of many statements is read once, not once a statement.
    """

    def __init__(self, statements: Iterable[ScriptStatement]) -> None:
        self._statements = tuple(statements)
        self._sum = hashlib.sha256()
        self._number = 0

    def of(self, number: int) -> str:
        """Empty for none."""
        if number < self._number:
            self._sum, self._number = hashlib.sha256(), 0
        for place in range(self._number, number):
            statement = self._statements[place]
            parts = [statement.text] if statement.data is None else [statement.text, statement.data]
            text = "\0".join(parts).replace("\r\n", "\n")
            self._sum.update((text if place == 0 else f"\0{text}").encode())
        self._number = number
        return self._sum.hexdigest() if number else ""


def columns_at(work: Work, checksums: Checksums, done: int, begun: str = "") -> dict[str, object]:
    """The history's columns of a migration of which so many statements are done."""
    return {
        "state": MigrationState.RUNNING,
        "direction": work.direction,
        "statements_done": done,
        "done_checksum": checksums.of(done),
        "statement": told(begun),
        "error": "",
    }


def columns_ended(work: Work, checksums: Checksums, seconds: float) -> dict[str, object]:
    """The history's columns of a migration that was run to its end."""
    now = datetime.now(UTC)
    ended = {
        **columns_at(work, checksums, len(work.statements)),
        "execution_time_ms": round(seconds * 1000),
        "batches": "",
        "error": work.remark,
    }
    if work.direction == "up":
        state = MigrationState.APPLIED
        return {**ended, "state": state, "executed_at": now, "rolled_back": False}
    state = MigrationState.ROLLED_BACK
    return {**ended, "state": state, "rolled_back": True, "rolled_back_at": now}


def as_before(before: Applied) -> dict[str, object]:
    """The history's columns of a migration that nothing was done to after all."""
    names = "checksum state direction statements_done done_checksum statement".split()
    return {"batches": "", **{name: getattr(before, name) for name in names}}


def require_same_way(work: Work, before: Applied | None) -> None:
    """Raises BadMigration for a file that was begun statement by statement and now is one
    transaction: what is done of it would be done again."""
    if before is None or not work.whole or before.direction != work.direction:
        return
    batches = before.batches is not None and before.batches.batches
    if before.state.is_half_done and (before.statements_done or batches):
        raise BadMigration(
            f"{work.migration.path} was begun statement by statement, and now is one transaction",
            "put `-- no-transaction` or `-- batches:` back at its head: it goes on from there",
        )


def place_of(work: Work, statement: ScriptStatement | None) -> str:
    """None: behind all of them, where deferred constraints are checked."""
    if statement is None:
        return f"{work.migration.path}, at its end"
    return f"{work.migration.path}, line {statement.line}"
