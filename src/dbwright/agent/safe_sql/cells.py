"""From what the server sends to values of JSON: secrets masked, long ones cut."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from dbwright.agent.safe_sql.limits import Limits
from dbwright.agent.safe_sql.result import MASKED
from dbwright.agent.safe_sql.secrets import How, Labels, hidden_options, is_secret_name

__all__ = ["Cells"]

BOOLEAN = 16
INTEGERS = frozenset((20, 21, 23, 26))
FLOATS = frozenset((700, 701))
DOCUMENTS = frozenset((114, 3802))
SEPARATOR = len(", ")
PASSWORD = re.compile(
    r"(?P<before>(?:password|passwd|secret|token|api_?key)\"?\s*(?:=>?|:=|LIKE)?\s*(?:U&|E)?)"
    r"'(?:[^'\\]|''|\\.)*+'"
    r"|(?P<scheme>\b(?:postgres(?:ql)?|mysql|redis|amqp|mongodb)://[^\s:/@]*:)[^\s@/]+(?=@)",
    re.IGNORECASE,
)
"""Passwords in statements and URLs, wherever they stand."""
KEYWORD = re.compile(r"(?P<key>\b(?:ssl)?password\s*=\s*)(?:'(?:[^'\\]|\\.)*+'|[^\s'\"]+)")
"""In a connection string of libpq."""
MEMBER = re.compile(
    r"""(?P<before>(?P<quote>(?<!\\)\\*+"{1,4}+)(?P<name>[^"\\]{1,80})(?P=quote)\s*(?::|=>)\s*(?P=quote))"""
    r"""(?:(?!(?P=quote))(?:\\.|.))*+""",
    re.DOTALL,
)
"""A text in a document of JSON or in an hstore, up to its last quote; in a row each quote is
doubled, in an array it is escaped."""
CONNECTION = re.compile(r"\b(?:host|dbname|user)\s*=\s*[^\s=]")


class Cells:
    """Makes rows of JSON values, and keeps count."""

    def __init__(
        self,
        types: Sequence[int],
        labels: Sequence[Labels],
        secret_values: frozenset[str],
        limits: Limits,
    ) -> None:
        self._types = types
        self._labels = labels
        self._secret_values = secret_values
        self._limits = limits
        self.size = 0
        """Bytes of the cells so far."""
        self.cut = 0
        """Cells that were cut."""

    def row(self, row: Sequence[bytes | None]) -> tuple[Any, ...]:
        return tuple(self._cell(place, value) for place, value in enumerate(row))

    def _cell(self, place: int, value: bytes | None) -> Any:
        # What stands between cells in the answer.
        self.size += SEPARATOR
        if value is None:
            self.size += len("null")
            return None
        labels = self._labels[place] if place < len(self._labels) else frozenset()
        if any(label.how is How.ALL for label in labels):
            self.size += len(MASKED)
            return MASKED
        limit = self._limits.cell_bytes
        if len(value) > limit and not labels:
            return self._cut(value, limit)
        text = self._shown(value.decode(errors="replace"), labels)
        self.size += len(text)
        if len(text) > limit:
            return self._cut(text.encode(), limit)
        return _value(text, self._types[place])

    def _shown(self, text: str, labels: Labels) -> str:
        for label in labels:
            if label.how is How.OPTIONS:
                text = hidden_options(text, MASKED)
            elif label.how is How.SETTINGS and any(v in text for v in self._secret_values):
                text = MASKED
        return _without_passwords(text)

    def _cut(self, value: bytes, limit: int) -> str:
        self.cut += 1
        # A password at the place of the cut is whole in what is looked at.
        text = _without_passwords(value[: limit * 4].decode(errors="ignore"))
        kept = text.encode()[:limit].decode(errors="ignore")
        self.size += limit
        return f"{kept}… [cut, {len(value):,} bytes]"


def _without_passwords(text: str) -> str:
    if '"' in text and (":" in text or "=>" in text):
        text = MEMBER.sub(_hidden_member, text)
    if "'" not in text and "://" not in text and "password" not in text:
        return text
    text = PASSWORD.sub(_hidden, text)
    return KEYWORD.sub(rf"\g<key>{MASKED}", text) if CONNECTION.search(text) else text


def _hidden(match: re.Match[str]) -> str:
    if match["before"] is not None:
        return f"{match['before']}'{MASKED}'"
    return f"{match['scheme']}{MASKED}"


def _hidden_member(match: re.Match[str]) -> str:
    if is_secret_name(match["name"].lower()):
        return f"{match['before']}{MASKED}"
    return match[0]


def _document(text: str) -> Any:
    """As a value, unless no other reader could read it: JSON has no infinity, and UTF-8 no halves
    of characters."""
    try:
        value = json.loads(text, parse_constant=str, parse_float=_finite)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return text
    return value


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _value(text: str, type_oid: int) -> Any:
    if type_oid == BOOLEAN:
        return text == "t"
    if type_oid in INTEGERS:
        return int(text)
    if type_oid in FLOATS:
        number = float(text)
        return number if math.isfinite(number) else text
    if type_oid in DOCUMENTS:
        return _document(text)
    return text
