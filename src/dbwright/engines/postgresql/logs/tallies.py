"""Calls of one kind of statement in one burst, and such bursts added up."""

from __future__ import annotations

from operator import itemgetter

from dbwright.engines.postgresql.logs.calls import Call

__all__ = ["LEAST_TIMES", "MOST_DISTINCT", "Repeated", "Tally"]

LEAST_TIMES = 5
"""Fewer calls in one burst are not kept as repeated."""
MOST_DISTINCT = 2_000
"""Calls of one burst are compared with one another up to so many different ones."""

_SECONDS = itemgetter(1)
_WHAT = itemgetter(4)


class Tally:
    """Calls of one group in one burst."""

    __slots__ = ("child", "first", "parent", "second", "seconds", "seen", "times")

    def __init__(self, call: Call, parent: Call | None) -> None:
        self.parent = parent
        self.child: Tally | None = None
        """Of the last kind of statement that came after this one for the first time."""
        self.first = call
        self.second: Call | None = None
        self.times = 1
        self.seconds = call[1]
        self.seen: set[int] | None = None

    @classmethod
    def of(cls, calls: list[Call], parent: Call | None) -> Tally:
        """Of all calls of a burst."""
        tally = cls(calls[0], parent)
        if len(calls) < LEAST_TIMES:  # only their number is looked at
            tally.times = len(calls)
        elif len(calls) > MOST_DISTINCT:
            for call in calls[1:]:
                tally.add(call)
        else:
            tally.times = len(calls)
            tally.seconds = sum(map(_SECONDS, calls))
            whats = list(map(_WHAT, calls))
            tally.seen = set(map(hash, whats))
            if len(tally.seen) > 1:
                first = whats[0]
                tally.second = next(
                    call for call, what in zip(calls, whats, strict=True) if what != first
                )
        return tally

    def is_over(self) -> bool:
        """Was it followed by a loop of another statement, so that it now begins anew?"""
        return self.child is not None and self.child.times > 2 * self.times

    def add(self, call: Call) -> None:
        """Another call of the burst."""
        self.times += 1
        self.seconds += call[1]
        seen = self.seen
        if seen is None:
            seen = self.seen = {hash(self.first[4])}
        if len(seen) < MOST_DISTINCT:
            key = hash(call[4])
            if key not in seen:
                seen.add(key)
                if self.second is None:
                    self.second = call


class Repeated:
    """Bursts that repeat one group after one parent, added up."""

    __slots__ = ("bursts", "distinct", "first", "in_transactions", "most", "parent", "second",
                 "seconds", "times", "waiting_seconds")  # fmt: skip

    def __init__(self, tally: Tally, parent: Call | None) -> None:
        self.first, self.second, self.parent = tally.first, tally.second, parent
        self.bursts = self.times = self.most = self.distinct = self.in_transactions = 0
        self.seconds = self.waiting_seconds = 0.0
