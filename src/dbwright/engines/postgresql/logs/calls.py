"""Statements of one kind, and what their calls come to."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
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
CANDIDATES = 64
"""So many calls at most become the example, at a time."""
UNTIMED = float("0")
"""The seconds of a call whose duration is not logged; this very object."""


@dataclass(frozen=True, slots=True, eq=False)
class Speaker:
    """Who calls, and in which format the log tells of it. Each is there once."""

    user: str | None
    application: str | None
    source: Format


Call: TypeAlias = tuple["Group", float, bytes, bytes, bytes, Speaker]
"""group, seconds (`UNTIMED` where they are not logged), time, virtual transaction, text and
parameters as they stand beside each other in the log, speaker."""


class Group:
    """What is known of one kind of statement."""

    __slots__ = (
        "again", "asks", "calls", "candidates", "durations", "example", "example_seconds",
        "fetch_seconds", "fingerprint", "first_seen", "fresh", "is_watched", "last_seen", "limit",
        "longest", "nested_durations", "origins", "plan", "plan_durations", "plan_parameters",
        "planning_seconds", "repeated", "role", "seen", "slowest", "spoken", "temporary_bytes",
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
        self.is_watched = role is Role.READ and len(text) <= SHORT
        """Are its calls watched for being the same again and again?"""
        self._begin()
        self.spoken: dict[Speaker, dict[bytes, int]] = {}
        """What the log says more of the origin of a speaker's fresh calls, and of how many. The
        inner dictionaries are always these ones."""
        self.calls = 0
        self.durations = Durations()
        self.limit = self.longest = -1.0
        """Calls above the limit are looked at: all while an example is sought, else the slowest."""
        self.candidates: list[Call] = []
        """For the example."""
        self.example: tuple[bytes, bytes] | None = None
        self.example_seconds = math.inf
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

    def _begin(self) -> None:
        """Of calls that were not added up yet."""
        self.fresh: list[float] = []
        """Their seconds."""
        self.untimed = 0
        """So many others have no duration."""
        self.seen: set[int] = set()
        """Hashes of text and parameters, where they are watched."""
        self.again: dict[bytes, int] = {}
        """What came more than once, and how often."""

    def take(self, call: Call, tail: bytes) -> None:
        """Another call. (The collector does the same in place for the many plain ones.)"""
        _, seconds, time, _, what, speaker = call
        tails = self.tails_of(speaker)
        tails[tail] = tails.get(tail, 0) + 1
        self.last_seen = time
        if seconds is UNTIMED:
            self.untimed += 1
            self.first_seen = self.first_seen or time
            if self.example is None:
                self.example = plain(call)
        else:
            self.fresh.append(seconds)
            if seconds > self.limit:
                self.look(call)
        if self.is_watched:
            key = hash(what)
            if key in self.seen:
                self.again[what] = self.again.get(what, 1) + 1
            else:
                self.seen.add(key)

    def tails_of(self, speaker: Speaker) -> dict[bytes, int]:
        """Where a speaker's fresh calls are counted by their tails."""
        return self.spoken.setdefault(speaker, {})

    def look(self, call: Call) -> None:
        """At a call above the limit. Of statements that are too long, at the first one only."""
        seconds = call[1]
        self.first_seen = self.first_seen or call[2]
        if seconds > self.longest:
            if self.slowest is None or len(self.text) <= LONG:
                self.slowest = plain(call)
            self.longest = seconds
        if self.limit < 0:
            self.candidates.append(call)
            if len(self.candidates) < CANDIDATES and len(self.text) <= LONG:
                return
        self.limit = self.longest

    def add_up(self, origin: Callable[[Format, bytes], Origin]) -> None:
        """Take the fresh calls into the figures; `origin` reads what their log says of them."""
        self.calls += len(self.fresh) + self.untimed
        if self.fresh:
            before = self.durations.count
            self.durations.add(self.fresh)
            self._choose_example()
            # Another is sought when there are twice as many calls.
            if before.bit_length() != self.durations.count.bit_length() and len(self.text) <= LONG:
                self.limit = -1.0
        if self.again:
            self._add_repeated()
        self._add_origins(origin)
        self._begin()

    def _choose_example(self) -> None:
        """Typical is near the mean."""
        mean = self.durations.mean
        found = min(self.candidates, key=lambda call: abs(call[1] - mean), default=None)
        self.candidates = []
        if found is not None and abs(found[1] - mean) < abs(self.example_seconds - mean):
            self.example_seconds, self.example = found[1], plain(found)

    def _add_origins(self, origin: Callable[[Format, bytes], Origin]) -> None:
        for speaker, tails in self.spoken.items():
            for tail, count in tails.items():
                found = origin(speaker.source, tail)
                application = found.application or speaker.application
                self.origins[speaker.user, application, found.query_id] += count
            tails.clear()
        if len(self.origins) > 1000:
            self.origins = Counter(dict(self.origins.most_common(500)))

    def _add_repeated(self) -> None:
        """Only what comes again among the fresh calls; of that the most frequent, as Misra and
        Gries do it: no count is too high, and what is above a 9th of them is never lost."""
        source = next(speaker.source for speaker, tails in self.spoken.items() if tails)
        self.repeated.update({source.parted(what): count for what, count in self.again.items()})
        if len(self.repeated) > REPEATED_KEPT:
            ranked = self.repeated.most_common()
            less = ranked[REPEATED_KEPT][1]
            self.repeated = Counter({k: n - less for k, n in ranked[:REPEATED_KEPT] if n > less})


def plain(call: Call) -> tuple[bytes, bytes]:
    """A call's text and parameters without the log's quoting."""
    return call[5].source.parted(call[4])
