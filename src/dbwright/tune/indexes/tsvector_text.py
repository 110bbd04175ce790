"""The lexemes of a tsvector's text form (manual, Text Search Types)."""

from __future__ import annotations

__all__ = ["lexemes"]


def lexemes(text: str) -> frozenset[str]:
    """`'cat':3 'o''clock':1A` gives cat and o'clock."""
    found: set[str] = set()
    word: list[str] = []
    inside = escaped = False
    for place, character in enumerate(text):
        if not inside:
            inside = character == "'"
        elif escaped:
            word.append(character)
            escaped = False
        elif character == "\\" or text[place : place + 2] == "''":
            escaped = True
        elif character == "'":
            found.add("".join(word))
            word, inside = [], False
        else:
            word.append(character)
    return frozenset(found)
