"""A change of a schema that is kept in a file, and what a database remembers of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dbwright.model.batches import BatchMark, BatchOptions

__all__ = [
    "Applied",
    "Migration",
    "MigrationOptions",
    "MigrationScript",
    "MigrationState",
    "ReadMigration",
    "ScriptStatement",
]


class MigrationState(StrEnum):
    """Where a migration stands in one database."""

    PENDING = "pending"
    """Not known to the database, or rolled back since."""
    RUNNING = "running"
    """Begun, and not ended: by a runner that works on it now, or one that was cut off."""
    APPLIED = "applied"
    FAILED = "failed"
    """A statement was refused; `statements_done` before it stay done."""
    ROLLED_BACK = "rolled back"
    BASELINE = "baseline"
    """Said to be there before dbwright came, and never run."""

    @property
    def is_done(self) -> bool:
        """Is what the file says in the database?"""
        return self in (MigrationState.APPLIED, MigrationState.BASELINE)

    @property
    def is_half_done(self) -> bool:
        """May some of it be in the database, and some not?"""
        return self in (MigrationState.RUNNING, MigrationState.FAILED)


@dataclass(frozen=True, slots=True)
class MigrationOptions:
    """What a file says of how it is to be run. Seconds; None where it says nothing."""

    no_transaction: bool = False
    lock_timeout: float | None = None
    statement_timeout: float | None = None
    retry: int | None = None
    """How many times more a lock is asked for that could not be had in time."""
    batches: BatchOptions | None = None
    """None where its statements run as they are."""


@dataclass(frozen=True, slots=True)
class ScriptStatement:
    """A statement of a file."""

    text: str
    line: int
    """In the file; starts at 1."""
    data: str | None = None
    """The lines behind a COPY … FROM stdin."""
    path: str = ""
    """Of its file, where that is not the migration's: some tools have another for the way back."""


@dataclass(frozen=True, slots=True)
class MigrationScript:
    """What a file of SQL holds."""

    up: tuple[ScriptStatement, ...]
    down: tuple[ScriptStatement, ...] | None
    """None where the file has no such part; empty where there is nothing to take back."""
    options: MigrationOptions = MigrationOptions()


@dataclass(frozen=True, slots=True)
class Migration:
    """A file of a folder of migrations, as its name and its bytes tell; see `MigrationScript`."""

    version: str
    """As its tool writes it: digits in a folder that dbwright runs, `1.2` of Flyway, letters and
    digits of Alembic; empty for a file that is none of several."""
    name: str
    path: str
    checksum: str
    """SHA-256 of the file's bytes, in hexadecimal digits."""

    @property
    def number(self) -> int:
        """The version as a number: the order of files in a folder that dbwright runs. Files of
        other tools come in the order in which their layout gives them. Raises ValueError for a
        version that is more than digits."""
        return int(self.version)

    @property
    def is_python(self) -> bool:
        return self.path.endswith(".py")

    def __str__(self) -> str:
        return f"{self.version} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class ReadMigration:
    """A migration and what its file says."""

    migration: Migration
    script: MigrationScript


@dataclass(frozen=True, slots=True)
class Applied:
    """What the database's history has of one version."""

    version: str
    name: str
    checksum: str
    state: MigrationState
    executed_at: datetime
    execution_time_ms: int | None
    applied_by: str
    rolled_back: bool = False
    rolled_back_at: datetime | None = None
    direction: str = "up"
    """Of what was run last: `up` or `down`."""
    statements_done: int = 0
    """Of that direction, in the file's order."""
    done_checksum: str = ""
    """SHA-256 of the texts of those statements; empty for none."""
    statement: str = ""
    """The one that was begun and is not known to have ended."""
    error: str = ""
    """What the server said of the one that it refused."""
    batches: BatchMark | None = None
    """Of the statement after those that are done: some of its rows are."""

    @property
    def number(self) -> int:
        return int(self.version)
