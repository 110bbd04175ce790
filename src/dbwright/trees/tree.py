"""Values of a file that know where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dbwright.errors import BadDocument

__all__ = ["MOST_BYTES", "MOST_DEPTH", "MOST_VALUES", "Path", "Tree", "Written", "path_text"]

MOST_BYTES = 1_048_576
MOST_VALUES = 50_000
"""Values of a file, those counted again that an alias repeats."""
MOST_DEPTH = 50

Path = tuple[str | int, ...]
"""Names and numbers from the file's top to a value."""


class Written(float):
    """A number that would be written otherwise: `16.10` is a version, and not 16.1."""

    text: str

    def __new__(cls, text: str) -> Written:
        made = super().__new__(cls, text)
        made.text = text
        return made


@dataclass(frozen=True, slots=True)
class Tree:
    """What a file holds: plain values, and the line of each by its path."""

    name: str
    """The file's, for messages."""
    value: Any
    lines: Mapping[Path, int]
    is_json: bool = False
    """Was it written in JSON, so that the answer is?"""

    def line(self, path: Path) -> int:
        """Of a value; of what is around it where it has none (it is missing)."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def wrong(self, path: Path, what: str, step: str) -> BadDocument:
        """The error that says what is wrong with a value, and where."""
        place = path_text(path)
        said = f"{place}: {what}" if place else what
        return BadDocument(f"{self.name}:{self.line(path)}: {said}", step)


def path_text(path: Path) -> str:
    """`payload.services[2].name`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part and all(letter.isalnum() or letter in "_-" for letter in part):
            text += f".{part}" if text else part
        else:
            text += f"[{part[:60]!r}]"
    return text
