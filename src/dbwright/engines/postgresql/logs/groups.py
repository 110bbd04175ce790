"""Statements grouped by what they are: one fingerprint in one database.

Each statement's text leads to its group by a look-up: of the text itself (texts with `$1` come
again as they are), else of its shape. Only a shape that was never seen is parsed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from operator import itemgetter
from typing import TypeAlias, TypeVar

from dbwright.engines.postgresql.logs.events import Origin
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

__all__ = ["UNTIMED", "Call", "Group", "Groups", "Names"]

G = TypeVar("G", "Group", None)

MOST_GROUPS = 50_000
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


Names: TypeAlias = tuple[str | None, str | None]
"""A user and an application."""
Call: TypeAlias = tuple["Group", float, bytes, bytes, bytes, bytes, Names, bytes]
"""group, seconds (`UNTIMED` where they are not logged), time, virtual transaction, text,
parameters, names, origin."""


_WHAT = itemgetter(4, 5)
_ORIGIN = itemgetter(6, 7)


class Group:
    """What is known of one kind of statement. `fresh` are the calls that were not added up yet."""

    __slots__ = (
        "asks", "calls", "durations", "example", "fetch_seconds", "fingerprint", "first_seen",
        "fresh", "last_seen", "origins", "plan", "plan_durations", "planning_seconds",
        "repeated", "role", "slowest", "temporary_bytes", "temporary_files", "text", "turns",
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
        self.plan_durations = Durations()
        self.temporary_bytes = self.temporary_files = 0
        self.repeated: Counter[tuple[bytes, bytes]] = Counter()

    def add_up(self, origin: Callable[[bytes], Origin]) -> None:
        """Take the fresh calls into the figures; `origin` reads what their log says of them."""
        fresh = self.fresh
        self.fresh = []
        self.calls += len(fresh)
        if not self.first_seen:
            self.first_seen = fresh[0][2]
        self.last_seen = fresh[-1][2]
        for ((user, application), raw), count in Counter(map(_ORIGIN, fresh)).items():
            found = origin(raw)
            self.origins[user, found.application or application, found.query_id] += count
        if len(self.origins) > 1000:
            self.origins = Counter(dict(self.origins.most_common(500)))
        timed = [call[1] for call in fresh if call[1] is not UNTIMED]
        if timed:
            self._add_durations(fresh, timed)
        elif self.example is None:
            self.example = fresh[0][4], fresh[0][5]
        if self.role is Role.READ and len(fresh) > 1:
            self._watch_repeated(fresh)

    def _add_durations(self, fresh: list[Call], timed: list[float]) -> None:
        durations = self.durations
        longest = max(timed)
        if self.slowest is None or (longest > durations.largest and len(self.text) <= LONG):
            slow = next(call for call in fresh if call[1] == longest)
            self.slowest = slow[4], slow[5]
        before = durations.count
        durations.add(timed)
        if len(self.text) > LONG and self.example is not None:
            return
        # Typical is near the mean. Looked for again when there are twice as many calls.
        if self.example is None or before.bit_length() != durations.count.bit_length():
            mean = durations.mean
            typical = min(fresh, key=lambda call: abs(call[1] - mean))
            self.example = typical[4], typical[5]

    def _watch_repeated(self, fresh: list[Call]) -> None:
        """Only what comes again among the fresh calls; of that the most frequent, as Misra and
        Gries do it: no count is too high, and what is above a 9th of them is never lost."""
        if len(self.text) > SHORT:
            return
        found = Counter(map(_WHAT, fresh))
        if len(found) == len(fresh):
            return
        self.repeated.update({call: count for call, count in found.items() if count > 1})
        if len(self.repeated) > REPEATED_KEPT:
            ranked = self.repeated.most_common()
            less = ranked[REPEATED_KEPT][1]
            self.repeated = Counter({k: n - less for k, n in ranked[:REPEATED_KEPT] if n > less})


_WITH_CONSTANTS = {Role.READ, Role.INSERT_ROW, Role.WRITE}


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
        self._known: dict[str | None, _Known] = {}
        self._remembered = 0
        self._held = 0

    def known(self, database: str | None) -> tuple[dict[bytes, Group], dict[bytes, Group]]:
        """Texts and outlines that are known, to look in before `find`. They are always these."""
        known = self._known_in(database)
        return known.texts, known.outlines

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
        if b"$1" in text or group.role not in _WITH_CONSTANTS:
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
        found, role = identified(text, LONG)
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
