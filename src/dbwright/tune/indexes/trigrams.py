"""The trigrams of a text, as pg_trgm takes them (trgm_op.c)."""

from __future__ import annotations

from itertools import groupby

__all__ = ["trigrams"]


def trigrams(text: str) -> frozenset[str]:
    """Of each word (letters and digits) in lower case, with two blanks before and one behind."""
    found: set[str] = set()
    for is_word, characters in groupby(text.lower(), str.isalnum):
        if is_word:
            padded = "  " + "".join(characters) + " "
            found.update(padded[place : place + 3] for place in range(len(padded) - 2))
    return frozenset(found)
