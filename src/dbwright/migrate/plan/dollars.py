"""Text between dollar signs, whatever it holds."""

from __future__ import annotations

__all__ = ["dollars"]


def dollars(word: str, *texts: str) -> str:
    """`$word$`, or one like it that is in none of the texts."""
    tag, number = f"${word}$", 1
    while any(tag in text for text in texts):
        number += 1
        tag = f"${word}{number}$"
    return tag
