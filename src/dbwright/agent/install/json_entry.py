"""An entry of a JSON file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dbwright.agent.install.json_text import (
    BadJson,
    gap_at,
    read,
    with_member,
    with_value,
    without_member,
)
from dbwright.agent.install.record import BLANK, WHOLE, Record
from dbwright.errors import UsageError

__all__ = ["JsonEntry"]


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

    def put_in(self, text: str | None, force: bool, record: Record | None) -> tuple[str, Record]:
        if text is None or not text.strip():
            whole = json.dumps(dict(self.new_file), indent=2, ensure_ascii=False)
            made = with_member(f"{whole}\n", self.place, self.key, dict(self.value))
            return made, Record(_digest(self.value), WHOLE if text is None else BLANK, text or "")
        depth, found = self._look(text)
        if found is None:
            done = with_member(text, self.place, self.key, dict(self.value))
            gap = gap_at(text, self.place[:depth])
            return done, Record(_digest(self.value), len(self.place) - depth, gap)
        known = record or Record("", 0)
        if found != self.value:
            if not force and _digest(found) != known.digest:
                raise UsageError(
                    f"{self.path} has another entry named {self.key}, which is not replaced",
                    "rename it, or give --force",
                )
            text = with_value(text, self.place, self.key, dict(self.value))
        return text, Record(_digest(self.value), known.made, known.gap)

    def taken_out(self, text: str | None, force: bool, record: Record | None) -> str | None:
        if text is None or not text.strip():
            return text
        _, found = self._look(text)
        if found is None:
            return text
        known = record or Record("", 0)
        if found != self.value and _digest(found) != known.digest and not force:
            raise UsageError(
                f"{self.path}: the entry {self.key} was changed by hand, so it is not removed",
                "give --force to do it",
            )
        whole = known.made in (WHOLE, BLANK)
        levels = len(self.place) if whole else known.made
        gap = None if record is None or whole else known.gap
        left = without_member(text, self.place, self.key, levels, gap)
        if whole and self._is_bare(left):
            # It was filled for this, and holds nothing else since.
            return known.gap if known.made == BLANK else None
        return left

    def _is_bare(self, text: str) -> bool:
        bare = json.dumps(dict(self.new_file), ensure_ascii=False)
        return "".join(text.split()) == "".join(bare.split())

    def _look(self, text: str) -> tuple[int, Any]:
        """How many of the keys to the place are there; and the entry, None where it is not."""
        value = self._read(text)
        for depth, key in enumerate((*self.place, self.key)):
            if not isinstance(value, dict):
                raise UsageError(
                    f"{self.path}: {'.'.join(self.place)} is no object", f"mend {self.path}"
                )
            if key not in value:
                return depth, None
            value = value[key]
        return len(self.place), value if value is not None else NOTHING

    def _read(self, text: str) -> Any:
        try:
            return read(text)
        except BadJson as problem:
            raise UsageError(
                f"{self.path} is no valid JSON: {problem}", f"mend {self.path}, then try again"
            ) from None


NOTHING = "null"
"""An entry that is null is one that somebody wrote."""


def _digest(value: Any) -> str:
    """Of the value: editors lay out what they write anew."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
