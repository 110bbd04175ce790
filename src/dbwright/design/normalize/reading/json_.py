"""JSON: an array of objects, or one object a line. Values that are no scalars are kept as text and
told: a cell of a relation holds one value (1NF)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dbwright.design.normalize.reading.checked import (
    finished,
    limit_note,
    require_names,
    wanted_columns,
)
from dbwright.design.normalize.reading.options import ReadingOptions
from dbwright.design.normalize.relation import Builder, Relation
from dbwright.errors import BadData, FileUnreadable
from dbwright.progress import Progress

__all__ = ["cell", "read_json"]

DECODER = json.JSONDecoder(parse_float=str, parse_int=str)
"""Numbers stay as they are written."""
SPACE = " \t\r\n"


def read_json(path: Path, name: str, options: ReadingOptions, progress: Progress) -> Relation:
    """The file as a relation. Raises BadData with file:line:column, FileUnreadable."""
    progress(f"reading {path.name}")
    try:
        text = path.read_text(encoding=options.encoding or "utf-8-sig")
    except OSError as problem:
        raise FileUnreadable(f"can't read {path}: {problem.strerror}", "check the path") from None
    except LookupError:
        raise BadData(f"no encoding is named {options.encoding!r}", "such as utf-16") from None
    except UnicodeDecodeError as problem:
        before = problem.object[: problem.start]
        line = before.count(b"\n") + 1
        column = len(before) - (before.rfind(b"\n") + 1) + 1
        raise BadData(
            f"{path}:{line}:{column}: the byte 0x{problem.object[problem.start]:02x} is no "
            f"{problem.encoding}",
            "say what it is: --encoding latin-1",
        ) from None
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    for row in _objects(text, path):
        if len(rows) == options.limit:
            notes.append(limit_note(len(rows)))
            break
        rows.append(row)
    return _relation(path, name, options, rows, notes)


def _relation(
    path: Path, name: str, options: ReadingOptions, rows: list[dict[str, Any]], notes: list[str]
) -> Relation:
    # The order of first sight; a key that an object does not have is NULL in its row.
    names = list(dict.fromkeys(key for row in rows for key in row))
    places = [f"{path}:1:1"] * len(names)
    require_names(names, places)
    kept = [names[number] for number in wanted_columns(names, options, places)] if names else []
    builder = Builder(kept)
    nested: dict[str, int] = {}
    for key in kept:
        count = sum(isinstance(row.get(key), dict | list) for row in rows)
        if count:
            nested[key] = count
    for start in range(0, len(rows), 5000):
        builder.add([[cell(row.get(key)) for key in kept] for row in rows[start : start + 5000]])
    whole = not notes
    return finished(
        builder,
        name=name,
        source=str(path),
        place=f"{path}:1:1",
        notes=notes,
        whole=whole,
        nested=nested,
    )


def cell(value: Any) -> str | None:
    """A value as the text of a cell."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return str(value)


def _objects(text: str, path: Path) -> Iterator[dict[str, Any]]:
    position = _skip(text, 0)
    if position == len(text):
        raise BadData(f"{path}:1:1: the file is empty", "give an array of objects")
    array = text[position] == "["
    if array:
        position = _skip(text, position + 1)
    first = True
    while position < len(text):
        if array and text[position] == "]":
            rest = _skip(text, position + 1)
            if rest < len(text):
                raise _refused(path, text, rest, "more text behind the array")
            return
        if array and not first:
            if text[position] != ",":
                raise _refused(path, text, position, "a comma is missing")
            position = _skip(text, position + 1)
        value, end = _value(text, position, path)
        if not isinstance(value, dict):
            raise _refused(path, text, position, "this is no object")
        yield value
        first = False
        position = _skip(text, end)
    if array:
        raise _refused(path, text, len(text), "the array is never closed")


def _value(text: str, position: int, path: Path) -> tuple[Any, int]:
    try:
        return DECODER.raw_decode(text, position)
    except json.JSONDecodeError as problem:
        raise _refused(path, text, problem.pos, problem.msg[:1].lower() + problem.msg[1:]) from None
    except RecursionError:
        raise _refused(path, text, position, "it nests too deep") from None


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in SPACE:
        position += 1
    return position


def _refused(path: Path, text: str, position: int, said: str) -> BadData:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return BadData(
        f"{path}:{line}:{column}: {said}", "an array of objects, or one object a line, is read"
    )
