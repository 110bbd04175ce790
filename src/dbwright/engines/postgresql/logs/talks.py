"""Sessions, burst by burst: what is repeated, and after what. Nothing else of them is kept."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter

from dbwright.engines.postgresql.logs.calls import Call, Group
from dbwright.engines.postgresql.logs.moments import Clock
from dbwright.engines.postgresql.logs.roles import Role
from dbwright.engines.postgresql.logs.tallies import LEAST_TIMES, MOST_DISTINCT, Repeated, Tally

__all__ = [
    "COARSE_GAP_SECONDS",
    "GAP_SECONDS",
    "MOST_HELD",
    "Talk",
    "Talks",
]

GAP_SECONDS = 0.2
"""Outside of transactions a burst ends where a session is silent for so long."""
COARSE_GAP_SECONDS = 1.0
"""The same where the log's times are whole seconds (%t)."""
TENTHS = len("2026-11-23 07:26:23.1")
"""Of a time: while these are equal, no burst can have ended."""
MOST_KINDS = 500
"""So many kinds of statements of one burst are counted."""
MOST_REPEATED = 20_000
MOST_HELD = 1_000
"""So many calls of a transaction are held, to be looked at together at its end."""

_GROUP = itemgetter(0)
_SECONDS = itemgetter(1)
_BEGIN = Role.BEGIN


class Talk:
    """One session's state between two of its statements."""

    __slots__ = ("calls", "end", "fresh", "in_transaction", "is_open", "last", "said_something",
                 "seconds", "stamp", "start", "tallies", "transaction")  # fmt: skip

    def __init__(self) -> None:
        self.fresh: list[Call] = []
        """Since the last one that begins or ends a transaction, or since they were listened to."""
        self.said_something = False
        self.transaction = b""
        self.in_transaction = False
        self._begin()

    def _begin(self) -> None:
        self.tallies: dict[Group, Tally] = {}
        self.is_open = False
        """Was more found out of the burst than the number of its calls?"""
        self.calls = 0
        self.seconds = 0.0
        self.start = self.end = self.stamp = b""
        self.last: Call | None = None


class Talks:
    """All sessions' bursts, added up."""

    def __init__(self, clock: Clock) -> None:
        self.repeated: dict[tuple[Group | None, Group], Repeated] = {}
        self.transactions = self.single_statement_transactions = 0
        self._clock = clock

    def take(self, talk: Talk, call: Call) -> None:
        """Another call. (The collector does the same in place for the many plain ones.)"""
        if call[0].turns:
            self.turn(talk, call)
        else:
            talk.fresh.append(call)

    def turn(self, talk: Talk, call: Call) -> None:
        """BEGIN or COMMIT: the burst before it is over."""
        calls = talk.fresh
        if calls:
            talk.fresh = []
            if talk.calls:
                self._follow(talk, calls)
            else:
                self._whole(talk, calls)
        begins = call[0].role is _BEGIN
        if talk.in_transaction and not begins:
            self.transactions += 1
            self.single_statement_transactions += talk.calls == 1
        if talk.is_open:
            self.close(talk)
        talk.calls = 0
        talk.in_transaction = begins
        talk.transaction = call[3]
        talk.said_something = True

    def listen(self, talk: Talk) -> None:
        """Take in a session's fresh calls, though its transaction goes on."""
        calls, talk.fresh = talk.fresh, []
        talk.said_something = True
        self._follow(talk, calls)

    def _whole(self, talk: Talk, calls: list[Call]) -> None:
        """Calls between two turns: nothing of the burst came before, and nothing follows."""
        if not talk.in_transaction:
            if len(calls) >= LEAST_TIMES:
                self._follow(talk, calls)
            return  # too few for anything to be repeated
        transaction = talk.transaction
        for call in calls:
            if call[3] != transaction:
                self._follow(talk, calls)
                return
        talk.calls = len(calls)
        # Of calls of so many groups no group has enough.
        enough = len(calls) >= LEAST_TIMES
        if enough and len(calls) - len(set(map(_GROUP, calls))) >= LEAST_TIMES - 1:
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
            talk.tallies[group] = Tally.of(same, parent)
        talk.is_open = True
        talk.start, talk.end = calls[0][2], calls[-1][2]
        talk.seconds = sum(map(_SECONDS, calls))

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
                    tally = tallies[group] = Tally(call, last)
                    before = tallies.get(last[0]) if last is not None else None
                    if before is not None:
                        before.child = tally
            else:
                tally.add(call)
            talk.last = last = call
        talk.is_open = talk.is_open or talk.calls > 0

    def close(self, talk: Talk) -> None:
        """The burst is over: keep what it repeated."""
        for group, tally in talk.tallies.items():
            if tally.times >= LEAST_TIMES:
                self._keep(talk, group, tally)
        talk._begin()

    def close_all(self, talks: Iterable[Talk]) -> None:
        for talk in talks:
            self.close(talk)

    def _silent(self, talk: Talk, time: bytes, seconds: float) -> bool:
        gap = self._clock.seconds(time) - max(seconds, 0.0) - self._clock.seconds(talk.end)
        return gap > (GAP_SECONDS if b"." in time else COARSE_GAP_SECONDS)

    def _keep(self, talk: Talk, group: Group, tally: Tally) -> None:
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


def _parent(talk: Talk, tally: Tally) -> Call | None:
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
