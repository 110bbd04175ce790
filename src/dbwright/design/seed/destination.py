"""Where rows go: into files, proven in the sandbox; or into a database."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import psycopg

from dbwright.design.seed.copy_text import value
from dbwright.design.seed.judge import Judge
from dbwright.design.seed.plan import Plan
from dbwright.engines.postgresql.session import first_line
from dbwright.errors import FileUnreadable, UsageError
from dbwright.model.names import quote

__all__ = ["Database", "Destination", "Files", "Refused"]

CHUNK = 1 << 18
"""Bytes that are sent at once."""


class Refused(Exception):
    """The server took none of a table's rows, and said why; `constraint` where it named one."""

    def __init__(self, problem: psycopg.Error) -> None:
        self.reason = first_line(problem)
        self.constraint = problem.diag.constraint_name or ""
        super().__init__(self.reason)


class Destination(Protocol):
    def fill(self, plan: Plan, batches: Iterable[list[str]]) -> int:
        """Put all rows of a table there, or none; how many. Raises Refused."""
        ...


class Database:
    """A database that is there for it: the target, within one transaction."""

    def __init__(self, connection: psycopg.Connection[Any], asked: Judge) -> None:
        self._connection = connection
        self._asked = asked

    def fill(self, plan: Plan, batches: Iterable[list[str]]) -> int:
        try:
            with self._connection.transaction():
                if plan.judged and self._asked.connection is self._connection:
                    return sum(map(len, batches))  # it was asked by putting them there
                return _copy(self._connection, plan, batches)
        except psycopg.Error as problem:
            if self._connection.closed:
                raise
            raise Refused(problem) from None


class Files:
    """A folder that is there when all is in it: it is made beside its place, under another name."""

    def __init__(self, folder: Path, judge: Judge, csv: bool) -> None:
        """Raises UsageError where something is there, FileUnreadable."""
        self._folder = folder
        self._judge = judge
        self._csv = csv
        self.files: dict[str, str] = {}
        """By table."""
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder} is there and not empty", "name a new folder with -o")
        self._unfinished = folder.with_name(f".{folder.name}.unfinished")
        try:
            shutil.rmtree(self._unfinished, ignore_errors=True)  # of a run that was ended
            self._unfinished.mkdir(parents=True)
        except OSError as problem:
            raise _unwritable(folder, problem) from None

    def fill(self, plan: Plan, batches: Iterable[list[str]]) -> int:
        name = self._name(plan)
        path = self._unfinished / name
        try:
            with path.open("wb") as file:
                self._begin(file, plan)
                written = self._written(file, batches)
                if plan.judged:  # the judge has them already
                    count = sum(map(len, written))
                else:
                    with self._judge.connection.transaction():
                        count = _copy(self._judge.connection, plan, written)
                if not self._csv:
                    file.write(b"\\.\n")
        except psycopg.Error as problem:
            if self._judge.connection.closed:
                raise
            path.unlink()
            raise Refused(problem) from None
        except OSError as problem:
            raise _unwritable(self._folder, problem) from None
        if count:
            self.files[plan.table.qualified] = name
        else:
            path.unlink()
        return count

    def finish(self, script: str) -> None:
        """Write load.sql, and give the folder its name."""
        try:
            (self._unfinished / "load.sql").write_text(script, encoding="utf-8")
            self._unfinished.replace(self._folder)
        except OSError as problem:
            raise _unwritable(self._folder, problem) from None

    def give_up(self) -> None:
        shutil.rmtree(self._unfinished, ignore_errors=True)

    def _name(self, plan: Plan) -> str:
        plain = f"{plan.table.schema}.{plan.table.name}"
        safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in plain)[:80]
        return f"{len(self.files) + 1:03d}_{safe}.{'csv' if self._csv else 'sql'}"

    def _begin(self, file: Any, plan: Plan) -> None:
        if self._csv:
            file.write((",".join(map(_csv, plan.columns)) + "\n").encode())
        else:
            names = ", ".join(map(quote, plan.columns))
            file.write(f"COPY {plan.table.qualified} ({names}) FROM stdin;\n".encode())

    def _written(self, file: Any, batches: Iterable[list[str]]) -> Iterator[list[str]]:
        for lines in batches:
            if self._csv:
                rows = (",".join(_csv(value(one)) for one in line.split("\t")) for line in lines)
                text = "\n".join(rows)
            else:
                text = "\n".join(lines)
            file.write(f"{text}\n".encode())
            yield lines


def _copy(connection: psycopg.Connection[Any], plan: Plan, batches: Iterable[list[str]]) -> int:
    names = ", ".join(map(quote, plan.columns))
    copy_in = f"COPY {plan.table.qualified} ({names}) FROM STDIN"
    count = 0
    with connection.cursor() as cursor, cursor.copy(copy_in.encode()) as copy:
        for lines in batches:
            count += len(lines)
            sent = BytesIO(("\n".join(lines) + "\n").encode())
            while piece := sent.read(CHUNK):
                copy.write(piece)
    return count


def _csv(value: str | None) -> str:
    """NULL is nothing, an empty text two quotes: as COPY reads it."""
    if value is None:
        return ""
    if value == "" or any(letter in value for letter in ',"\n\r\\') or value != value.strip():
        return '"' + value.replace('"', '""') + '"'
    return value


def _unwritable(folder: Path, problem: OSError) -> FileUnreadable:
    return FileUnreadable(
        f"can't write {folder}: {problem.strerror}", "name another folder with -o"
    )
