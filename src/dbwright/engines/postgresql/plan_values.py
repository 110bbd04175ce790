"""Values of EXPLAIN's text: numbers, lists with commas, pairs of words."""

from __future__ import annotations

from collections.abc import Iterable

from dbwright.sql.lexer import tokens

__all__ = ["items", "kilobytes", "pairs", "scalar", "words"]

NESTING = ("(", "[", "{", "'", '"', "$", "--", "/*")
"""What may begin something in which commas mean nothing."""
Scalar = str | int | float | bool


def scalar(text: str) -> Scalar:
    """A number or a truth value where the text is one, else the text."""
    if text in ("true", "false"):
        return text == "true"
    digits = text.removeprefix("-")
    if digits.isdecimal() and digits.isascii():
        return int(text)
    whole, dot, fraction = digits.partition(".")
    if dot and (whole + fraction).isdecimal() and (whole + fraction).isascii():
        return float(text)
    return text


def items(text: str) -> list[str]:
    """The parts between the commas that stand outside of parentheses, brackets and quotes."""
    if not any(mark in text for mark in NESTING):
        return [part.strip() for part in text.split(",")]
    found: list[str] = []
    depth = start = 0
    for token in tokens(text):
        if token.kind != "punctuation":
            continue
        depth += (token.text in "([{") - (token.text in ")]}")
        if token.text == "," and depth <= 0:
            found.append(text[start : token.offset].strip())
            start = token.end
    found.append(text[start:].strip())
    return found


def pairs(text: str, names: Iterable[str]) -> dict[str, str]:
    """The values of `A: 1  B: 2` by name, however many spaces are left between them.

    No name may be the end of another one that stands in front of it.
    """
    places = sorted((at, name) for name in names if (at := text.find(f"{name}:")) >= 0)
    found: dict[str, str] = {}
    for number, (at, name) in enumerate(places):
        end = places[number + 1][0] if number + 1 < len(places) else len(text)
        found[name] = text[at + len(name) + 1 : end].strip()
    return found


def words(text: str) -> dict[str, str]:
    """`a=1 b=2` by name."""
    return dict(word.split("=", 1) for word in text.split() if "=" in word)


def kilobytes(text: str) -> int:
    """`12kB`, in kilobytes. Raises ValueError."""
    return int(text.strip().removesuffix("kB"))
