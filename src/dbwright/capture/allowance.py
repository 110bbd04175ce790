"""How much recording may cost the application: a share of one core, and not more.

A statement that is recorded costs a few microseconds (bench/capture.py). Up to some thousand a
second that is nothing, and every one is recorded. An application that sends more, one right after
the other, gets pauses: its bursts are recorded in full, in their order, until the allowance is used
up, and again when it has grown back. During a pause calls are only counted.
"""

from __future__ import annotations

__all__ = ["BURST", "COST", "Allowance", "Gate"]

COST = 8e-6
"""Seconds that recording one statement takes, as long as nothing was measured."""

LEAST = 4e-6
"""Seconds that it takes at least, whatever was measured."""

WHOLE = 2.5
"""Recording costs so many times what is measured of it (noting some of the statements, and adding
up all of them): the rest is what comes before the statement is sent, and that the application
finds the processor's caches in use by others."""

LONGEST = 50e-6
"""Seconds; noting one statement that took longer was disturbed, and counts for so much."""

PASSING = 0.06
"""Letting a call pass and counting it takes this part of what recording it takes."""

BURST = 500
"""Statements that are recorded at least between two pauses."""

SAVED = 4
"""Bursts that a quiet application saves up for."""

MEASURED = 32
"""Events of a batch that is large enough to tell what one costs."""


class Gate:
    """What listeners look at before each statement."""

    __slots__ = ("closed", "passed")

    def __init__(self) -> None:
        self.closed = False
        """Recording pauses: listeners count the call, and let it pass."""
        self.passed = 0
        """Calls during all pauses so far."""


class Allowance:
    """What is left. Times of the recorder's clock, in seconds."""

    def __init__(self, share: float, now: float) -> None:
        self._share = share
        self._cost = COST
        self._left = SAVED * BURST * COST
        self._at = now

    def spend(
        self, events: int, now: float, seconds: float = 0.0, noting: float = 0.0
    ) -> float | None:
        """Take what so many events cost; adding them up took so many seconds, and noting one of
        them so many.

        The moment to go on from where the allowance is used up.
        """
        if events >= MEASURED:
            cost = WHOLE * (min(noting, LONGEST) + seconds / events)
            self._cost = 0.9 * self._cost + 0.1 * max(LEAST, cost)
        self._grow(now)
        self._left -= events * self._cost
        if self._left >= 0 or self._share >= 1:
            return None
        return now + (BURST * self._cost - self._left) / self._share

    def charge(self, seconds: float) -> None:
        """Take the time of other work: what the thread that writes has used of the processor."""
        self._left -= seconds

    def resume(self, now: float, passed: int) -> float | None:
        """May a pause end, in which so many calls passed? None, or the moment to ask again."""
        grown = (now - self._at) * self._share
        # Half at most: else an application that is quick enough would never be recorded again.
        self._left -= min(passed * PASSING * self._cost, grown / 2)
        self._grow(now)
        missing = BURST * self._cost - self._left
        return now + missing / self._share if missing > BURST * self._cost / 10 else None

    def _grow(self, now: float) -> None:
        """Add what has come since the last time."""
        saved = self._left + (now - self._at) * self._share
        self._left = min(SAVED * BURST * self._cost, saved)
        self._at = now
