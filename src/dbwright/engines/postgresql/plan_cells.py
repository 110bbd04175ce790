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

from dbwright.engines.postgresql.plan_wrapped import begins_in_text

__all__ = ["uncelled"]

HEADING = "QUERY PLAN"
BEGINNINGS = ("[", "(", '"', "{")
ESCAPED_ARROW = "-&gt;"
XML = ("<explain", "<Node-Type>")
PYTHON = ("'Plan'", "'Node Type'", "'QUERY PLAN'", "(cost=", "(actual ")
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
        return "\n".join(cell for cell in reader.cells if not _is_number(cell)) or text
    if ESCAPED_ARROW in text and not any(mark in text for mark in XML):
        page = _Page()
        page.feed(text)
        return "".join(page.parts)
    if DURATION in text and MARK in text:
        return "\n".join(_of_json(text) or _of_csv(text)) or text
    doubled = min((at for mark in DOUBLED if (at := text.find(mark)) >= 0), default=-1)
    if doubled >= 0 and not begins_in_text(text[:doubled]):
        in_quotes = any(end in text for end in ('"\n"', '"\r\n"'))  # each line by itself
        return "\n".join(_of_csv(text)) or (text if in_quotes else text.replace('""', '"'))
    if text.lstrip().startswith(BEGINNINGS):
        return _of_value(text.strip())
    if "\n" not in text.strip() and "\\n" in text:  # out of a string of some program
        return text.replace("\\n", "\n").replace('\\"', '"')
    return text


def _of_value(text: str) -> str:
    """Of what a program printed: an array of rows with a line each, a string, Python's literals."""
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return _of_lines(text) or _of_python(text)
    if isinstance(value, str):
        return value
    if isinstance(value, dict):  # such as an entry of a log
        texts = [one for one in value.values() if isinstance(one, str) and begins_in_text(one)]
        return texts[0] if texts and "Plan" not in value else text
    return _of_rows(value) or text


def _of_lines(text: str) -> str:
    """Of rows that are an object each, in lines of their own; empty where it is anything else."""
    lines = text.split("\n")
    if not lines[0].startswith("{") or HEADING not in lines[0]:
        return ""
    try:
        return _of_rows([json.loads(line) for line in lines if line.strip()])
    except (json.JSONDecodeError, RecursionError):
        return ""


def _of_python(text: str) -> str:
    """Rows, all in one list or each in a line of its own; or documents."""
    if not any(mark in text for mark in PYTHON) or text.startswith('"'):
        return text  # doubled quotes are CSV's, and not those of two texts
    for parts in ([text], [line for line in text.split("\n") if line.strip()]):
        try:
            values = [ast.literal_eval(part.strip()) for part in parts]
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        value = values[0] if len(values) == 1 else values
        return _of_rows([value] if isinstance(value, tuple) else value) or json.dumps(value)
    return text


def _of_rows(value: object) -> str:
    """The lines of rows with one column of text; empty where it is anything else."""
    rows = value if isinstance(value, list) else []
    cells = [_only_cell(row) for row in rows]
    lines = [cell for cell in cells if isinstance(cell, str)]
    return "\n".join(lines) if len(lines) == len(rows) else ""


def _only_cell(row: object) -> object:
    if isinstance(row, dict):
        return row.get(HEADING)
    return row[0] if isinstance(row, tuple | list) and len(row) == 1 else row


def _is_number(cell: str) -> bool:
    """Of a record, as psql's expanded display has it."""
    word, _, number = cell.partition(" ")
    return word == "Record" and number.isdecimal()


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


class _Page(HTMLParser):
    """The text of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("br", "pre", "p", "div"):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _of_json(text: str) -> list[str]:
    """A jsonlog has an object in each line."""
    return [message for line in text.split("\n") for message in _message(line)]


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
