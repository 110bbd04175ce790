"""From what a log says of a statement to its group, without reading it.

Nearly all that is said was said before but for its constants: it has an outline that is known, and
the outline tells the group and where the text stands.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, auto
from operator import itemgetter
from typing import Any

from dbwright.engines.postgresql.logs.calls import LONG, Group, Speaker
from dbwright.engines.postgresql.logs.events import Cut, Format
from dbwright.engines.postgresql.logs.groups import WITH_CONSTANTS, Groups
from dbwright.sql.outline import RUN, outline, without_strings

__all__ = ["Form", "Kind", "Lookup", "kind_of"]

MOST_REMEMBERED = 32 * 2**20
"""Bytes of what leads to a group; then it is forgotten, and found again one by one."""


class Kind(IntEnum):
    """What is logged of a statement."""

    CALL = auto()
    FETCH = auto()
    """More rows of a call that was counted when it began."""
    PLANNING = auto()
    OTHER = auto()


def kind_of(kind: bytes) -> Kind:
    """By the log's own word."""
    if kind == b"statement":
        return Kind.CALL
    if kind.startswith(b"execute "):
        return Kind.FETCH if kind.startswith(b"execute fetch ") else Kind.CALL
    if kind.startswith((b"parse ", b"bind ")):
        return Kind.PLANNING
    return Kind.OTHER


class Form:
    """What is said in one way, constants aside."""

    __slots__ = ("calls", "group", "kind", "speaker", "tail", "tails", "telling", "variants",
                 "what")  # fmt: skip

    def __init__(
        self, kind: Kind, group: Group | None, what: slice = slice(0, 0), tail: slice = slice(0, 0)
    ) -> None:
        self.kind = kind
        self.group = group
        """None where it is of no interest, or where some digits tell it: see `variants`."""
        self.calls = group if kind is Kind.CALL else None
        self.what = what
        """Where text and parameters stand."""
        self.tail = tail
        """Where begins what says more of the origin."""
        self.telling: Callable[[bytes], Any] | None = None
        """Cuts those digits out that are part of names."""
        self.variants: dict[Any, Form] = {}
        self.speaker: Speaker | None = None
        """Of the last call."""
        self.tails: dict[bytes, int] = {}
        """The group's count of that speaker's tails."""

    def variant(self, bare: bytes) -> Form | None:
        """The form by its digits, too; None where it was not seen before."""
        return self if self.telling is None else self.variants.get(self.telling(bare))


class Lookup:
    """The groups of one database, by what one format writes."""

    def __init__(
        self, groups: Groups, source: Format, database: str | None, *, wanted: bool = True
    ) -> None:
        self.forms: dict[bytes, Form] = {}
        """By outline. The dictionary is always this one."""
        self._texts: dict[bytes, Group] = {}
        """What no outline tells, by the text as it is."""
        self._groups, self._source, self._database = groups, source, database
        self._wanted = wanted
        self._remembered = 0

    def form(self, found: bytes, said: bytes) -> Form:
        """The form of what has this outline, seen before or not."""
        known = self.forms.get(found)
        variant = known.variant(without_strings(said)) if known is not None else None
        if variant is not None:
            return variant
        cut = self._source.cut(said)
        if cut is None:
            return Form(Kind.OTHER, None)
        kind = kind_of(cut.kind)
        finds = self._wanted and kind is not Kind.OTHER
        form = Form(
            kind,
            self.find(cut.text) if finds else None,
            slice(cut.start, (cut.end - len(said)) or None),
            slice(cut.tail - len(said), None) if cut.tail < len(said) else slice(0, 0),
        )
        if found and len(said) <= LONG:
            self._remember(found, said, cut, form)
        return form

    def find(self, text: bytes) -> Group:
        """The group of a statement."""
        group = self._texts.get(text)
        if group is not None:
            return group
        plain = self._source.plain(text)
        group = self._groups.find(plain, self._database)
        # It comes again as it is.
        is_told = self._groups.telling(outline(plain)) is not None
        comes_again = b"$1" in text or group.role not in WITH_CONSTANTS
        if not is_told and comes_again and len(text) <= LONG:
            self._keep(len(text))
            self._texts[text] = group
        return group

    def _remember(self, found: bytes, said: bytes, cut: Cut, form: Form) -> None:
        """That what has the same outline, and the same digits in names, has the same form. The
        edges of text and tail must not lie in or before what an outline leaves out."""
        if b"'" in said[: cut.start] or b"'" in said[cut.tail :]:
            return
        places: list[int] = []
        if form.group is not None:
            raw = outline(cut.text)
            plain = outline(self._source.plain(cut.text))
            telling = self._groups.telling(plain)
            # Without the log's quoting, too, it has to be the outline of all of them.
            if telling is None or self._source.plain(raw) != plain:
                return
            runs = [match.span() for match in RUN.finditer(found, cut.start)]
            places = [place for run in telling for place in range(*runs[run])]
        self._keep(len(found))
        if not places:
            self.forms[found] = form
            return
        known = self.forms.get(found)
        if known is None:
            known = self.forms[found] = Form(form.kind, None)
            known.calls = None
            known.telling = itemgetter(*places)
        assert known.telling is not None
        known.variants[known.telling(without_strings(said))] = form

    def _keep(self, size: int) -> None:
        if self._remembered > MOST_REMEMBERED:
            self.forms.clear()
            self._texts.clear()
            self._remembered = 0
        self._remembered += size + 300
