"""How long a statement may wait for its lock, and how often it is tried again.

What waits for an ACCESS EXCLUSIVE lock makes everybody wait who comes after it: so it waits for a
moment only, and tries again later, at times that no two runners share.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from psycopg.errors import DeadlockDetected, LockNotAvailable

from dbwright.migrate.runner.watcher import Watcher
from dbwright.progress import Progress

__all__ = ["LOCK_PROBLEMS", "Patience", "with_patience"]

T = TypeVar("T")

LOCK_PROBLEMS = (LockNotAvailable, DeadlockDetected)
"""What may be had at another time."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds, and how many tries."""

    lock_timeout: float = 0.5
    statement_timeout: float = 0.0
    """0 for none."""
    retries: int = 30
    pause: float = 0.5
    """Before the second try; twice as long before each that follows, up to `longest_pause`."""
    longest_pause: float = 15.0

    def pauses(self) -> Iterator[float]:
        """Before each try after the first one."""
        pause = self.pause
        for _ in range(self.retries):
            yield pause * random.uniform(0.5, 1.0)
            pause = min(2 * pause, self.longest_pause)


def with_patience(
    work: Callable[[], T], patience: Patience, watcher: Watcher, progress: Progress
) -> T:
    """What the work returns, done again where it could not have a lock in time.

    The work leaves nothing behind when it fails. `watcher` tells who was in its way. Raises the
    last psycopg.Error of the work.
    """
    for number, pause in enumerate(patience.pauses(), start=2):
        watcher.forget()
        try:
            return work()
        except LOCK_PROBLEMS as problem:
            who = watcher.blockers()
            reason = "a deadlock" if isinstance(problem, DeadlockDetected) else "no lock in time"
            progress(f"{reason}{who and f', because of {who}'}: try {number} in {pause:.1f} s")
            time.sleep(pause)
    watcher.forget()
    return work()
