"""Text from a database, made safe to show: nothing in a name can drive a terminal or hide a line.

Names and messages may hold anything a server accepts: newlines, escape sequences, marks that turn
the direction of writing. `visible` shows those as escapes; `json_text` writes JSON in which they
are escapes too, so that every format can be printed to a terminal.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Callable, Iterable

from dbwright.trees.unsafe import without_unsafe

__all__ = [
    "COPY_ELSEWHERE",
    "finite",
    "fold",
    "joined",
    "json_text",
    "plural",
    "same_sql",
    "visible",
    "visible_sql",
]

JOINERS = frozenset("\u200c\u200d")
"""Format characters that scripts and emoji need; all others are shown as escapes."""

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories: control, format, surrogate, line and paragraph separators."""

NEVER_IN_XML = frozenset("\ufffe\uffff")

COPY_ELSEWHERE = "shown with escapes: copy the SQL from --format json"
"""Said beside SQL that is not `same_sql`."""

SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape(character: str) -> str:
    """The character as Python would write it in a string: `\\n`, `\\x1b`, `\\u202e`."""
    code = ord(character)
    if character in SHORT:
        return SHORT[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def is_hidden(character: str) -> bool:
    if character in JOINERS:
        return False
    return character in NEVER_IN_XML or unicodedata.category(character) in HIDDEN


def visible(text: str) -> str:
    """The text on one line, with what can't be seen shown as escapes."""
    return shown(text, is_hidden)


def visible_sql(sql: str) -> str:
    """The same for SQL, whose line breaks and tabs stay."""
    return shown(sql.replace("\r\n", "\n"), lambda c: c not in "\n\t" and is_hidden(c)).strip("\n")


def same_sql(sql: str, seen: str) -> bool:
    """Would copying what is seen give the same SQL? (Not where a name holds escapes.)"""
    return sql.replace("\r\n", "\n").strip("\n") == seen


def shown(text: str, hidden: Callable[[str], bool]) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(escape(c) if hidden(c) else c for c in text)


def fold(text: str) -> str:
    """A text of several lines (why, advice) as one paragraph."""
    return visible(" ".join(text.split()))


def joined(parts: Iterable[str], limit: int = 6) -> str:
    """The parts with commas; only the first `limit` and how many more there are."""
    every = list(parts)
    head = ", ".join(visible(part) for part in every[:limit])
    return head if len(every) <= limit else f"{head} and {len(every) - limit:,} more"


def plural(count: int, noun: str) -> str:
    """`1 table`, `2 tables`, `3 policies`, `4 indexes`."""
    if count == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        noun = noun[:-1] + "ie"
    elif noun.endswith(("s", "x", "ch", "sh")):
        noun += "e"
    return f"{count:,} {noun}s"


def finite(value: object) -> object:
    """The value, or None where JSON has no way to write it (NaN, infinity)."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def json_text(document: object) -> str:
    """JSON with two spaces of indentation, in the order given, and a newline at the end."""
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    return without_unsafe(text) + "\n"
