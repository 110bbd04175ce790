"""log_line_prefix as an expression that reads the lines it wrote.

What is the same for a whole session (its number, user, database) is caught in one piece where it
stands in one piece, and taken apart once a session.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dbwright.engines.postgresql.logs.events import Who

__all__ = ["Prefix", "compiled"]

_ZONE = rb"(?:[A-Za-z_]{1,20}|[+-]\d\d(?::?\d\d)?)"
_SECOND = rb"\d\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d"
ESCAPES = {
    "m": rb"(" + _SECOND + rb"\.\d\d\d " + _ZONE + rb")",
    "t": rb"(" + _SECOND + rb" " + _ZONE + rb")",
    "n": rb"(\d{9,12}\.\d\d\d)",
    "s": _SECOND + rb" " + _ZONE,
    "p": rb"\d+",
    "P": rb"\d*",
    "l": rb"\d+",
    "c": rb"[0-9a-f]+\.[0-9a-f]+",
    "v": rb"((?:-?\d+/\d+)?)",
    "x": rb"\d*",
    "e": rb"[0-9A-Z]{5}",
    "Q": rb"-?\d*",
    "r": rb"(?:\[local\]|[\w.:%-]*(?:\(\d+\))?)",
    "h": rb"(?:\[local\]|[\w.:%-]*)",
}
"""Others (%u, %d, %a, %i, %b, %L) are text up to what follows in the prefix."""
TIMES = "mtn"
VARYING = "slxeQi"
"""Not the same for a whole session, and not wanted (%Q is read from nothing but csvlog)."""
NAMES = {"u": "user", "d": "database", "a": "application", "p": "pid", "c": "session"}


@dataclass(frozen=True, slots=True)
class Prefix:
    """A compiled log_line_prefix."""

    template: str
    pattern: bytes
    """With groups in order: `roles` says what each is."""
    roles: tuple[str, ...]
    """`time`, `transaction`, or `who` (each a piece of what names the session)."""
    pieces: tuple[re.Pattern[bytes], ...] = field(repr=False, default=())
    """For each `who`, its expression with named groups."""

    def identity(self, values: tuple[bytes, ...]) -> Who:
        """Who it is that these `who` pieces name."""
        found: dict[str, str] = {}
        for piece, value in zip(self.pieces, values, strict=True):
            match = piece.fullmatch(value)
            for name, part in match.groupdict().items() if match else ():
                if part:
                    found[name] = part.decode(errors="replace")
        known = {name: part for name, part in found.items() if part != "[unknown]"}
        return Who(
            session=known.get("session") or known.get("pid") or "",
            user=known.get("user"),
            database=known.get("database"),
            application=known.get("application"),
        )

    @property
    def names_sessions(self) -> bool:
        return any(f"%{escape}" in self.template for escape in "pc")

    @property
    def differs_by_time_alone(self) -> bool:
        """Does a time begin it, and is the rest the same for a whole session?"""
        (is_escape, first), *others = _tokens(self.template) or [(False, "")]
        changing = {*TIMES, "v", *VARYING} - {"s"}
        varies = any(is_escape and letter in changing for is_escape, letter in others)
        return is_escape and first in TIMES and not varies

    @property
    def has_transactions(self) -> bool:
        return "transaction" in self.roles


def compiled(template: str) -> Prefix:
    """The expression for a log_line_prefix; what is no escape there stands for itself."""
    builder = _Builder()
    tokens = _tokens(template)
    for index, (escape, text) in enumerate(tokens):
        following = next((t for e, t in tokens[index + 1 :] if not e), None)
        adjacent = index + 1 < len(tokens) and not tokens[index + 1][0]
        if escape and text == "q":
            # What follows is missing in the lines of background processes.
            builder.close_piece()
            builder.pattern += b"(?:"
            builder.open_optionals += 1
        elif escape and (text in TIMES or text in VARYING or text == "v"):
            builder.close_piece()
            builder.pattern += _expression(text, following if adjacent else None)
            if text in TIMES:
                builder.roles.append("time")
            elif text == "v":
                builder.roles.append("transaction")
        elif escape:
            builder.add(_expression(text, following if adjacent else None), NAMES.get(text))
        else:
            builder.add(re.escape(text.encode()), None)
    builder.close_piece()
    pattern = builder.pattern + b")?" * builder.open_optionals
    return Prefix(template, pattern, tuple(builder.roles), tuple(builder.pieces))


class _Builder:
    """A pattern while it is put together, piece by piece."""

    def __init__(self) -> None:
        self.pattern = b""
        self.roles: list[str] = []
        self.pieces: list[re.Pattern[bytes]] = []
        self.open_optionals = 0
        self._plain = self._named = b""
        self._names: set[str] = set()

    def add(self, expression: bytes, name: str | None) -> None:
        """To the piece that is open."""
        self._plain += expression
        if name is not None and name not in self._names:
            self._names.add(name)
            expression = b"(?P<%s>%s)" % (name.encode(), expression)
        self._named += expression

    def close_piece(self) -> None:
        """Only pieces that name somebody are caught."""
        if b"(?P<" in self._named:
            self.pattern += b"(" + self._plain + b")"
            self.roles.append("who")
            self.pieces.append(re.compile(self._named))
        else:
            self.pattern += self._plain
        self._plain = self._named = b""


def _tokens(template: str) -> list[tuple[bool, str]]:
    """Escapes (their letter; padding such as %-10u is dropped) and the text between, in turn."""
    found: list[tuple[bool, str]] = []
    position = 0
    for match in re.finditer(r"%(-?\d*)([A-Za-z%])", template):
        if match.start() > position:
            found.append((False, template[position : match.start()]))
        letter, padding = match[2], match[1]
        if letter == "%":
            found.append((False, "%"))
        else:
            # Padding puts spaces around the value, which belong to no other token.
            found += [(True, "pad"), (True, letter), (True, "pad")] if padding else [(True, letter)]
        position = match.end()
    if position < len(template):
        found.append((False, template[position:]))
    return found


def _expression(letter: str, following: str | None) -> bytes:
    """What the server writes for an escape; `following` is the text right after it."""
    if letter == "pad":
        return rb" *"
    if letter in ESCAPES:
        return ESCAPES[letter]
    if letter == "a" or following is None:
        return rb"[^\n]*?"  # an application's name holds what it likes
    return rb"[^\n" + re.escape(following[0].encode()) + rb"]*"
