"""The elements of an array's text form (manual, Array Input and Output Syntax)."""

from __future__ import annotations

__all__ = ["elements"]


def elements(text: str) -> frozenset[str]:
    """The different elements, of all dimensions; NULL elements are left out."""
    body = text[text.index("{") :] if "{" in text else text
    found: set[str] = set()
    word: list[str] = []
    quoted = written = escaped = False
    for character in body:
        if escaped:
            word.append(character)
            escaped = False
        elif character == "\\":
            escaped = written = True
        elif character == '"':
            quoted = not quoted
            written = True
        elif not quoted and character in "{},":
            element = "".join(word)
            if written or (element and element.upper() != "NULL"):
                found.add(element)
            word, written = [], False
        else:
            word.append(character)
    return frozenset(found)
