"""A file of any size, some lines at a time, in a memory that does not grow with it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["LONGEST", "Chunk", "Numbered", "chunks", "forms", "looks_like_object"]

BLOCK = 1 << 20

LONGEST = 16 << 20
"""Bytes of a line that is read; a longer one is passed over, and told."""

Numbered = tuple[int, bytes]
"""A line's number and what it holds, without its end."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines that follow each other."""

    number: int
    """Of its first line, from 1 where reading began."""
    end: int
    """Where it ends in the file, in bytes."""
    content: bytes | None
    """Whole lines with their ends; the last of a file may have none. None: one line longer than
    LONGEST."""
    has_end: bool = True
    """Does its last line have its end?"""

    @property
    def count(self) -> int:
        """Lines that have their end."""
        return 1 if self.content is None else self.content.count(b"\n")

    @property
    def looks_plain(self) -> bool:
        """Does each line begin and end as an object does?"""
        text = self.content or b""
        lines = text.count(b"\n")
        return (
            text.startswith(b"{")
            and text.endswith(b"}\n")
            and text.count(b"}\n") == lines
            and text.count(b"\n{") == lines - 1
        )

    def lines(self) -> Iterator[Numbered]:
        """Its lines, but those that are empty."""
        for offset, line in enumerate((self.content or b"").split(b"\n")):
            if line:
                yield self.number + offset, line

    def lines_with(self, words: tuple[bytes, ...]) -> Iterator[Numbered]:
        """Those that hold one of the words; quick where few do."""
        text = self.content or b""
        after = counted = 0
        number = self.number
        while places := [place for word in words if (place := text.find(word, after)) >= 0]:
            first = min(places)
            begins = text.rfind(b"\n", 0, first) + 1
            after = text.find(b"\n", first)
            number += text.count(b"\n", counted, begins)
            counted = begins
            if after < 0:
                yield number, text[begins:]
                return
            yield number, text[begins:after]


def chunks(handle: int, start: int = 0, number: int = 1) -> Iterator[Chunk]:
    """An open file from a place where the line `number` begins, to what is there by then. The
    file's own position is not used. Raises OSError."""
    held = b""
    too_long = False
    while block := os.pread(handle, BLOCK, start):
        start += len(block)
        cut = block.rfind(b"\n") + 1
        first = block.find(b"\n") + 1
        if cut and (too_long or len(held) + first - 1 > LONGEST):  # a line that is passed over
            yield Chunk(number, start - len(block) + first, None)
            number, too_long, held = number + 1, False, b""
            block, cut = block[first:], cut - first
        if cut:
            chunk = Chunk(number, start - len(block) + cut, held + block[:cut])
            yield chunk
            number += chunk.count
            held = block[cut:]
        elif not too_long:
            held += block
        if len(held) > LONGEST:
            held, too_long = b"", True
    if held or too_long:
        yield Chunk(number, start, None if too_long else held, False)


def looks_like_object(line: bytes) -> bool:
    """Does it begin and end as an object does?"""
    line = line.strip()
    return line.startswith(b"{") and line.endswith(b"}")


def forms(text: str) -> tuple[bytes, ...]:
    """How writers of JSON write a text, without its quotes: a line that holds none of these does
    not hold the text (unless someone escapes letters that nobody escapes)."""
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    escaped = json.dumps(text)[1:-1]
    found = {plain, escaped, plain.replace("/", "\\/"), escaped.replace("/", "\\/")}
    # Some write the digits of an escape in capitals.
    found.add("".join(f"\\u{ord(c):04X}" if 127 < ord(c) < 0x10000 else c for c in plain))
    return tuple(sorted({form.encode("utf-8", "surrogatepass") for form in found}))
