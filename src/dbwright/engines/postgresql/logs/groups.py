"""Statements grouped by what they are: one fingerprint in one database.

Each statement's text leads to its group by a look-up: of the text itself (texts with `$1` come
again as they are), else of its shape. Only a shape that was never seen is parsed.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TypeVar

from dbwright.engines.postgresql.logs.calls import LONG, Group
from dbwright.engines.postgresql.logs.roles import Role, identified
from dbwright.sql.outline import brief, outline, spelled, telling_runs
from dbwright.sql.shape import is_sound, merged, shape, skeleton, without_outer_comments

__all__ = ["WITH_CONSTANTS", "Groups"]

V = TypeVar("V")

LIKELY_SECONDS = 0.001
"""The quickest of all statements takes less, on any server."""
MOST_GROUPS = 50_000
MOST_IDENTIFIED = 5_000
MOST_REMEMBERED = 32 * 2**20
"""Bytes of texts and shapes that lead to a group; then they are found again one by one."""
MOST_HELD = 64 * 2**20
"""Bytes of the groups' own texts."""


WITH_CONSTANTS = frozenset((Role.READ, Role.INSERT_ROW, Role.WRITE))


class _Known:
    """What leads to a group, in one database."""

    __slots__ = ("keys", "shapes", "skeletons", "texts")

    def __init__(self) -> None:
        self.texts: dict[bytes, Group] = {}
        self.keys: dict[bytes, Group] = {}
        """By outlines, with the digits that tell something."""
        self.skeletons: dict[bytes, Group] = {}
        """Sound ones only."""
        self.shapes: dict[bytes, Group] = {}

    def clear(self) -> None:
        self.texts.clear()
        self.keys.clear()
        self.skeletons.clear()
        self.shapes.clear()


class Groups:
    """All groups of one log."""

    def __init__(self, most: int = MOST_GROUPS) -> None:
        self.all: dict[tuple[str, str | None], Group] = {}
        self.left_out: dict[str | None, Group] = {}
        """By database: calls of statements that found no room for another group."""
        self._most = most
        self._identified: dict[bytes, tuple[str, Role]] = {}
        """By key: what a statement is does not depend on its database."""
        self._telling: dict[bytes, tuple[int, ...] | None] = {}
        """By brief outline: the runs of digits that tell something."""
        self._known: dict[str | None, _Known] = {}
        self._remembered = 0
        self._held = 0

    def telling(self, found: bytes) -> tuple[int, ...] | None:
        """Which runs of an outline's digits make another statement; None where that can't be told
        from the outline."""
        return None if len(found) > LONG else self._telling_of(brief(found))

    def find(self, text: bytes, database: str | None) -> Group:
        """The group of a statement, made where there is none."""
        known = self._known_in(database)
        bare = without_outer_comments(text) if b"*/" in text else text
        found = brief(outline(bare))
        is_long = len(found) > LONG
        if is_long:
            # Lists and rows of constants are what makes statements long.
            found = merged(found.replace(b"'", b"''")).replace(b"''", b"'")
            if len(found) > LONG:
                return self._group(text, blake2b(found, digest_size=16).digest(), database)
        telling = self._telling_of(found)
        if telling is None or (is_long and telling):
            return self._slowly(known, bare, text, database)
        key = spelled(found, bare, telling)
        group = known.keys.get(key)
        if group is None:
            group = self._by_key(known, key.replace(b"'", b"''"), text, database)
            self._remember(known.keys, key, group)
        return group

    @property
    def threshold_seconds(self) -> float | None:
        """Where log_min_duration_statement seems to be; None where all statements were logged."""
        timed = [group.durations for group in self.all.values() if group.durations.count]
        untimed = any(g.calls > g.durations.count for g in self.all.values())
        shortest = min((durations.smallest for durations in timed), default=0.0)
        return None if untimed or shortest < LIKELY_SECONDS else shortest

    def _telling_of(self, found: bytes) -> tuple[int, ...] | None:
        try:
            return self._telling[found]
        except KeyError:
            telling = telling_runs(found)
            self._remember(self._telling, found, telling)
            return telling

    def _slowly(self, known: _Known, bare: bytes, text: bytes, database: str | None) -> Group:
        group = known.texts.get(text)
        if group is not None:
            return group
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

    def _remember(self, known: dict[bytes, V], name: bytes, value: V) -> None:
        if len(name) > LONG:
            return
        if self._remembered > MOST_REMEMBERED:
            for each in self._known.values():
                each.clear()
            self._telling.clear()
            self._remembered = 0
        known[name] = value
        self._remembered += len(name) + 100
