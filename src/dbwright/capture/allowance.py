"""How much recording may cost the application: a share of one core, and not more.

A statement that is recorded costs a few microseconds (bench/capture.py). Up to some thousand a
second that is nothing, and every one is recorded. An application that sends more, one right after
the other, gets pauses: its bursts are recorded in full until the allowance is used up, and again
when it has grown back. What is missed meanwhile is estimated by the rate before and after.
"""

from __future__ import annotations

from collections import deque

__all__ = ["COST", "Allowance"]

COST = 12e-6
"""Seconds that recording one statement takes, rather more than less."""

WHOLE = 5.0
"""Recording one statement takes so many times as long as adding it up, which is measured: on a
machine that is slow, or busy, that is more than COST."""

MOST = 2000 * COST
"""Seconds of recording that a quiet application saves up for a burst."""

ENOUGH = 500 * COST
"""Seconds that have to be there before recording goes on after a pause."""

MEASURED = 32
"""Events of a batch that is large enough to tell what one costs."""

RECENT = 8
"""Batches whose times tell the rate."""


class Allowance:
    """What is left, and what was missed. Times of the recorder's clock."""

    def __init__(self, share: float, now: float) -> None:
        self._share = share
        self._cost = COST
        self._left = MOST
        self._at = now
        self._batches: deque[tuple[float, int]] = deque([(now, 0)], maxlen=RECENT)
        self._rate_before = 0.0
        self._paused_for = 0.0
        self._recorded = 0
        self._missed = 0.0

    def spend(self, events: int, now: float, seconds: float = 0.0) -> float | None:
        """Take what so many events cost; adding them up took so many seconds.

        The moment to go on from where the allowance is used up.
        """
        self._recorded += events
        if events >= MEASURED:
            self._cost = 0.9 * self._cost + 0.1 * max(COST, WHOLE * seconds / events)
        self._left = min(MOST, self._left + (now - self._at) * self._share) - events * self._cost
        self._at = now
        self._batches.append((now, events))
        if self._paused_for:
            self._settle(self._rate())
        if self._left >= 0 or self._share >= 1:
            return None
        self._rate_before = self._rate()
        return now + (ENOUGH - self._left) / self._share

    def resume(self, now: float) -> None:
        """A pause is over, which began with the last `spend` (or was counted by `take`)."""
        self._paused_for = now - self._at
        self._left = max(ENOUGH, min(MOST, self._left + self._paused_for * self._share))
        self._at = now
        self._batches.clear()
        self._batches.append((now, 0))

    def take(self, now: float, *, paused: bool) -> tuple[int, float]:
        """The events that were recorded since the last time, and about how many were missed."""
        if paused:  # it goes on: as before, as far as is known
            self._missed += self._rate_before * (now - self._at)
            self._at = now
        elif self._paused_for:
            self._settle(0.0)
        found = self._recorded, self._missed
        self._recorded, self._missed = 0, 0.0
        return found

    def _settle(self, rate_after: float) -> None:
        """The pause before: as many as at the mean of the rates on both sides."""
        self._missed += (self._rate_before + rate_after) / 2 * self._paused_for
        self._paused_for = 0.0

    def _rate(self) -> float:
        """Events a second, of late."""
        began = self._batches[0][0]
        events = sum(count for _, count in list(self._batches)[1:])
        lasted = self._batches[-1][0] - began
        return events / lasted if lasted > 0 else 0.0
