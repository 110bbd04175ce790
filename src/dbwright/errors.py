"""Every error dbwright raises on purpose, in one tree.

    DbwrightError
    ├── UsageError                 exit 2: the call is wrong
    │   ├── UnknownTarget
    │   ├── UnknownRule
    │   ├── BadConfiguration
    │   ├── BadData
    │   ├── BadDocument
    │   ├── BadMigration
    │   ├── BadWorkspace
    │   ├── FileUnreadable
    │   ├── MissingExtra
    │   ├── NotAPlan
    │   ├── QueryRefused
    │   ├── StatementNotRun
    │   ├── StatementRejected
    │   ├── SnapshotUnreadable
    │   ├── UnknownLogFormat
    │   ├── UnprovenMigration
    │   └── WorkloadUnreadable
    ├── TargetError                exit 3: the target can't be reached, or it refused
    │   ├── ConnectionRefused
    │   ├── AnotherRunner
    │   ├── ConnectionLost
    │   ├── DataWouldBeLost
    │   ├── EventLogUnusable
    │   ├── MigrationRefused
    │   ├── ModelFailed
    │   └── UnsupportedServer
    ├── SandboxError               exit 3: no throw-away server could be had
    │   ├── NoServerPrograms
    │   └── ServerDidNotStart
    └── Interrupted                exit 4: stopped half-way
        └── HalfDone

An error is one sentence (what is wrong) and one next step (what to do). Neither ever holds a
password. A surface shows both and exits with `exit_status`; a traceback is a bug.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AnotherRunner",
    "BadConfiguration",
    "BadData",
    "BadDocument",
    "BadMigration",
    "BadWorkspace",
    "ConnectionLost",
    "ConnectionRefused",
    "DataWouldBeLost",
    "DbwrightError",
    "EventLogUnusable",
    "FileUnreadable",
    "HalfDone",
    "Interrupted",
    "MigrationRefused",
    "MissingExtra",
    "ModelFailed",
    "NoServerPrograms",
    "NotAPlan",
    "QueryRefused",
    "SandboxError",
    "ServerDidNotStart",
    "SnapshotUnreadable",
    "StatementNotRun",
    "StatementRejected",
    "TargetError",
    "UnknownLogFormat",
    "UnknownRule",
    "UnknownTarget",
    "UnprovenMigration",
    "UnsupportedServer",
    "UsageError",
    "WorkloadUnreadable",
]


class DbwrightError(Exception):
    """Something went wrong that dbwright can explain."""

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 3

    def __init__(self, message: str = "", next_step: str = "") -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.next_step = next_step
        super().__init__(self.message)


class UsageError(DbwrightError):
    """The call is wrong."""

    code = "usage"
    exit_status = 2


class UnknownTarget(UsageError):
    """There is no such target."""

    code = "unknown-target"


class UnknownRule(UsageError):
    """There is no such rule."""

    code = "unknown-rule"


class BadConfiguration(UsageError):
    """dbwright.toml holds a value that can't be used."""

    code = "bad-configuration"


class BadData(UsageError):
    """A file of data can't be read, or there is nothing in it to look at."""

    code = "bad-data"


class BadDocument(UsageError):
    """A document in YAML or JSON can't be read, or holds a value that can't be used."""

    code = "bad-document"


class BadMigration(UsageError):
    """A file of the folder of migrations can't be used, or the files don't fit the history."""

    code = "bad-migration"


class BadWorkspace(UsageError):
    """There is no workspace of a team of agents, or it holds what can't be used."""

    code = "bad-workspace"


class FileUnreadable(UsageError):
    """A file can't be read or written."""

    code = "file-unreadable"


class MissingExtra(UsageError):
    """A library of an optional part is not installed."""

    code = "missing-extra"

    @classmethod
    def of(cls, extra: str, problem: ModuleNotFoundError) -> MissingExtra:
        """The error that says what to install."""
        return cls(
            f"this needs the Python package {problem.name}, which is not installed",
            f"pip install 'dbwright[{extra}]'",
        )


class SnapshotUnreadable(UsageError):
    """The file is not a whole dbwright snapshot."""

    code = "snapshot-unreadable"


class NotAPlan(UsageError):
    """The text is no query plan, or not a whole one."""

    code = "not-a-plan"


class QueryRefused(UsageError):
    """The query does more than read, or reads what it must not."""

    code = "query-refused"


class StatementNotRun(UsageError):
    """The statement might change something, so it is not run."""

    code = "statement-not-run"


class StatementRejected(UsageError):
    """The server can't plan the statement."""

    code = "statement-rejected"


class UnknownLogFormat(UsageError):
    """The file is not a server log that dbwright reads."""

    code = "unknown-log-format"


class UnprovenMigration(UsageError):
    """A proof is asked for, and the migration has none that holds."""

    code = "unproven-migration"


class WorkloadUnreadable(UsageError):
    """There is no workload where one was said to be."""

    code = "workload-unreadable"


class TargetError(DbwrightError):
    """The target can't be used."""

    code = "target"
    exit_status = 3


class ConnectionRefused(TargetError):
    """The server did not let dbwright in."""

    code = "connection-refused"


class ConnectionLost(TargetError):
    """The connection to the server broke while it was being read."""

    code = "connection-lost"


class UnsupportedServer(TargetError):
    """The server's product or version is not supported."""

    code = "unsupported-server"


class AnotherRunner(TargetError):
    """Another runner works on the same history."""

    code = "another-runner"


class DataWouldBeLost(TargetError):
    """The change would lose data, and nobody allowed that."""

    code = "data-would-be-lost"


class EventLogUnusable(TargetError):
    """The log of a team of agents can't be read or written."""

    code = "event-log-unusable"


class MigrationRefused(TargetError):
    """The server refused a statement of a migration, and nothing of it was left behind."""

    code = "migration-refused"


class ModelFailed(TargetError):
    """The model's endpoint gave no answer."""

    code = "model-failed"


class SandboxError(DbwrightError):
    """No throw-away server could be had."""

    code = "sandbox"
    exit_status = 3


class NoServerPrograms(SandboxError):
    """No PostgreSQL server programs were found."""

    code = "no-server-programs"


class ServerDidNotStart(SandboxError):
    """The throw-away server did not start."""

    code = "server-did-not-start"


class Interrupted(DbwrightError):
    """Stopped before the end."""

    code = "interrupted"
    exit_status = 4


class HalfDone(Interrupted):
    """A migration is done in part; running it again goes on where it stopped."""

    code = "half-done"
