"""What holds rows and is vacuumed: its storage parameters, when autovacuum comes, its upkeep."""

from __future__ import annotations

from datetime import datetime

from dbwright.check.fixes import scan_seconds
from dbwright.model.autovacuum import (
    Stored,
    analyze_trigger,
    grouped,
    insert_trigger,
    is_off,
    named,
    root,
    stored,
    vacuum_trigger,
)
from dbwright.model.finding import Fix, LockMode
from dbwright.model.statistics import Statistics
from dbwright.sql.storage_parameters import change_options

__all__ = [
    "Stored",
    "analyze",
    "analyze_trigger",
    "change_options",
    "day",
    "grouped",
    "insert_trigger",
    "is_analyzed",
    "is_off",
    "named",
    "root",
    "stored",
    "vacuum",
    "vacuum_trigger",
]


def is_analyzed(statistics: Statistics, relation: Stored) -> bool:
    """Does the planner know anything of it? The server may forget when it was analyzed (after a
    crash), but not what it found."""
    counted = statistics.of(relation)
    if counted is not None and counted.last_analyze is not None:
        return True
    return any(statistics.of_column(relation, column) for column in relation.columns)


def vacuum(relation: Stored, words: str, size_bytes: int | None, *, risk: str = "") -> Fix:
    """VACUUM with the words in parentheses; there is nothing to take back."""
    return Fix(
        up=f"VACUUM ({words}) {relation.qualified};",
        down="",
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        scans=True,
        transactional=False,
        seconds=scan_seconds(size_bytes),
        risk=risk,
    )


def analyze(relation: Stored) -> Fix:
    """It reads a sample only, so the size does not matter much."""
    return Fix(up=f"ANALYZE {relation.qualified};", down="", lock=LockMode.SHARE_UPDATE_EXCLUSIVE)


def day(moment: datetime | None) -> str | None:
    """Of a report, which must not change from minute to minute."""
    return None if moment is None else f"{moment:%Y-%m-%d}"
