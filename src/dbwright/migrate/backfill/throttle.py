"""Waits before a batch while others suffer, and says why.

For standbys as long as it takes: who asked for a limit wants it kept. For dead rows with an end,
for what an old snapshot or a replication slot still needs, autovacuum can't clear.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from dbwright.migrate.backfill.pressure import DeadRows, Pressure
from dbwright.migrate.backfill.size import BatchSize
from dbwright.progress import Progress

__all__ = ["Throttle"]

BEARABLE_BYTES = 2**30
"""Of dead rows: below, nobody waits for autovacuum."""
BEARABLE_SECONDS = 0.025
"""Of a batch: who waits for one so short does not suffer, and smaller ones would take for ever."""
TRIGGERS = 2.0
"""So many times what makes autovacuum begin: it is behind."""
LONGEST_FOR_DEAD_ROWS = 300.0
SHORTEST, LONGEST = 0.1, 5.0
"""Seconds between two looks; they grow."""
LONGEST_FOR_SESSIONS = 1.0
BLIND = 5.0
"""Seconds without a look: the watcher sees nothing any more."""
FIRST_LOOK = 2.0


class Throttle:
    """Over one statement."""

    def __init__(
        self,
        pressure: Pressure,
        max_lag: float,
        dead: DeadRows | None,
        *,
        bearable_bytes: float = BEARABLE_BYTES,
        longest_for_dead_rows: float = LONGEST_FOR_DEAD_ROWS,
    ) -> None:
        """`max_lag`: seconds, 0 for any. `dead`: None where autovacuum never clears the table."""
        self._pressure = pressure
        self._max_lag = max_lag
        self._dead = dead
        self._longest_for_dead_rows = longest_for_dead_rows
        self._most_dead = float("inf")
        if dead is not None:
            self._most_dead = max(
                TRIGGERS * dead.trigger, bearable_bytes / max(dead.row_bytes, 1.0)
            )
        self._said = False
        self._dead_since = 0.0
        self._in_a_row = 0

    def wait(self, progress: Progress) -> None:
        """Until nothing speaks against the next batch."""
        self._say_what_is_not_seen(progress)
        self._dead_since = time.monotonic()
        pauses = _pauses()
        while reason := self._reason(progress):
            progress(f"paused: {reason}")
            time.sleep(next(pauses))

    def after_batch(self, seconds: float, size: BatchSize, progress: Progress) -> None:
        """Smaller batches and a pause where sessions waited for this one, of so many seconds."""
        blocked = self._pressure.take_blocked()
        if not blocked or seconds <= BEARABLE_SECONDS:
            self._in_a_row = 0
            return
        size.halve()
        pause = min(seconds * 2**self._in_a_row, LONGEST_FOR_SESSIONS)
        self._in_a_row += 1
        who = "one session" if blocked == 1 else f"{blocked} sessions"
        progress(f"paused for {pause:.1f} s: {who} waited for a batch; the next ones are smaller")
        time.sleep(pause)

    def _reason(self, progress: Progress) -> str:
        """Why to wait; empty for nothing."""
        age = self._pressure.age()
        if age is None or age > BLIND:
            return ""
        name, behind = self._pressure.lag
        if self._max_lag and behind > self._max_lag:
            self._dead_since = time.monotonic()
            return f"the standby {name} is {behind:.1f} s behind (max-lag: {self._max_lag:g}s)"
        dead = self._pressure.dead
        if self._dead is None or dead <= self._most_dead:
            return ""
        if time.monotonic() - self._dead_since > self._longest_for_dead_rows:
            progress("autovacuum does not clear the table: an old snapshot may need its dead rows")
            self._most_dead = dead + self._dead.trigger
            return ""
        return f"{dead:,} dead rows wait for autovacuum"

    def _say_what_is_not_seen(self, progress: Progress) -> None:
        if self._said:
            return
        self._pressure.first_look.wait(FIRST_LOOK)
        self._said = True
        if self._pressure.age() is None:
            why = self._pressure.problem or "no second session could be had"
            progress(f"nobody looks at standbys and at who waits for batches: {why}")
        elif self._pressure.hidden:
            progress("how far standbys are behind is hidden: GRANT pg_monitor to this user")


def _pauses() -> Iterator[float]:
    pause = SHORTEST
    while True:
        yield pause
        pause = min(1.5 * pause, LONGEST)
