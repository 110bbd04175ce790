"""What else a log tells: errors, cancelled statements, deadlocks, temporary files …"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from dbwright.engines.postgresql.logs.events import Entry

__all__ = ["FAILED", "Counting", "LogCounts"]


@dataclass(frozen=True, slots=True)
class LogCounts:
    """Entries by what they tell. Sizes in bytes."""

    entries: int = 0
    """All that were understood."""
    statements: int = 0
    """Calls: simple statements and executions, whatever their database."""
    errors: dict[str, int] = field(default_factory=dict)
    """ERROR, FATAL and PANIC by SQLSTATE; by their message where the log has no SQLSTATE."""
    cancelled: dict[str, int] = field(default_factory=dict)
    """By the reason: `statement timeout`, `user request`, `lock timeout` …"""
    deadlocks: int = 0
    lock_waits: int = 0
    """Waits above deadlock_timeout (log_lock_waits)."""
    temporary_files: int = 0
    temporary_bytes: int = 0
    connections: int = 0
    checkpoints: int = 0
    autovacuums: int = 0
    """VACUUMs and ANALYZEs by autovacuum."""
    crashes: int = 0
    """Server processes that were killed, and starts after a crash."""


_TEMPORARY_FILE = re.compile(r'temporary file: path ".*", size (\d+)')
_CANCELLED = re.compile(r"canceling statement due to (.+)|canceling autovacuum task")
_POSITION = re.compile(r" at character \d+$")
_MOST_KINDS = 1000
FAILED = ("ERROR", "FATAL", "PANIC")
_BEGINNINGS = (
    ("connection authorized", "connections"),
    ("checkpoint complete", "checkpoints"),
    ("restartpoint complete", "checkpoints"),
    ("automatic vacuum of", "autovacuums"),
    ("automatic aggressive vacuum", "autovacuums"),
    ("automatic analyze of", "autovacuums"),
    ("server process (PID", "crashes"),
    ("database system was not properly shut down", "crashes"),
    ("database system was interrupted", "crashes"),
)


class Counting:
    """Counts while the log is read."""

    def __init__(self) -> None:
        self.errors: Counter[str] = Counter()
        self.cancelled: Counter[str] = Counter()
        self.others: Counter[str] = Counter()

    def note(self, entry: Entry) -> int:
        """Count an entry; the size of the temporary file that it tells of, or 0."""
        message = entry.message
        if entry.severity in FAILED:
            self._failed(entry)
        elif message.startswith("temporary file: "):
            match = _TEMPORARY_FILE.match(message)
            size = int(match[1]) if match else 0
            self.others["temporary_files"] += 1
            self.others["temporary_bytes"] += size
            return size
        elif " still waiting for " in message and message.startswith("process "):
            self.others["lock_waits"] += 1
        else:
            for beginning, name in _BEGINNINGS:
                if message.startswith(beginning):
                    self.others[name] += 1
        return 0

    def counts(self, entries: int, statements: int) -> LogCounts:
        return LogCounts(
            entries=entries,
            statements=statements,
            errors=dict(sorted(self.errors.items())),
            cancelled=dict(sorted(self.cancelled.items())),
            **self.others,
        )

    def _failed(self, entry: Entry) -> None:
        message = _POSITION.sub("", entry.message.partition("\n")[0])
        kind = entry.sqlstate or message[:200]
        if kind in self.errors or len(self.errors) < _MOST_KINDS:
            self.errors[kind] += 1
        self.others["deadlocks"] += message == "deadlock detected"
        match = _CANCELLED.match(message)
        if match is not None:
            self.cancelled[match[1] or "autovacuum"] += 1
