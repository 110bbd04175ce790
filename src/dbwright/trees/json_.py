"""JSON, with the line of each value."""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from dbwright.errors import BadDocument
from dbwright.trees.tree import MOST_DEPTH, MOST_VALUES, Path, Tree

__all__ = ["read_json"]

SPACE = re.compile(r"[ \t\n\r]*")
SCALAR = re.compile(r"[^\s,\]}]+")


def read_json(text: str, name: str) -> Tree:
    """The file's values. Raises BadDocument with the line."""
    try:
        value = json.loads(text, object_pairs_hook=_pairs, parse_constant=_constant)
    except json.JSONDecodeError as problem:
        raise BadDocument(f"{name}:{problem.lineno}: no JSON: {problem.msg}", "mend it") from None
    except _Twice as problem:
        raise BadDocument(f"{name}: {problem} is there twice", "keep one of them") from None
    except RecursionError:
        raise _too_much(name, 1, f"nested deeper than {MOST_DEPTH}") from None
    except ValueError as problem:
        raise BadDocument(f"{name}: no JSON: {problem}", "mend it") from None
    return Tree(name, value, _lines(text, name), is_json=True)


class _Twice(Exception):
    """A name is twice in an object."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        raise _Twice(repr(next(key for key in names if names.count(key) > 1)[:60]))
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _lines(text: str, name: str) -> dict[Path, int]:
    """The line of each value of a text that is known to be JSON."""
    lines: dict[Path, int] = {}
    around: list[tuple[str, Path]] = []
    numbers: list[int] = []
    at, line, counted = 0, 1, 0
    key: str | None = None
    while True:
        space = SPACE.match(text, at)
        at = space.end() if space else at
        if at >= len(text):
            return lines
        line += text.count("\n", counted, at)
        counted = at
        letter = text[at]
        if letter in "]}":
            around.pop()
            numbers.pop()
            at += 1
        elif letter in ",:":
            at += 1
        elif letter == '"' and around and around[-1][0] == "{" and key is None:
            key, at = scanstring(text, at + 1)
        else:
            path: Path = ()
            if around:
                kind, above = around[-1]
                path = (*above, numbers[-1] if kind == "[" or key is None else key)
                numbers[-1] += 1
                key = None
            lines[path] = line
            if len(lines) > MOST_VALUES:
                raise _too_much(name, line, f"more than {MOST_VALUES:,} values")
            if letter in "[{":
                if len(around) >= MOST_DEPTH:
                    raise _too_much(name, line, f"nested deeper than {MOST_DEPTH}")
                around.append((letter, path))
                numbers.append(0)
                at += 1
            elif letter == '"':
                at = scanstring(text, at + 1)[1]
            else:
                scalar = SCALAR.match(text, at)
                at = scalar.end() if scalar else at + 1


def _too_much(name: str, line: int, what: str) -> BadDocument:
    return BadDocument(f"{name}:{line}: {what} is refused", "make it smaller")
