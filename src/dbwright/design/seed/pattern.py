"""Texts that a regular expression or a LIKE pattern matches, of the common kinds of both."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

__all__ = ["like_sample", "sample"]

Piece = Callable[[random.Random], str]
CLASSES = {
    "d": string.digits,
    "w": string.ascii_lowercase + string.digits,
    "s": " ",
    "[:digit:]": string.digits,
    "[:alpha:]": string.ascii_lowercase,
    "[:alnum:]": string.ascii_lowercase + string.digits,
    "[:lower:]": string.ascii_lowercase,
    "[:upper:]": string.ascii_uppercase,
    "[:xdigit:]": "0123456789abcdef",
    "[:space:]": " ",
}
ANY = string.ascii_lowercase
PRINTABLE = string.ascii_letters + string.digits + " _-.@"
SOME = 6
"""More than the least, of a quantifier without an end."""


class NotUnderstood(Exception):
    """The pattern has what is not read here."""


def sample(pattern: str, rng: random.Random) -> str | None:
    """A text that the pattern most likely matches; None for one that is not understood."""
    try:
        reader = _Reader(pattern.removeprefix("***:"))
        piece = reader.alternatives()
        if reader.rest:
            return None
        return piece(rng)
    except (NotUnderstood, IndexError):
        return None


def like_sample(pattern: str, rng: random.Random) -> str:
    """For LIKE: `%` is any text, `_` any letter."""
    found: list[str] = []
    letters = iter(pattern)
    for letter in letters:
        if letter == "\\":
            found.append(next(letters, ""))
        elif letter == "%":
            found.append("".join(rng.choices(ANY, k=rng.randint(1, 5))))
        else:
            found.append(rng.choice(ANY) if letter == "_" else letter)
    return "".join(found)


class _Reader:
    """Reads from left to right."""

    def __init__(self, text: str) -> None:
        self.rest = text

    def alternatives(self) -> Piece:
        options = [self.sequence()]
        while self.rest.startswith("|"):
            self.rest = self.rest[1:]
            options.append(self.sequence())
        return lambda rng: rng.choice(options)(rng)

    def sequence(self) -> Piece:
        pieces: list[Piece] = []
        while self.rest and self.rest[0] not in "|)":
            pieces.append(self.repeated(self.atom()))
        return lambda rng: "".join(piece(rng) for piece in pieces)

    def repeated(self, piece: Piece) -> Piece:
        least, most = 1, 1
        if self.rest[:1] in ("*", "+", "?"):
            sign = self.next()
            least, most = {"*": (0, SOME), "+": (1, SOME), "?": (0, 1)}[sign]
        elif self.rest.startswith("{"):
            inside, mark, self.rest = self.rest[1:].partition("}")
            low, comma, high = inside.partition(",")
            if not mark or not low.isdecimal() or (high and not high.isdecimal()):
                raise NotUnderstood
            least = int(low)
            most = int(high) if high else least + SOME if comma else least
        if self.rest.startswith("?"):
            self.next()
        return lambda rng: "".join(piece(rng) for _ in range(rng.randint(least, most)))

    def atom(self) -> Piece:
        letter = self.next()
        if letter in "^$":
            return lambda rng: ""
        if letter == "(":
            return self.group()
        if letter == "[":
            return self.letters_of(self.bracket())
        if letter == ".":
            return self.letters_of(ANY)
        if letter == "\\":
            return self.escaped()
        if letter in "*+?{":
            raise NotUnderstood
        return lambda rng: letter

    def group(self) -> Piece:
        if self.rest.startswith("?"):
            if self.rest[1:2] != ":":
                raise NotUnderstood
            self.rest = self.rest[2:]
        piece = self.alternatives()
        if self.next() != ")":
            raise NotUnderstood
        return piece

    def escaped(self) -> Piece:
        letter = self.next()
        if letter in CLASSES:
            return self.letters_of(CLASSES[letter])
        if letter in "AZmMyb":
            return lambda rng: ""
        if letter.isalnum():
            raise NotUnderstood
        return lambda rng: letter

    def bracket(self) -> str:
        negated = self.rest.startswith("^")
        if negated:
            self.next()
        found = ""
        while not self.rest.startswith("]") or not found:
            found += self.range_or_class()
        self.next()
        return "".join(set(PRINTABLE) - set(found)) if negated else found

    def range_or_class(self) -> str:
        for name in CLASSES:
            if len(name) > 1 and self.rest.startswith(name):
                self.rest = self.rest[len(name) :]
                return CLASSES[name]
        letter = self.next()
        if letter == "\\":
            letter = self.next()
            if letter in CLASSES:
                return CLASSES[letter]
        if self.rest.startswith("-") and self.rest[1:2] not in ("]", ""):
            self.next()
            last = self.next()
            return "".join(map(chr, range(ord(letter), ord(last) + 1)))
        return letter

    def letters_of(self, letters: str) -> Piece:
        usable = "".join(sorted(set(letters)))
        if not usable:
            raise NotUnderstood
        return lambda rng: rng.choice(usable)

    def next(self) -> str:
        letter, self.rest = self.rest[0], self.rest[1:]
        return letter
