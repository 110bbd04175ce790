"""Personal data in sample rows, hidden but recognisable: the same value gives the same mask, which
keeps the value's shape.

Each letter becomes another letter of its kind (capital, small, accented), each digit another digit;
everything else stays, so `Ann-Marie.Lee@example.com` may become `Kor-Xubqe.Wap@mcnltpa.qzw` and
`+49 30 1234567` a number as long. Which one is decided by HMAC-SHA-256 of the whole value under a
key: who has no key can't go back by trying values. The key is made for each `Masker`, unless one is
given to have the same masks again.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from dbwright.agent.safe_sql.result import ResultColumn
from dbwright.agent.safe_sql.secrets import is_secret_name
from dbwright.model.sensitive_names import personal_name

__all__ = ["Masker"]

SMALL, CAPITAL, DIGITS = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
MOMENTS = ("date", "timestamp")


class Masker:
    """Masks personal values, each to the same mask."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)

    def columns(self, columns: Iterable[ResultColumn]) -> frozenset[str]:
        """The names of the columns that sound personal. A hint alone (`phone`, `street`) is enough
        here: rows of a company are not worse for being masked."""
        return frozenset(
            column.name
            for column in columns
            if personal_name(column.name) is not None or is_secret_name(column.name)
        )

    def rows(
        self, rows: Iterable[Mapping[str, Any]], columns: Iterable[str]
    ) -> Iterator[dict[str, Any]]:
        """The rows with the values of these columns masked."""
        wanted = frozenset(columns)
        for row in rows:
            yield {
                name: self.value(value) if name in wanted else value for name, value in row.items()
            }

    def value(self, value: Any) -> Any:
        """One value masked: of its own type, and as long as it was. None stays None."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int):
            masked = self.text(str(abs(value)))
            return int(masked) * (-1 if value < 0 else 1)
        if isinstance(value, float):
            number = float(self.text(repr(value))) if value == value else value
            return number if math.isfinite(number) else None  # JSON has no infinity
        if isinstance(value, Mapping):
            return {name: self.value(inner) for name, inner in value.items()}
        if isinstance(value, Sequence):
            return [self.value(inner) for inner in value]
        return self.text(str(value))

    def text(self, text: str) -> str:
        """A text masked. A leading zero stays one, and no other digit becomes a leading zero."""
        letters: list[str] = []
        for letter, number in zip(text, self._stream(text), strict=False):
            letters.append(_other(letter, number, first=not any(map(str.isalnum, letters))))
        return "".join(letters)

    def _stream(self, text: str) -> Iterator[int]:
        """Numbers below 256 without end, that the value and the key decide."""
        block = 0
        while True:
            message = block.to_bytes(8, "big") + text.encode(errors="surrogatepass")
            yield from hmac.digest(self._key, message, hashlib.sha256)
            block += 1


def _other(letter: str, number: int, first: bool) -> str:
    if letter in DIGITS:
        if first:
            return letter if letter == "0" else DIGITS[1 + number % 9]
        return DIGITS[number % 10]
    category = unicodedata.category(letter)
    if category == "Nd":
        return DIGITS[number % 10]
    if category.startswith("L"):
        return (CAPITAL if category in ("Lu", "Lt") else SMALL)[number % 26]
    return letter
