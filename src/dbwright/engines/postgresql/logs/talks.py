"""Sessions, burst by burst: what is repeated, and after what. Nothing else of them is kept."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter

from dbwright.engines.postgresql.logs.calls import Call, Group
from dbwright.engines.postgresql.logs.moments import Clock
from dbwright.engines.postgresql.logs.roles import Role

__all__ = ["COARSE_GAP_SECONDS", "GAP_SECONDS", "LEAST_TIMES", "Repeated", "Talk", "Talks"]

GAP_SECONDS = 0.2
"""Outside of transactions a burst ends where a session is silent for so long."""
COARSE_GAP_SECONDS = 1.0
"""The same where the log's times are whole seconds (%t)."""
LEAST_TIMES = 5
"""Fewer calls in one burst are not kept as repeated."""
TENTHS = len("2026-11-23 07:26:23.1")
"""Of a time: while these are equal, no burst can have ended."""
MOST_KINDS = 500
"""So many kinds of statements of one burst are counted."""
MOST_DISTINCT = 2_000
"""Calls of one burst are compared with one another up to so many different ones."""
MOST_REPEATED = 20_000

_WHAT = itemgetter(4)


class _Tally:
    """Calls of one group in one burst."""

    __slots__ = ("child", "first", "parent", "second", "seconds", "seen", "times")

    def __init__(self, call: Call, parent: Call | None) -> None:
        self.parent = parent
        self.child: _Tally | None = None
        """Of the last kind of statement that came after this one for the first time."""
        self.first = call
        self.second: Call | None = None
        self.times = 1
        self.seconds = call[1]
        self.seen: set[int] | None = None

    @classmethod
    def of(cls, calls: list[Call], parent: Call | None) -> _Tally:
        """Of all calls of a burst."""
        tally = cls(calls[0], parent)
        if len(calls) < LEAST_TIMES:  # only their number is looked at
            tally.times = len(calls)
        elif len(calls) > MOST_DISTINCT:
            for call in calls[1:]:
                tally.add(call)
        else:
            tally.times = len(calls)
            tally.seconds = sum([call[1] for call in calls])
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

    def __init__(self, tally: _Tally, parent: Call | None) -> None:
        self.first, self.second, self.parent = tally.first, tally.second, parent
        self.bursts = self.times = self.most = self.distinct = self.in_transactions = 0
        self.seconds = self.waiting_seconds = 0.0


class Talk:
    """One session's state between two of its statements."""

    __slots__ = ("calls", "end", "fresh", "in_transaction", "last", "seconds", "stamp", "start",
                 "tallies", "transaction", "turns")  # fmt: skip

    def __init__(self) -> None:
        self.fresh: list[Call] = []
        self.turns: list[int] = []
        """The places of the fresh calls that begin or end a transaction."""
        self.last: Call | None = None
        self.transaction = b""
        self.in_transaction = False
        self._begin()

    def take(self, call: Call) -> None:
        """Another call. (The collector does the same in place for the many plain ones.)"""
        if call[0].turns:
            self.turns.append(len(self.fresh))
        self.fresh.append(call)

    def _begin(self) -> None:
        self.tallies: dict[Group, _Tally] = {}
        self.calls = 0
        self.seconds = 0.0
        self.start = self.end = self.stamp = b""
        self.last = None


class Talks:
    """All sessions' bursts, added up."""

    def __init__(self, clock: Clock) -> None:
        self.repeated: dict[tuple[Group | None, Group], Repeated] = {}
        self.transactions = self.single_statement_transactions = 0
        self._clock = clock

    def listen(self, talk: Talk) -> None:
        """Take in a session's fresh calls."""
        fresh, turns = talk.fresh, talk.turns
        talk.fresh, talk.turns = [], []
        begin = 0
        for end in turns:
            turn = fresh[end]
            if begin or not talk.calls:
                self._whole(talk, fresh, begin, end)
            else:
                self._follow(talk, fresh[:end])
            self._turn(talk, turn[0], turn[3])
            begin = end + 1
        self._follow(talk, fresh[begin:] if begin else fresh)

    def _whole(self, talk: Talk, fresh: list[Call], begin: int, end: int) -> None:
        """Calls between two turns: nothing of the burst came before, and nothing follows."""
        if not talk.in_transaction:
            if end - begin >= LEAST_TIMES:
                self._follow(talk, fresh[begin:end])
            return  # too few for anything to be repeated
        calls = fresh[begin:end]
        transaction = talk.transaction
        for call in calls:
            if call[3] != transaction:
                self._follow(talk, calls)
                return
        talk.calls = len(calls)
        if len(calls) >= LEAST_TIMES:
            self._sort(talk, calls)

    def _sort(self, talk: Talk, calls: list[Call]) -> None:
        """A whole transaction's calls, if some of them are repeated."""
        last: Call | None = None
        sorted_calls: dict[Group, list[Call]] = {}
        parents: list[Call | None] = []
        for call in calls:
            group = call[0]
            if not group.asks:
                continue
            same = sorted_calls.get(group)
            if same is not None:
                same.append(call)
            elif len(sorted_calls) < MOST_KINDS:
                sorted_calls[group] = [call]
                parents.append(last)
            last = call
        if max(map(len, sorted_calls.values()), default=0) < LEAST_TIMES:
            return
        for (group, same), parent in zip(sorted_calls.items(), parents, strict=True):
            talk.tallies[group] = _Tally.of(same, parent)
        talk.start, talk.end = calls[0][2], calls[-1][2]
        talk.seconds = sum([call[1] for call in calls])

    def _follow(self, talk: Talk, calls: list[Call]) -> None:
        """Calls one by one; none of them is a turn."""
        tallies, last, stamp = talk.tallies, talk.last, talk.stamp
        for call in calls:
            group, seconds, time, transaction = call[:4]
            if talk.in_transaction:
                if transaction != talk.transaction and _is_block(transaction):
                    self.close(talk)  # its end was not logged
                    talk.in_transaction = False
                    tallies, last = talk.tallies, None
            elif stamp != time[:TENTHS]:
                if stamp and self._silent(talk, time, seconds):
                    self.close(talk)
                    tallies, last = talk.tallies, None
                stamp = talk.stamp = time[:TENTHS]
            tally = tallies.get(group)
            if tally is not None and not talk.in_transaction and tally.is_over():
                self.close(talk)  # another request begins, on the same connection of a pool
                tallies, last, tally = talk.tallies, None, None
                stamp = talk.stamp = time[:TENTHS]
            if not talk.calls:
                talk.start = time
            talk.calls += 1
            talk.end = time
            talk.seconds += seconds
            if not group.asks:
                continue
            if tally is None:
                if len(tallies) < MOST_KINDS:
                    tally = tallies[group] = _Tally(call, last)
                    before = tallies.get(last[0]) if last is not None else None
                    if before is not None:
                        before.child = tally
            else:
                tally.add(call)
            talk.last = last = call

    def close(self, talk: Talk) -> None:
        """The burst is over: keep what it repeated."""
        for group, tally in talk.tallies.items():
            if tally.times >= LEAST_TIMES:
                self._keep(talk, group, tally)
        talk._begin()

    def close_all(self, talks: Iterable[Talk]) -> None:
        for talk in talks:
            self.close(talk)

    def _turn(self, talk: Talk, group: Group, transaction: bytes) -> None:
        """BEGIN or COMMIT: the burst before it is over."""
        if group.role is Role.END and talk.in_transaction:
            self.transactions += 1
            self.single_statement_transactions += talk.calls == 1
        self.close(talk)
        talk.in_transaction = group.role is Role.BEGIN
        talk.transaction = transaction

    def _silent(self, talk: Talk, time: bytes, seconds: float) -> bool:
        gap = self._clock.seconds(time) - max(seconds, 0.0) - self._clock.seconds(talk.end)
        return gap > (GAP_SECONDS if b"." in time else COARSE_GAP_SECONDS)

    def _keep(self, talk: Talk, group: Group, tally: _Tally) -> None:
        parent = _parent(talk, tally)
        key = (None if parent is None else parent[0], group)
        found = self.repeated.get(key)
        if found is None:
            if len(self.repeated) >= MOST_REPEATED:
                return
            found = self.repeated[key] = Repeated(tally, parent)
        distinct = len(tally.seen) if tally.seen else 1
        found.bursts += 1
        found.times += tally.times
        # Above the limit they were not compared: taken for different, which claims less.
        found.distinct += tally.times if distinct >= MOST_DISTINCT else distinct
        found.in_transactions += talk.in_transaction
        found.seconds += tally.seconds
        if tally.times > found.most:
            found.most = tally.times
            if tally.second is not None or found.second is None:
                found.first, found.second, found.parent = tally.first, tally.second, parent
        # Calls without a logged duration count as none.
        span = self._clock.seconds(talk.end) - self._clock.seconds(talk.start)
        # The wait of a burst is shared out evenly: statements lie close together in it.
        found.waiting_seconds += max(0.0, span - talk.seconds) * tally.times / talk.calls


def _parent(talk: Talk, tally: _Tally) -> Call | None:
    """The statement before the loop that the tally is of: not one of the same loop."""
    parent = tally.parent
    for _ in range(len(talk.tallies)):
        before = talk.tallies.get(parent[0]) if parent is not None else None
        if before is None or before.times * 2 < tally.times:
            break
        parent = before.parent
    return parent


def _is_block(transaction: bytes) -> bool:
    """Is it a virtual transaction (its number is 0 once a single statement's has ended)?"""
    return bool(transaction) and not transaction.endswith(b"/0")
