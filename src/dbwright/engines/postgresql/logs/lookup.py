"""From a statement as the log writes it to its group, without taking the log's quoting off.

Nearly all statements are of a kind that was seen before, and for them this is all that is done.
"""

from __future__ import annotations

from dbwright.engines.postgresql.logs.events import Format
from dbwright.engines.postgresql.logs.groups import WITH_CONSTANTS, Group, Groups
from dbwright.sql.shape import rough_outline

__all__ = ["Lookup"]

MOST_REMEMBERED = 32 * 2**20
"""Bytes of what leads to a group; then it is forgotten, and found again one by one."""
LONG = 20_000
"""Bytes of a statement that is not worth remembering."""


class Lookup:
    """The groups of one database, by what one format writes. The dictionaries are always these."""

    def __init__(self, groups: Groups, source: Format, database: str | None) -> None:
        self.outlines: dict[bytes, Group] = {}
        """By `rough_outline`."""
        self.texts: dict[bytes, Group] = {}
        """By the text as it is."""
        self._groups, self._source, self._database = groups, source, database
        self._remembered = 0

    def find(self, text: bytes) -> Group:
        """The group of a statement that may have been found before, or not."""
        group = self.texts.get(text)
        if group is not None:
            return group
        found = rough_outline(text)
        group = self.outlines.get(found)
        if group is not None:
            return group
        plain = self._source.plain(text)
        group = self._groups.find(plain, self._database)
        if len(text) > LONG:
            return group
        # Without a digit or a quote it is the outline of no other text.
        alone = found == text and b"0" not in text and b"'" not in text
        if found and (alone or self._groups.is_told_by_outline(plain, self._database)):
            self._remember(self.outlines, found, group)
        elif b"$1" in text or group.role not in WITH_CONSTANTS:
            self._remember(self.texts, text, group)  # it comes again as it is
        return group

    def _remember(self, known: dict[bytes, Group], name: bytes, group: Group) -> None:
        if self._remembered > MOST_REMEMBERED:
            self.outlines.clear()
            self.texts.clear()
            self._remembered = 0
        known[name] = group
        self._remembered += len(name) + 100
