"""What calls checkpoints, and how much room the write-ahead log needs for time to call them."""

from __future__ import annotations

from dbwright.model.statistics import Statistics

__all__ = ["checkpoint_seconds", "enough_wal", "too_many_requested"]

GB = 1024**3


def checkpoint_seconds(statistics: Statistics) -> float | None:
    """From one checkpoint to the next, on average; None where that is not known."""
    counted = statistics.checkpoints
    if counted is None or counted.since is None:
        return None
    total = counted.timed + counted.requested
    window = (statistics.captured_at - counted.since).total_seconds()
    return window / total if total else None


def too_many_requested(
    statistics: Statistics,
    timeout_seconds: float,
    *,
    min_days: float = 1.0,
    min_checkpoints: int = 20,
) -> bool:
    """Were more than half of the checkpoints requested (by `max_wal_size` being reached, mostly),
    and did they come more often than every half `checkpoint_timeout`?

    Not where the counters have run for less than `min_days`, or there were fewer than
    `min_checkpoints`.
    """
    counted = statistics.checkpoints
    every = checkpoint_seconds(statistics)
    if counted is None or every is None:
        return False
    total = counted.timed + counted.requested
    if total < min_checkpoints or every * total < min_days * 86400:
        return False
    return counted.requested * 2 > total and every < timeout_seconds / 2


def enough_wal(statistics: Statistics, now_bytes: int, timeout_seconds: float) -> int:
    """A max_wal_size that holds three times the log of one checkpoint_timeout, and at least twice
    what it is now; whole gigabytes."""
    wanted = 2 * now_bytes
    if statistics.wal_bytes and statistics.wal_since:
        window = (statistics.captured_at - statistics.wal_since).total_seconds()
        if window > timeout_seconds:
            wanted = max(wanted, round(3 * statistics.wal_bytes / window * timeout_seconds))
    return -(-wanted // GB) * GB
