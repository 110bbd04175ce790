"""Statements grouped by what they are: one fingerprint in one database.

Each statement's text leads to its group by a look-up: of the text itself (texts with `$1` come
again as they are), else of its shape. Only a shape that was never seen is parsed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from operator import itemgetter
from typing import TypeAlias, TypeVar

from dbwright.engines.postgresql.logs.events import Format, Origin
from dbwright.engines.postgresql.logs.roles import Role, identified
from dbwright.engines.postgresql.logs.sample import Durations
from dbwright.sql.shape import (
    is_sound,
    merged,
    outline,
    outline_is_sound,
    shape,
    skeleton,
    without_outer_comments,
)

__all__ = ["UNTIMED", "WITH_CONSTANTS", "Call", "Group", "Groups", "Speaker", "plain"]

G = TypeVar("G", "Group", None)

MOST_GROUPS = 50_000
MOST_IDENTIFIED = 5_000
MOST_REMEMBERED = 32 * 2**20
"""Bytes of texts and shapes that lead to a group; then they are found again one by one."""
LONG = 20_000
"""Bytes of a statement that is not worth remembering, nor looking into; its first call stands for
all of them."""
SHORT = 2_000
"""Bytes of a call that is watched for being the same again and again."""
MOST_HELD = 64 * 2**20
"""Bytes of the groups' own texts."""
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


Call: TypeAlias = tuple["Group", float, bytes, bytes, bytes, bytes, Speaker, bytes]
"""group, seconds (`UNTIMED` where they are not logged), time, virtual transaction, text and
parameters (in the log's quoting), speaker, origin."""


_TEXT = itemgetter(4)
_PARAMETERS = itemgetter(5)
_WHAT = itemgetter(4, 5)


class Group:
    """What is known of one kind of statement."""

    __slots__ = (
        "asks", "calls", "durations", "example", "fetch_seconds", "fingerprint", "first_seen",
        "fresh", "last_seen", "nested_durations", "origins", "plan", "plan_durations",
        "plan_parameters", "planning_seconds",
        "repeated", "role", "seconds", "slowest", "spoken", "temporary_bytes", "temporary_files",
        "text", "turns",
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
        self.seconds: list[float] = []
        """Of the fresh calls whose durations are logged."""
        self.spoken: dict[bytes, dict[Speaker, int]] = {}
        """How many of the fresh calls have which origin and speaker."""
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
        if call[1] is not UNTIMED:
            self.seconds.append(call[1])
        speakers = self.spoken.setdefault(call[7], {})
        speakers[call[6]] = speakers.get(call[6], 0) + 1

    def add_up(self, origin: Callable[[Format, bytes], Origin]) -> None:
        """Take the fresh calls into the figures; `origin` reads what their log says of them."""
        fresh, seconds, spoken = self.fresh, self.seconds, self.spoken
        self.fresh, self.seconds, self.spoken = [], [], {}
        self.calls += len(fresh)
        if not self.first_seen:
            self.first_seen = fresh[0][2]
        self.last_seen = fresh[-1][2]
        for raw, speakers in spoken.items():
            for speaker, count in speakers.items():
                found = origin(speaker.source, raw)
                application = found.application or speaker.application
                self.origins[speaker.user, application, found.query_id] += count
        if len(self.origins) > 1000:
            self.origins = Counter(dict(self.origins.most_common(500)))
        if seconds:
            self._add_durations(fresh, seconds)
        elif self.example is None:
            self.example = plain(fresh[0])
        if self.role is Role.READ and len(fresh) > 1:
            self._watch_repeated(fresh)

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
        texts = set(map(_TEXT, fresh))
        if len(texts) == len(fresh):
            return
        if len(texts) == 1 and len(set(map(_PARAMETERS, fresh))) == len(fresh):
            return
        found = Counter(map(_WHAT, fresh))
        if len(found) == len(fresh):
            return
        source = fresh[0][6].source
        self.repeated.update(
            {
                (source.plain(text), source.plain(parameters)): count
                for (text, parameters), count in found.items()
                if count > 1
            }
        )
        if len(self.repeated) > REPEATED_KEPT:
            ranked = self.repeated.most_common()
            less = ranked[REPEATED_KEPT][1]
            self.repeated = Counter({k: n - less for k, n in ranked[:REPEATED_KEPT] if n > less})


def plain(call: Call) -> tuple[bytes, bytes]:
    """A call's text and parameters without the log's quoting."""
    source = call[6].source
    return source.plain(call[4]), source.plain(call[5])


WITH_CONSTANTS = frozenset((Role.READ, Role.INSERT_ROW, Role.WRITE))


class _Known:
    """What leads to a group, in one database."""

    __slots__ = ("outlines", "shapes", "skeletons", "texts", "unsound")

    def __init__(self) -> None:
        self.texts: dict[bytes, Group] = {}
        self.outlines: dict[bytes, Group] = {}
        self.skeletons: dict[bytes, Group] = {}
        """Sound ones only, like outlines."""
        self.shapes: dict[bytes, Group] = {}
        self.unsound: dict[bytes, None] = {}
        """Outlines that are not."""

    def clear(self) -> None:
        self.texts.clear()
        self.outlines.clear()
        self.skeletons.clear()
        self.shapes.clear()
        self.unsound.clear()


class Groups:
    """All groups of one log."""

    def __init__(self, most: int = MOST_GROUPS) -> None:
        self.all: dict[tuple[str, str | None], Group] = {}
        self.left_out: dict[str | None, Group] = {}
        """By database: calls of statements that found no room for another group."""
        self._most = most
        self._identified: dict[bytes, tuple[str, Role]] = {}
        """By key: what a statement is does not depend on its database."""
        self._known: dict[str | None, _Known] = {}
        self._remembered = 0
        self._held = 0

    def is_told_by_outline(self, text: bytes, database: str | None) -> bool:
        """Is a statement that was found before of the same group as all of its outline?"""
        return outline(text) in self._known_in(database).outlines

    def find(self, text: bytes, database: str | None) -> Group:
        """The group of a statement, made where there is none."""
        known = self._known_in(database)
        bare = without_outer_comments(text) if b"*/" in text else text
        quick = outline(bare)
        if len(quick) > LONG:
            # Lists and rows of constants are what makes statements long.
            quick = merged(quick.replace(b"'", b"''")).replace(b"''", b"'")
            if len(quick) > LONG:
                return self._group(text, blake2b(quick, digest_size=16).digest(), database)
        group = known.outlines.get(quick)
        if group is not None:
            return group
        if quick not in known.unsound:
            if outline_is_sound(quick):
                group = self._by_key(known, quick.replace(b"'", b"''"), text, database)
                self._remember(known.outlines, quick, group)
                return group
            self._remember(known.unsound, quick, None)
        return self._slowly(known, bare, text, database)

    def _slowly(self, known: _Known, bare: bytes, text: bytes, database: str | None) -> Group:
        found = skeleton(bare)
        group = known.skeletons.get(found)
        if group is not None:
            return group
        sound = is_sound(found)
        group = self._by_key(known, found if sound else shape(text), text, database)
        if sound:
            self._remember(known.skeletons, found, group)
        if b"$1" in text or group.role not in WITH_CONSTANTS:
            self._remember(known.texts, text, group)  # it comes again as it is
        return group

    def _by_key(self, known: _Known, key: bytes, text: bytes, database: str | None) -> Group:
        key = merged(key)
        group = known.shapes.get(key)
        if group is None:
            group = self._group(text, key, database)
            self._remember(known.shapes, key, group)
        return group

    def _known_in(self, database: str | None) -> _Known:
        known = self._known.get(database)
        if known is None:
            known = self._known[database] = _Known()
        return known

    def _group(self, text: bytes, key: bytes, database: str | None) -> Group:
        known = self._identified.get(key)
        if known is None:
            if len(self._identified) >= MOST_IDENTIFIED:
                self._identified.clear()
            known = self._identified[key] = identified(text, LONG)
        found, role = known
        identity = (found or key.decode("latin-1"), database)
        group = self.all.get(identity)
        if group is None:
            self._held += len(text)
            if len(self.all) >= self._most or self._held > MOST_HELD:
                return self.left_out.setdefault(database, Group(b"", "", Role.OTHER))
            group = self.all[identity] = Group(text, found, role)
        return group

    def _remember(self, known: dict[bytes, G], name: bytes, group: G) -> None:
        if len(name) > LONG:
            return
        if self._remembered > MOST_REMEMBERED:
            for each in self._known.values():
                each.clear()
            self._remembered = 0
        known[name] = group
        self._remembered += len(name) + 100
