"""A piece of an installation: what a file should hold, as a function of what it holds now.

Each says what the file is with it and without it. None means that there is no file. So a diff, a
dry run, an installation made again and one taken out are all the same two functions.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from dbwright.agent.install.record import Record
from dbwright.errors import UsageError

__all__ = ["Entry", "OwnFile", "Piece"]


@runtime_checkable
class Entry(Protocol):
    """A piece of a file that others write too. Raises UsageError where it can't be put in or taken
    out without losing what they wrote."""

    @property
    def path(self) -> str:
        """From the root of the scope, with slashes."""
        ...

    def put_in(self, text: str | None, force: bool, record: Record | None) -> tuple[str, Record]:
        """The file with the entry (the same text where it is there already), and what to remember;
        `record`: what was remembered."""
        ...

    def taken_out(self, text: str | None, force: bool, record: Record | None) -> str | None:
        """The file without it, as it was before as far as that is known."""
        ...


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file that is dbwright's alone. Its last line seals it: what a person has changed since is
    neither replaced nor removed unless they say so."""

    path: str
    content: str
    comment: tuple[str, str] = ("<!-- ", " -->")
    """What makes a line a comment."""
    executable: bool = False
    instead: str = "rename it, or give --force"
    """What to do where the place is taken."""
    record: Record | None = None
    """Of the entry that belongs to it."""

    def put_in(self, text: str | None, force: bool) -> str:
        """Raises UsageError where it would be over what others wrote."""
        wanted = self.content + self._seal(self.content, self._remembered)
        if text is None:
            return wanted
        if _plain(text) == wanted:
            return text
        if not force:
            self._require_own(text, "replaced")
        return wanted

    def taken_out(self, text: str | None, force: bool) -> str | None:
        """Raises UsageError where it would take what others wrote."""
        if text is not None and not force:
            self._require_own(text, "removed")
        return None

    def remembered(self, text: str | None) -> Record | None:
        """The record in the file as it is now; None where there is none that is sound."""
        content, digest, record = self._parts(text or "")
        is_sound = digest == _digest(content + record)
        return Record.of(record.removeprefix(RECORD)) if is_sound and record else None

    @property
    def _remembered(self) -> str:
        return RECORD + self.record.text if self.record is not None else ""

    def _require_own(self, text: str, what: str) -> None:
        content, digest, record = self._parts(text)
        if not digest:
            raise UsageError(f"{self.path} is not dbwright's, so it is not {what}", self.instead)
        if digest != _digest(content + record):
            raise UsageError(
                f"{self.path} was changed by hand, so it is not {what}", "give --force to do it"
            )

    def _parts(self, text: str) -> tuple[str, str, str]:
        """The content, the digest of its seal ("" where it has none), and the record there."""
        content, _, last = _plain(text).rstrip("\n").rpartition("\n")
        begin, end = self.comment[0] + SEAL, self.comment[1]
        if not last.startswith(begin) or not last.endswith(end):
            return content + "\n", "", ""
        seal = last[len(begin) : len(last) - len(end)]
        return content + "\n", seal[:DIGITS], seal[DIGITS:]

    def _seal(self, content: str, record: str) -> str:
        digest = _digest(content + record)
        return f"{self.comment[0]}{SEAL}{digest}{record}{self.comment[1]}\n"


Piece = OwnFile | Entry
SEAL = "written by dbwright agent install; sealed "
RECORD = "; entry "
DIGITS = 16


def _plain(text: str) -> str:
    """As it was written: git may have made the ends of lines another system's."""
    return text.replace("\r\n", "\n")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
