"""The text that the server gets, from the text that a driver gets.

Drivers put `$1` where an application writes `%s` or `%(name)s`, without a look at SQL's quotes:
so what they take for a placeholder is one. `%%` stands for a percent sign.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Values", "in_order", "numbered", "shown"]

Values = tuple[str | None, ...]
"""Of `$1`, `$2` …, as text; None is NULL."""

LONGEST_VALUE = 1000
"""Characters; a longer one is no typical value, and cutting it would make another of it."""

_PLACEHOLDER = re.compile(r"%(?:(%)|\(([^)]+)\)[sbt]|([sbt]))")


def numbered(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with `$1`, `$2` … and, where placeholders have names, the names in that order."""
    names: dict[str, int] = {}
    count = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal count
        if match[1]:
            return "%"
        if match[2]:
            return f"${names.setdefault(match[2], len(names) + 1)}"
        count += 1
        return f"${count}"

    return _PLACEHOLDER.sub(replace, text), tuple(names)


def shown(values: Any, names: Sequence[str]) -> Values | None:
    """The values of one call, in the order of `$1` …; None where they can't be told."""
    found = tuple(_text(value) for value in in_order(values, names))
    if any(value is not None and len(value) > LONGEST_VALUE for value in found):
        return None
    return found


def in_order(values: Any, names: Sequence[str]) -> list[Any]:
    """The values of `$1` …, of a sequence or a mapping. Raises KeyError, TypeError."""
    if type(values) is dict or isinstance(values, Mapping):
        return [values[name] for name in names] if names else list(values.values())
    return list(values)


def _text(value: Any) -> str | None:
    """As PostgreSQL reads it."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes | bytearray | memoryview):
        return "\\x" + bytes(value[: LONGEST_VALUE + 1]).hex()
    if isinstance(value, list):
        return "{" + ",".join(_element(element) for element in value) + "}"
    return str(value)


def _element(value: Any) -> str:
    """Of an array: nested ones as they are, text in quotes."""
    text = _text(value)
    if text is None:
        return "NULL"
    if isinstance(value, list):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
