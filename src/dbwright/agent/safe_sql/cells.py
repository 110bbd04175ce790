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

__all__ = ["Cells", "without_passwords"]

BOOLEAN = 16
INTEGERS = frozenset((20, 21, 23, 26))
FLOATS = frozenset((700, 701))
DOCUMENTS = frozenset((114, 3802))
NO_DOCUMENT = object()
LONGEST_NAME = 80
"""Bytes."""
SEPARATOR = len(", ")
PASSWORD = re.compile(
    r"(?P<before>(?:password|passwd|secret|token|api_?key)\"?\)?(?:::[a-z ]+)?\s*"
    r"(?:=>?|<>|:=|LIKE)?\s*(?:U&|E)?)"
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
NESTED = re.compile(
    r"""(?:[\\"]{2,}(?P<inner>[^"\\]{1,80})[\\"]{2,}\s*(?::|=>)"""
    r"""|"(?P<name>[^"\\]{1,80})"\s*:(?=\s*[-\d\[{]))\s*+(?!null|true|false|NULL)"""
)
"""The same where the document is a text in an array, a row or another document, or the member is
no text."""
CONNECTION = re.compile(r"\b(?:host|dbname|user)\s*=\s*[^\s=]")


class Cells:
    """Makes rows of JSON values, and keeps count."""

    def __init__(
        self,
        types: Sequence[int],
        labels: Sequence[Labels],
        secret_values: frozenset[str],
        limits: Limits,
        *,
        secret_literals: frozenset[str] = frozenset(),
        members: bool = False,
    ) -> None:
        """`members`: does the query take documents apart, so that a member's name may stand in one
        cell and its value in another?"""
        self._types = types
        self._labels = labels
        self._secret_values = secret_values
        self._secret_literals = secret_literals
        self._members = members
        self._limits = limits
        self.size = 0
        """Bytes of the cells so far."""
        self.cut = 0
        """Cells that were cut."""

    def row(self, row: Sequence[bytes | None]) -> tuple[Any, ...]:
        named = self._members and any(map(_names_secret, row))
        return tuple(
            MASKED
            if named and value is not None and not _names_secret(value) and self._is_text(place)
            else self._cell(place, value)
            for place, value in enumerate(row)
        )

    def _is_text(self, place: int) -> bool:
        return self._types[place] not in (BOOLEAN, *INTEGERS, *FLOATS)

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
        text = value.decode(errors="replace")
        if self._types[place] in DOCUMENTS and not labels and len(text) <= limit:
            document = _document(text)
            if document is not NO_DOCUMENT:
                self.size += len(text)
                return document
        text = self._shown(text, labels)
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
            elif label.how is How.LITERALS:
                for literal in self._secret_literals:
                    text = text.replace(literal, MASKED)
        return without_passwords(text)

    def _cut(self, value: bytes, limit: int) -> str:
        self.cut += 1
        # A password at the place of the cut is whole in what is looked at.
        text = without_passwords(value[: limit * 4].decode(errors="ignore"))
        kept = text.encode()[:limit].decode(errors="ignore")
        self.size += limit
        return f"{kept}… [cut, {len(value):,} bytes]"


def without_passwords(text: str) -> str:
    """The text with the passwords masked that its own words tell of."""
    if '"' in text and (":" in text or "=>" in text):
        text = MEMBER.sub(_hidden_member, _without_nested(text))
    if "'" not in text and "://" not in text and "password" not in text:
        return text
    text = PASSWORD.sub(_hidden, text)
    return KEYWORD.sub(rf"\g<key>{MASKED}", text) if CONNECTION.search(text) else text


def _without_nested(text: str) -> str:
    """Up to the first secret in a document that stands in a text: where that one ends depends on
    how often its quotes were escaped, so nothing behind it is shown."""
    for match in NESTED.finditer(text):
        if is_secret_name((match["inner"] or match["name"]).lower()):
            return f"{text[: match.end()]}{MASKED}"
    return text


def _names_secret(value: bytes | None) -> bool:
    return (
        value is not None
        and len(value) < LONGEST_NAME
        and is_secret_name(value.decode(errors="replace").strip('"').lower())
    )


def _hidden(match: re.Match[str]) -> str:
    if match["before"] is not None:
        return f"{match['before']}'{MASKED}'"
    return f"{match['scheme']}{MASKED}"


def _hidden_member(match: re.Match[str]) -> str:
    if is_secret_name(match["name"].lower()):
        return f"{match['before']}{MASKED}"
    return match[0]


def _document(text: str) -> Any:
    """As a value without secrets, or NO_DOCUMENT where no other reader could read it: JSON has no
    infinity, and UTF-8 no halves
    of characters."""
    try:
        value = _hidden_members(json.loads(text, parse_constant=str, parse_float=_finite))
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return NO_DOCUMENT
    return value


def _hidden_members(value: Any) -> Any:
    """Without what stands under the name of a secret, numbers and lists as well."""
    if isinstance(value, list):
        return [_hidden_members(one) for one in value]
    if isinstance(value, str):
        return without_passwords(value)
    if not isinstance(value, dict):
        return value
    return {
        name: MASKED
        if one is not None and not isinstance(one, bool) and is_secret_name(name.lower())
        else _hidden_members(one)
        for name, one in value.items()
    }


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
    return text
