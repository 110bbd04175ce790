"""A plan out of what it stands in: cells of HTML or CSV, rows as a program prints them, a log.

Spreadsheets and psql's --csv put a whole plan in JSON or YAML into one cell in quotes; psql's -H
writes a table's cell for each line; programs print rows as objects, Python as its own literals;
auto_explain's messages are quoted as the log's format wants. A log of the plain format has the plan
as it is.
"""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Iterator
from html.parser import HTMLParser

__all__ = ["uncelled"]

HEADING = "QUERY PLAN"
BEGINNINGS = ("[", "(", '"')
PYTHON = ("'Plan'", "'Node Type'", "'QUERY PLAN'")
CELL = "<td"
MARK = " plan:"
DURATION = "duration: "
DOUBLED = ('""Plan""', '""Query Text""', '""http://www.postgresql.org/', 'Node Type: ""')
"""What shows that a plan in JSON, XML or YAML stands in a cell of CSV."""


def uncelled(text: str) -> str:
    """The texts of the cells with plans; a text without such cells as it is."""
    if CELL in text.lower():
        reader = _Cells()
        reader.feed(text)
        return "\n".join(reader.cells) or text
    if DURATION in text and MARK in text:
        return "\n".join(_of_json(text) or _of_csv(text)) or text
    if any(mark in text for mark in DOUBLED):
        return "\n".join(_of_csv(text)) or text.replace('""', '"')
    if text.lstrip().startswith(BEGINNINGS):
        return _of_value(text.strip())
    return text


def _of_value(text: str) -> str:
    """Of what a program printed: an array of rows with a line each, a string, Python's literals."""
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        if not any(name in text for name in PYTHON):
            return text
        try:
            return json.dumps(ast.literal_eval(text))
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            return text
    if isinstance(value, str):
        return value
    rows = value if isinstance(value, list) else []
    cells = [row.get(HEADING) if isinstance(row, dict) else row for row in rows]
    lines = [cell for cell in cells if isinstance(cell, str)]
    return "\n".join(lines) if lines and len(lines) == len(rows) else text


class _Cells(HTMLParser):
    """The texts of a table's cells."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.cells: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "td":
            self.cells.append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.cells[-1] += data


def _of_json(text: str) -> list[str]:
    """A jsonlog has an object in each line."""
    return [message for line in text.splitlines() for message in _message(line)]


def _message(line: str) -> Iterator[str]:
    if line.lstrip().startswith("{") and '"message"' in line:
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            return  # a line of something else
        message = entry.get("message") if isinstance(entry, dict) else None
        if isinstance(message, str) and _is_logged(message):
            yield message


def _of_csv(text: str) -> list[str]:
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    rows = csv.reader(text.splitlines(keepends=True))
    return [cell for row in rows for cell in row if _is_logged(cell) or _is_document(cell)]


def _is_logged(cell: str) -> bool:
    return cell.startswith(DURATION) and cell.partition("\n")[0].rstrip().endswith(MARK)


def _is_document(cell: str) -> bool:
    return "\n" in cell and any(mark.replace('""', '"') in cell for mark in DOUBLED)
