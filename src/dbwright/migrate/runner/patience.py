"""How long a statement may wait for its lock, and how often it is tried again.

What waits for an ACCESS EXCLUSIVE lock makes everybody wait who comes after it: so it waits for a
moment only, and tries again later, at times that no two runners share.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from psycopg.errors import DeadlockDetected, LockNotAvailable

from dbwright.migrate.runner.watcher import Watcher
from dbwright.progress import Progress

__all__ = ["LOCK_PROBLEMS", "Patience", "with_patience"]

T = TypeVar("T")

LOCK_PROBLEMS = (LockNotAvailable, DeadlockDetected)
"""What may be had at another time."""

LONGER_TRIES = 2
"""What hides from this user may be one that gives way to nobody."""
BEHIND = 0.2
"""Seconds behind deadlock_timeout, for an autovacuum to end itself."""


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
    work: Callable[[Patience], T], patience: Patience, watcher: Watcher, progress: Progress
) -> T:
    """What the work returns, done again where it could not have a lock in time.

    The work is given how long it may wait, and leaves nothing behind when it fails. `watcher` tells
    who was in its way. An autovacuum gives way to who waits longer than deadlock_timeout (1 s), and
    to nobody else: for one that is alone in the way a try waits so long. Raises the last
    psycopg.Error of the work.
    """
    given, longer = patience, LONGER_TRIES
    for number, pause in enumerate(patience.pauses(), start=2):
        watcher.forget()
        try:
            return work(given)
        except LOCK_PROBLEMS as problem:
            given = patience
            who = watcher.blockers()
            reason = "a deadlock" if isinstance(problem, DeadlockDetected) else "no lock in time"
            said = f"{reason}{who and f', because of {who}'}: try {number}"
            progress(f"{said} in {pause:.1f} s")
            needed = watcher.gives_way_after + BEHIND
            if longer and watcher.gives_way_after and needed > patience.lock_timeout:
                longer -= 1
                given = replace(patience, lock_timeout=needed)
                progress(f"the next try waits {needed:.1f} s: then an autovacuum gives way")
            time.sleep(pause)
            progress(said)  # a log that shows a line now and then names who is in the way, too
    watcher.forget()
    return work(given)
