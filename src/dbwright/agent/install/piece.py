"""A piece of an installation: what a file should hold, as a function of what it holds now.

Each says what the file is with it and without it. None means that there is no file. So a diff, a
dry run, an installation made again and one taken out are all the same two functions.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from dbwright.agent.install.json_text import BadJson, read, with_member, without_member
from dbwright.errors import UsageError

__all__ = ["JsonEntry", "OwnFile", "Piece", "TomlTable"]


class Piece(Protocol):
    """Raises UsageError where it can't be done without losing what others wrote."""

    @property
    def path(self) -> str:
        """From the root of the scope, with slashes."""
        ...

    @property
    def executable(self) -> bool:
        """Is the file a program?"""
        ...

    def put_in(self, text: str | None, force: bool) -> str:
        """The file with the piece; the same text where it is there already."""
        ...

    def taken_out(self, text: str | None, force: bool) -> str | None:
        """The file without it."""
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

    def put_in(self, text: str | None, force: bool) -> str:
        wanted = self.content + self._seal(self.content)
        if text is not None and text != wanted and not force:
            self._require_own(text, "replaced")
        return wanted

    def taken_out(self, text: str | None, force: bool) -> str | None:
        if text is not None and not force:
            self._require_own(text, "removed")
        return None

    def _require_own(self, text: str, what: str) -> None:
        content, _, last = text.rstrip("\n").rpartition("\n")
        if not last.startswith(self.comment[0] + SEAL):
            raise UsageError(
                f"{self.path} is not dbwright's, so it is not {what}",
                "rename it, or give --force",
            )
        if f"{last}\n" != self._seal(content + "\n"):
            raise UsageError(
                f"{self.path} was changed by hand, so it is not {what}", "give --force to do it"
            )

    def _seal(self, content: str) -> str:
        digest = hashlib.sha256(content.encode()).hexdigest()[:16]
        return f"{self.comment[0]}{SEAL}{digest}{self.comment[1]}\n"


SEAL = "written by dbwright agent install; sealed "


@dataclass(frozen=True, slots=True)
class JsonEntry:
    """A member of an object of a JSON file that may have comments; all else stays as it is, to the
    byte."""

    path: str
    place: tuple[str, ...]
    """The keys down to the object."""
    key: str
    value: Mapping[str, Any]
    new_file: Mapping[str, Any] = field(default_factory=dict)
    """What stands in a new file besides, such as `$schema`."""
    executable: bool = False

    def put_in(self, text: str | None, force: bool) -> str:
        if text is None or not text.strip():
            whole = json.dumps(dict(self.new_file), indent=2, ensure_ascii=False)
            return self._with(f"{whole}\n")
        found = self._find(text)
        if found == self.value:
            return text
        if found is not None:
            if not force:
                raise UsageError(
                    f"{self.path} has another entry named {self.key}, which is not replaced",
                    "rename it, or give --force",
                )
            text = self._without(text)
        return self._with(text)

    def taken_out(self, text: str | None, force: bool) -> str | None:
        if text is None or self._find(text) is None:
            return text
        if self._find(text) != self.value and not force:
            raise UsageError(
                f"{self.path}: the entry {self.key} was changed by hand, so it is not removed",
                "give --force to do it",
            )
        left = self._without(text)
        # Nothing but what an installation begins a file with: it was made for this.
        return None if self._is_bare(left) else left

    def _is_bare(self, text: str) -> bool:
        bare = json.dumps(dict(self.new_file), ensure_ascii=False)
        return "".join(text.split()) == "".join(bare.split())

    def _find(self, text: str) -> Any:
        value = self._read(text)
        for key in (*self.place, self.key):
            if not isinstance(value, dict):
                raise UsageError(
                    f"{self.path}: {'.'.join(self.place)} is no object", f"mend {self.path}"
                )
            if key not in value:
                return None
            value = value[key]
        return value

    def _read(self, text: str) -> Any:
        try:
            return read(text)
        except BadJson as problem:
            raise UsageError(
                f"{self.path} is no valid JSON: {problem}", f"mend {self.path}, then try again"
            ) from None

    def _with(self, text: str) -> str:
        return with_member(text, self.place, self.key, dict(self.value))

    def _without(self, text: str) -> str:
        return without_member(text, self.place, self.key)


@dataclass(frozen=True, slots=True)
class TomlTable:
    """A table at the end of a TOML file; all else stays as it is, to the byte."""

    path: str
    table: tuple[str, ...]
    text: str
    """The table, with its head."""
    executable: bool = False

    def put_in(self, text: str | None, force: bool) -> str:
        before = text or ""
        if self._find(before) is None:
            gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
            return self._checked(before + gap + self.text)
        if self.text in before:
            return before
        raise UsageError(
            f"{self.path} has another table named {'.'.join(self.table)}, which is not replaced",
            f"remove it from {self.path}, then try again",
        )

    def taken_out(self, text: str | None, force: bool) -> str | None:
        if text is None or self._find(text) is None:
            return text
        if self.text not in text:
            raise UsageError(
                f"{self.path}: the table {'.'.join(self.table)} was changed by hand",
                "remove it there by hand",
            )
        left = re.sub(r"\n?" + re.escape(self.text), "", text, count=1)
        return left if left.strip() else None

    def _find(self, text: str) -> object:
        value: Any = self._checked_value(text)
        for key in self.table:
            if not isinstance(value, dict):
                raise UsageError(f"{self.path}: {key} is no table's key", f"mend {self.path}")
            value = value.get(key)
            if value is None:
                return None
        return value

    def _checked(self, text: str) -> str:
        self._checked_value(text)
        return text

    def _checked_value(self, text: str) -> Any:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as problem:
            raise UsageError(
                f"{self.path} is no valid TOML: {problem}", f"mend {self.path}, then try again"
            ) from None
