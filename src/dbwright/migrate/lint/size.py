"""How large a table is, how long work on it takes, and how bad that is while others wait.

Where nothing is known of a size, nothing is guessed: the finding stays a warning, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from dbwright.model.catalog import Table
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement
from dbwright.model.statistics import TableStatistics

__all__ = [
    "CriticalSeconds",
    "Duration",
    "Limits",
    "SmallBytes",
    "SmallRows",
    "Work",
    "bytes_text",
    "duration",
    "rows_of",
    "seconds_text",
]

SmallBytes = Annotated[int, "a table of fewer bytes, indexes included, is small: nothing is said"]
SmallRows = Annotated[int, "and so is one of fewer rows"]
CriticalSeconds = Annotated[float, "from so many seconds of waiting on, it is critical"]
NOTABLE_SECONDS = 1.0
"""Who waits for less hardly sees it."""
UNITS = ("bytes", "kB", "MB", "GB", "TB")


class Work(Enum):
    """What is done to all rows: bytes and rows in a second.

    Measured on 2 million rows without fsync (SET NOT NULL 0.67 s, CREATE INDEX 2.8 s, integer to
    bigint 8.7 s); the rates for bytes are those of an ordinary cloud disk. The slower one counts.
    """

    SCAN = (200e6, 3e6)
    BUILD = (50e6, 700e3)
    REWRITE = (100e6, 230e3)
    CHANGE = (20e6, 100e3)

    @property
    def rate(self) -> str:
        """The assumption, as evidence tells it."""
        size, rows = self.value
        return f"{size / 1e6:.0f} MB/s, {rows:,.0f} rows/s"


@dataclass(frozen=True, slots=True)
class Limits:
    """A rule's thresholds."""

    small_bytes: int
    small_rows: int
    critical_seconds: float


@dataclass(frozen=True, slots=True)
class Duration:
    """How long work on a table takes."""

    seconds: float | None
    """None where the size is not known."""
    rows: float | None
    bytes: int | None
    work: Work
    severity: Severity

    @property
    def words(self) -> str:
        """The end of a sentence that tells who waits."""
        if self.seconds is None:
            return "as long as that takes (its size is not known)"
        return f"about {seconds_text(self.seconds)}"

    @property
    def size_behind(self) -> str:
        """` (80 GB, 900 million rows)`, to stand behind the table; empty where nothing is known."""
        if self.bytes is None:
            return ""
        rows = "" if self.rows is None else f", {_count(self.rows)} rows"
        return f" ({bytes_text(self.bytes)}{rows})"

    @property
    def evidence(self) -> dict[str, str | int | float | None]:
        if self.seconds is None:
            return {"size_bytes": None}
        return {
            "size_bytes": self.bytes,
            "rows": None if self.rows is None else int(self.rows),
            "estimated_blocking_seconds": round(self.seconds, 1),
            "assumed_rate": self.work.rate,
        }


def duration(
    run: JudgedRun,
    file: JudgedMigration,
    step: JudgedStatement,
    table: str,
    work: Work,
    limits: Limits,
) -> Duration | None:
    """How long the work of a statement on all rows of a table (qualified) takes; None where nobody
    waits for it: the same run made it, or it is small."""
    if file.is_new(table, step):
        return None
    parts = _parts(run, step.renamed.get(table, table))
    if not parts:
        return Duration(None, None, None, work, Severity.WARNING)
    size = sum(_total(part) for part in parts)
    rows = sum(max(part.best_rows, 0) for part in parts)
    known = any(part.rows is not None or part.live_rows for part in parts)
    if size < limits.small_bytes or (known and rows < limits.small_rows):
        return None
    per_byte, per_row = work.value
    worked = size if work is Work.REWRITE else sum(_heap(part) for part in parts)
    seconds = max(worked / per_byte, rows / per_row)
    return Duration(seconds, rows if known else None, size, work, _severity(seconds, limits))


def rows_of(run: JudgedRun, step: JudgedStatement, table: str) -> float | None:
    """How many rows a table has, by the name that the statement knows it by; None where nobody
    counted."""
    parts = _parts(run, step.renamed.get(table, table))
    if not parts or any(part.rows is None and not part.live_rows for part in parts):
        # An empty file holds no rows, analyzed or not.
        empty = bool(parts) and all(_heap(part) == 0 and not part.live_rows for part in parts)
        return 0.0 if empty else None
    return sum(max(part.best_rows, 0) for part in parts)


def bytes_text(count: float) -> str:
    """`80 GB`, in powers of 1024."""
    size, unit = float(count), 0
    while unit < len(UNITS) - 1 and size >= 1023.5:
        size, unit = size / 1024, unit + 1
    return f"{size:.1f}".removesuffix(".0") + f" {UNITS[unit]}"


def seconds_text(seconds: float) -> str:
    """`0.4 s`, `12 s`, `13 min`, `2.5 h`."""
    if seconds < 120:
        return (f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}").removesuffix(".0") + " s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f}".removesuffix(".0") + " h"


def _severity(seconds: float, limits: Limits) -> Severity:
    if seconds >= limits.critical_seconds:
        return Severity.CRITICAL
    return Severity.ERROR if seconds >= NOTABLE_SECONDS else Severity.WARNING


def _parts(run: JudgedRun, table: str) -> list[TableStatistics]:
    """The table's own, and of all its partitions and heirs."""
    found = [] if (own := run.size(table)) is None else [own]
    if run.start is not None and (known := run.start.find_table(table)) is not None:
        for child in run.start.children(known):
            found += _parts(run, _name(child))
    return found


def _name(table: Table) -> str:
    return table.qualified


def _total(size: TableStatistics) -> int:
    return size.total_bytes or _heap(size) + (size.index_bytes or 0)


def _heap(size: TableStatistics) -> int:
    return (size.heap_bytes or size.pages * 8192) + (size.toast_bytes or 0)


def _count(rows: float) -> str:
    for limit, word in ((1e9, "billion"), (1e6, "million")):
        if rows >= limit:
            return f"{rows / limit:.1f}".removesuffix(".0") + f" {word}"
    return f"{rows:,.0f}"
