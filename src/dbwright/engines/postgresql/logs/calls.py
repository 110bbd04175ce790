"""Statements of one kind, and what their calls come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeAlias

from dbwright.engines.postgresql.logs.events import Format, Origin
from dbwright.engines.postgresql.logs.roles import Role
from dbwright.engines.postgresql.logs.sample import Durations

__all__ = ["LONG", "UNTIMED", "Call", "Group", "Speaker", "plain"]

LONG = 20_000
"""Bytes of a statement that is not worth remembering, nor looking into; its first call stands for
all of them."""
SHORT = 2_000
"""Bytes of a call that is watched for being the same again and again."""
REPEATED_KEPT = 8
"""So many of a group's calls are watched for being the same again and again."""
UNTIMED = float("0")
"""The seconds of a call whose duration is not logged; this very object."""


@dataclass(frozen=True, slots=True, eq=False)
class Speaker:
    """Who calls, and in which format the log tells of it. Each is there once."""

    user: str | None
    application: str | None
    source: Format


Call: TypeAlias = tuple["Group", float, bytes, bytes, bytes, Speaker, bytes]
"""group, seconds (`UNTIMED` where they are not logged), time, virtual transaction, text and
parameters as they stand beside each other in the log, speaker, what more is said of the origin."""


_SECONDS = itemgetter(1)
_WHAT = itemgetter(4)
_SPEAKER = itemgetter(5)
_TAIL = itemgetter(6)
_SPOKEN = itemgetter(5, 6)


class Group:
    """What is known of one kind of statement."""

    __slots__ = (
        "asks", "calls", "durations", "example", "fetch_seconds", "fingerprint", "first_seen",
        "fresh", "last_seen", "nested_durations", "origins", "plan", "plan_durations",
        "plan_parameters", "planning_seconds", "repeated", "role", "slowest", "temporary_bytes",
        "temporary_files", "text", "turns", "untimed",
    )  # fmt: skip

    def __init__(self, text: bytes, found: str, role: Role) -> None:
        self.text = text
        """Of the first call."""
        self.fingerprint = found
        self.role = role
        self.turns = role is Role.BEGIN or role is Role.END
        """Does it begin or end a transaction?"""
        self.asks = role not in (Role.WORD, Role.PING)
        """Does it ask for something?"""
        self.fresh: list[Call] = []
        """Calls that were not added up yet."""
        self.untimed = 0
        """So many of the fresh calls have no duration."""
        self.calls = 0
        self.durations = Durations()
        self.example: tuple[bytes, bytes] | None = None
        self.slowest: tuple[bytes, bytes] | None = None
        self.first_seen = self.last_seen = b""
        self.origins: Counter[tuple[str | None, str | None, int | None]] = Counter()
        """Users, applications, and the server's own number of the query."""
        self.fetch_seconds = 0.0
        """Of fetching more rows of a call that was counted when it began."""
        self.planning_seconds: float | None = None
        self.plan: tuple[float, bytes] | None = None
        self.plan_parameters = b""
        """What that plan was made for, as a DETAIL has it."""
        self.plan_durations = Durations()
        self.nested_durations = Durations()
        """Of plans inside of functions."""
        self.temporary_bytes = self.temporary_files = 0
        self.repeated: Counter[tuple[bytes, bytes]] = Counter()

    def take(self, call: Call) -> None:
        """Another call. (The collector does the same in place for the many plain ones.)"""
        self.fresh.append(call)
        self.untimed += call[1] is UNTIMED

    def add_up(self, origin: Callable[[Format, bytes], Origin]) -> None:
        """Take the fresh calls into the figures; `origin` reads what their log says of them."""
        fresh, untimed = self.fresh, self.untimed
        self.fresh, self.untimed = [], 0
        self.calls += len(fresh)
        if not self.first_seen:
            self.first_seen = fresh[0][2]
        self.last_seen = fresh[-1][2]
        self._add_origins(fresh, origin)
        if len(self.origins) > 1000:
            self.origins = Counter(dict(self.origins.most_common(500)))
        if untimed:
            seconds = [call[1] for call in fresh if call[1] is not UNTIMED]
        else:
            seconds = list(map(_SECONDS, fresh))
        if seconds:
            self._add_durations(fresh, seconds)
        elif self.example is None:
            self.example = plain(fresh[0])
        if self.role is Role.READ and len(fresh) > 1:
            self._watch_repeated(fresh)

    def _add_origins(self, fresh: list[Call], origin: Callable[[Format, bytes], Origin]) -> None:
        if len(set(map(_SPEAKER, fresh))) == 1:  # counting bytes alone is quicker
            speaker = fresh[0][5]
            spoken = {(speaker, tail): n for tail, n in Counter(map(_TAIL, fresh)).items()}
        else:
            spoken = Counter(map(_SPOKEN, fresh))
        for (speaker, tail), count in spoken.items():
            found = origin(speaker.source, tail)
            application = found.application or speaker.application
            self.origins[speaker.user, application, found.query_id] += count

    def _add_durations(self, fresh: list[Call], seconds: list[float]) -> None:
        durations = self.durations
        longest = max(seconds)
        if self.slowest is None or (longest > durations.largest and len(self.text) <= LONG):
            self.slowest = plain(next(call for call in fresh if call[1] == longest))
        before = durations.count
        durations.add(seconds)
        if len(self.text) > LONG and self.example is not None:
            return
        # Typical is near the mean. Looked for again when there are twice as many calls.
        if self.example is None or before.bit_length() != durations.count.bit_length():
            mean = durations.mean
            self.example = plain(min(fresh, key=lambda call: abs(call[1] - mean)))

    def _watch_repeated(self, fresh: list[Call]) -> None:
        """Only what comes again among the fresh calls; of that the most frequent, as Misra and
        Gries do it: no count is too high, and what is above a 9th of them is never lost."""
        if len(self.text) > SHORT:
            return
        whats = list(map(_WHAT, fresh))
        if len(set(whats)) == len(fresh):
            return
        source = fresh[0][5].source
        self.repeated.update(
            {source.parted(what): count for what, count in Counter(whats).items() if count > 1}
        )
        if len(self.repeated) > REPEATED_KEPT:
            ranked = self.repeated.most_common()
            less = ranked[REPEATED_KEPT][1]
            self.repeated = Counter({k: n - less for k, n in ranked[:REPEATED_KEPT] if n > less})


def plain(call: Call) -> tuple[bytes, bytes]:
    """A call's text and parameters without the log's quoting."""
    return call[5].source.parted(call[4])
