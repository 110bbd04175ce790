"""What came of trying migrations on a copy: figures, and what was proven of which file.

Seconds and bytes are of the machine and the rows of the copy.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.model.finding import Finding, LockMode

__all__ = [
    "ClientError",
    "ClientWait",
    "Rehearsal",
    "RehearsedMigration",
    "RehearsedRun",
    "RehearsedStatement",
    "RehearsedTable",
]


@dataclass(frozen=True, slots=True)
class RehearsedStatement:
    """One statement of a file, run alone on the copy."""

    line: int
    text: str
    """Its beginning; without what may be a password."""
    seconds: float
    wal_bytes: int
    locks: tuple[tuple[str, LockMode], ...] = ()
    """The strongest one on each relation that was there before it, and not held already."""
    rewritten: tuple[str, ...] = ()
    scanned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientWait:
    """What one kind of client saw of one table while a migration ran."""

    table: str
    kind: str
    """`read` or `write`."""
    statements: int
    longest_seconds: float
    p99_seconds: float
    longest_before_seconds: float
    """The longest of them before the migration began."""


@dataclass(frozen=True, slots=True)
class ClientError:
    """What the server refused a client of the version before the migration."""

    table: str
    kind: str
    sqlstate: str
    message: str
    times: int


@dataclass(frozen=True, slots=True)
class RehearsedTable:
    """What a table and its indexes take. None where it is not there."""

    name: str
    bytes_before: int | None
    bytes_after: int | None
    index_bytes_before: int | None = None
    index_bytes_after: int | None = None


@dataclass(frozen=True, slots=True)
class RehearsedRun:
    """One direction of one migration: alone, and among clients."""

    direction: str
    seconds: float
    wal_bytes: int
    statements: tuple[RehearsedStatement, ...] = ()
    tables: tuple[RehearsedTable, ...] = ()
    loaded_seconds: float | None = None
    """Among clients; None where it was not run so."""
    waits: tuple[ClientWait, ...] = ()
    errors: tuple[ClientError, ...] = ()

    @property
    def longest_wait(self) -> ClientWait | None:
        return max(self.waits, key=lambda wait: wait.longest_seconds, default=None)


@dataclass(frozen=True, slots=True)
class RehearsedMigration:
    """What was tried of one file."""

    version: str
    name: str
    path: str
    checksum: str
    up: RehearsedRun
    down: RehearsedRun | None
    """None where it was not run: there is none, or UP failed."""
    findings: tuple[Finding, ...] = ()
    passed: bool = True
    checked: tuple[str, ...] = ()
    """What was compared and found equal, one sentence each."""
    proof: str = ""
    """The file that keeps it; empty where none was written."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Migrations tried one after the other."""

    migrations: tuple[RehearsedMigration, ...]
    source: str
    """Where schema and rows are from."""
    server_version: str
    generated: bool
    """Were the rows made up?"""
    sampled: bool
    """Were some rows of the target left out?"""
    rows: int = 0
    """On the copy, in all tables."""
    tables: int = 0
