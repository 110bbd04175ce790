"""A table of a TOML file."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from typing import Any

from dbwright.agent.install.record import WHOLE, Record
from dbwright.errors import UsageError

__all__ = ["TomlTable"]


@dataclass(frozen=True, slots=True)
class TomlTable:
    """A table at the end of a TOML file; all else stays as it is, to the byte."""

    path: str
    table: tuple[str, ...]
    text: str
    """The table, with its head; each of its values in one line."""

    def put_in(self, text: str | None, force: bool, record: Record | None) -> tuple[str, Record]:
        before = text or ""
        if self._find(before) is None:
            gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
            done = before + _as_in(before, gap + self.text)
            self._values(done)
            return done, Record(_digest(self.text), WHOLE if text is None else 0, gap)
        region = self._region(before)
        known = record or Record("", 0)
        if region is None or not (force or self._is_own(before, region, known)):
            raise UsageError(
                f"{self.path} has another table named {self._name}, which is not replaced",
                f"remove it from {self.path}, then try again"
                if region is None
                else "rename it, or give --force",
            )
        start, end = region
        done = before[:start] + _as_in(before, self.text) + before[end:]
        return done, Record(_digest(self.text), known.made, known.gap)

    def taken_out(self, text: str | None, force: bool, record: Record | None) -> str | None:
        if text is None or self._find(text) is None:
            return text
        region = self._region(text)
        known = record or Record("", 0)
        if region is None or not (force or self._is_own(text, region, known)):
            raise UsageError(
                f"{self.path}: the table {self._name} was changed by hand, so it is not removed",
                "remove it there by hand" if region is None else "give --force to do it",
            )
        start, end = region
        before = text[:start]
        gap = known.gap if record is not None else "\n"
        if text[end:].strip():
            # Somebody wrote after it: their line must not join the one before.
            gap = gap[1:] if len(gap) > 1 else gap
        left = before.removesuffix(_as_in(text, gap)) + text[end:]
        return None if known.made == WHOLE and not left.strip() else left

    @property
    def _name(self) -> str:
        return ".".join(self.table)

    def _is_own(self, text: str, region: tuple[int, int], known: Record) -> bool:
        own = text[region[0] : region[1]].replace("\r\n", "\n")
        return own == self.text or _digest(own) == known.digest

    def _region(self, text: str) -> tuple[int, int] | None:
        """Where the table stands, from its head on; None where it is not one piece of text: what is
        left without it must be the same file without the table."""
        wanted = self._values(text)
        below = wanted
        for key in self.table[:-1]:
            below = below[key]
        del below[self.table[-1]]
        head = re.escape(f"[{self._name}]")
        for found in re.finditer(rf"^{head}[ \t]*\r?\n?", text, re.MULTILINE):
            after = re.compile(r"^[ \t]*(?:\[|#)|\Z", re.MULTILINE).search(text, found.end())
            end = after.start() if after is not None else len(text)
            body = text[found.start() : end]
            end = found.start() + len(body.rstrip()) if body.strip() else end
            newline = re.compile(r"[ \t]*(?:\r?\n)?").match(text, end)
            end = newline.end() if newline is not None else end
            try:
                left = tomllib.loads(text[: found.start()] + text[end:])
            except tomllib.TOMLDecodeError:
                continue
            if _without_empty(left) == _without_empty(wanted):
                return found.start(), end
        return None

    def _find(self, text: str) -> object:
        value: Any = self._values(text)
        for key in self.table:
            if not isinstance(value, dict):
                raise UsageError(f"{self.path}: {key} is no table's key", f"mend {self.path}")
            value = value.get(key)
            if value is None:
                return None
        return value

    def _values(self, text: str) -> dict[str, Any]:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as problem:
            raise UsageError(
                f"{self.path} is no valid TOML: {problem}", f"mend {self.path}, then try again"
            ) from None


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    """Without tables in which nothing stands: one that is only the way to another goes with it."""
    kept = {
        key: _without_empty(value) if isinstance(value, dict) else value
        for key, value in values.items()
    }
    return {key: value for key, value in kept.items() if value != {}}


def _as_in(text: str, added: str) -> str:
    """With the ends of lines that the text has."""
    return added.replace("\n", "\r\n") if "\r\n" in text else added


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
