"""CSV: what separates is found out, and every row must have as many fields as the header."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

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

__all__ = ["read_csv"]

DELIMITERS = ",;\t|"
LONGEST_FIELD = 1 << 24
"""Characters; beyond it a quote was most likely never closed."""
SAMPLE_LINES = 50
CHUNK = 5000
"""Rows."""
NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}


def read_csv(path: Path, name: str, options: ReadingOptions, progress: Progress) -> Relation:
    """The file as a relation. Raises BadData with file:line:column, FileUnreadable."""
    encoding = options.encoding or _by_mark(path)
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise BadData(f"no encoding is named {encoding!r}", "such as utf-8 or latin-1") from None
    try:
        with path.open(encoding=encoding, newline="") as file:
            return _Reading(path, name, options, progress, encoding).read(_Lines(file, path))
    except UnicodeError:
        raise _undecodable(path, encoding) from None
    except OSError as problem:
        raise FileUnreadable(f"can't read {path}: {problem.strerror}", "check the path") from None


class _Lines:
    """The file's lines, the last of them kept for messages."""

    def __init__(self, lines: Iterator[str], path: Path) -> None:
        self.path = path
        self.number = 0
        self.ahead: list[str] = list(islice(lines, SAMPLE_LINES))
        self._all = chain(self.ahead, lines)
        self.last = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.last = next(self._all)
        self.number += 1
        if "\0" in self.last:
            place = f"{self.path}:{self.number}:{self.last.index(chr(0)) + 1}"
            raise BadData(f"{place}: a NUL is no text", "mend the row, or say its --encoding")
        return self.last


class _Reading:
    def __init__(
        self, path: Path, name: str, options: ReadingOptions, progress: Progress, encoding: str
    ) -> None:
        self.path, self.name, self.options, self.progress = path, name, options, progress
        self.quote = options.quote or '"'
        self.delimiter = ","
        self.notes = [f"read as {encoding}"] if encoding not in ("utf-8", "utf-8-sig") else []
        if len(self.quote) != 1 or len(options.delimiter or ",") != 1:
            raise BadData("--delimiter and --quote are one character each", "such as ';'")

    def read(self, lines: _Lines) -> Relation:
        self.delimiter = self.options.delimiter or self.sniffed(lines.ahead)
        if not self.options.delimiter and self.delimiter != ",":
            self.notes.append(f"fields are separated by {NAMES[self.delimiter]}s")
        csv.field_size_limit(LONGEST_FIELD)
        reader = csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote, strict=True)
        records = self.records(reader)
        header = next(records, None)
        if header is None:
            raise BadData(f"{self.path}:1:1: the file is empty", "give a file with a header")
        line, first = header
        names = first if self.options.header else [f"column{n}" for n in range(1, len(first) + 1)]
        places = [
            f"{self.path}:{line}:{_offset(lines.last, n, self.delimiter, self.quote)}"
            for n in range(len(first))
        ]
        require_names(names, places)
        wanted = wanted_columns(names, self.options, places)
        builder = Builder([names[number] for number in wanted])
        width = len(names)
        everything = len(wanted) == width
        nulls = {"", *self.options.null}
        waiting = [] if self.options.header else [first]
        chunk: list[list[str | None]] = []
        for row in waiting:
            chunk.append([None if cell in nulls else cell for cell in row])
        whole = True
        for line, row in records:
            if len(row) != width:
                raise self.ragged(line, row, width, lines.last)
            if builder.rows + len(chunk) == self.options.limit:
                whole = False
                self.notes.append(limit_note(builder.rows + len(chunk)))
                break
            cells = row if everything else [row[number] for number in wanted]
            chunk.append([None if cell in nulls else cell for cell in cells])
            if len(chunk) == CHUNK:
                builder.add(chunk)
                chunk = []
                self.progress(f"reading {self.path.name}: {builder.rows:,} rows")
        builder.add(chunk)
        return finished(
            builder,
            name=self.name,
            source=str(self.path),
            place=f"{self.path}:{line + 1 if builder.rows == 0 else line}:1",
            notes=self.notes,
            whole=whole,
        )

    def records(self, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
        """Each with the line on which it begins; lines with nothing on them are none."""
        line = 1
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as problem:
                raise BadData(
                    f"{self.path}:{line}:1: no CSV from this row on: {problem}",
                    "is a quote never closed? --quote and --delimiter say what they are",
                ) from None
            if row:
                yield line, row
            line = reader.line_num + 1  # type: ignore[attr-defined]

    def sniffed(self, lines: list[str]) -> str:
        """What separates most fields, the same number of them on every line if there is such."""
        best, most = ",", (False, 1)
        for delimiter in DELIMITERS:
            try:
                rows = [
                    row
                    for row in csv.reader(lines, delimiter=delimiter, quotechar=self.quote)
                    if row
                ]
            except csv.Error:
                continue
            # The last may be cut where the sample ends.
            widths = {len(row) for row in rows[: max(2, len(rows) - 1)]}
            found = (len(widths) == 1 and max(widths) > 1, len(rows[0]) if rows else 1)
            if found > most:
                best, most = delimiter, found
        return best

    def ragged(self, line: int, row: list[str], width: int, text: str) -> BadData:
        column = (
            _offset(text, width, self.delimiter, self.quote)
            if len(row) > width
            else len(text.rstrip("\r\n")) + 1
        )
        return BadData(
            f"{self.path}:{line}:{column}: {len(row)} fields, and the header has {width}",
            f"mend the row; fields are taken to be separated by {self.delimiter!r} and "
            f"enclosed in {self.quote!r}",
        )


def _offset(line: str, field: int, delimiter: str, quote: str) -> int:
    """Where the field begins on the line; both the result and the line's places start at 1."""
    quoted = False
    for position, letter in enumerate(line):
        if not field:
            return position + 1
        if letter == quote:
            quoted = not quoted
        elif letter == delimiter and not quoted:
            field -= 1
    return len(line.rstrip("\r\n")) + 1 if field else len(line) + 1


def _by_mark(path: Path) -> str:
    """UTF-8, unless the file begins with a mark that says otherwise."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as problem:
        raise FileUnreadable(f"can't read {path}: {problem.strerror}", "check the path") from None
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig"


def _undecodable(path: Path, encoding: str) -> BadData:
    """The place of the first bytes that are no text."""
    data = path.read_bytes()
    name = "utf-8" if encoding == "utf-8-sig" else encoding
    try:
        data.decode(encoding)
    except UnicodeDecodeError as problem:
        before = data[: problem.start].decode(encoding, "replace")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        what = data[problem.start : problem.start + 1].hex()
        return BadData(
            f"{path}:{line}:{column}: the byte 0x{what} is no {name}",
            "say what it is: --encoding latin-1 (or windows-1252, utf-16 …)",
        )
    except UnicodeError as problem:
        return BadData(f"{path}:1:1: no {name}: {problem}", "say what it is: --encoding latin-1")
    return BadData(f"{path}:1:1: no {name}", "say what it is: --encoding latin-1")
