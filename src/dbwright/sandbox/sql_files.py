"""Which SQL files make up a database, in which order, and their text.

A folder of migrations is the database after all of them: the parts that take a migration back
(`*.down.sql`, what stands after `-- +goose Down`) are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dbwright.errors import FileUnreadable, UnknownTarget
from dbwright.sql.lexer import comments

__all__ = ["Script", "left_out", "read_script", "sql_files"]

_NUMBER = re.compile(r"(\d+)")
_MARKER = re.compile(r"--[ \t]*(?:\+goose|\+migrate|migrate:|@?down\b|@?up\b)", re.IGNORECASE)
_MARKERS = {
    "+goose up": True,
    "+goose down": False,
    "+migrate up": True,
    "+migrate down": False,
    "migrate:up": True,
    "migrate:down": False,
}
"""Comments of migration tools: does what follows build (or take back)?"""
_PLAIN_MARKERS = {"up": True, "down": False}
"""Too common as words: they count only where a file has both."""


@dataclass(frozen=True, slots=True)
class Script:
    """The text of a file, as far as it is to be run."""

    text: str
    notes: tuple[str, ...] = ()
    """What was done with the file; the ends of sentences that begin with its name."""


def sql_files(path: Path) -> tuple[Path, ...]:
    """The file itself, or the `*.sql` files below a folder in the order of their paths.

    Numbers are compared as numbers (2 before 10). What takes migrations back is left out (see
    `left_out`), and so are links that lead out of the folder. Raises UnknownTarget where there is
    no such file, or no SQL in the folder.
    """
    if path.is_file():
        return (path,)
    found = tuple(file for file in _below(path) if not _takes_back(file, path))
    if not found:
        what = "holds no .sql files" if path.is_dir() else "does not exist"
        raise UnknownTarget(f"{path} {what}.", "Name a .sql file, or a folder that holds some.")
    return found


def left_out(path: Path) -> tuple[Path, ...]:
    """The files below a folder that only take migrations back."""
    return () if path.is_file() else tuple(f for f in _below(path) if _takes_back(f, path))


def read_script(path: Path) -> Script:
    """The part of a file that builds, with the line numbers it has in the file.

    Raises FileUnreadable.
    """
    try:
        data = path.read_bytes()
    except OSError as problem:
        reason = problem.strerror or "it can't be read"
        raise FileUnreadable(f"{path}: {reason}.", "Check its name and permissions.") from None
    text, notes = _decode(path, data)
    del data
    if _MARKER.search(text):
        text, dropped = _without_down(text)
        if dropped:
            notes.append("the part that takes the migration back was left out.")
    return Script(text, tuple(notes))


def _below(folder: Path) -> list[Path]:
    inside = folder.resolve()
    return sorted(
        (
            file
            for file in folder.rglob("*")
            if file.suffix.lower() == ".sql"
            and file.is_file()
            and file.resolve().is_relative_to(inside)
        ),
        key=lambda file: [_natural(part) for part in file.relative_to(folder).parts],
    )


def _natural(name: str) -> list[tuple[int, int, str]]:
    """`v10` after `v2`; the name's stem first, so that `1.sql` stands before `1_more.sql`."""
    stem, _, ending = name.rpartition(".")
    return [
        (0, int(part), part) if part.isdecimal() else (1, 0, part.lower())
        for part in _NUMBER.split(stem or ending)
        if part
    ]


def _takes_back(file: Path, folder: Path) -> bool:
    name = file.name.lower()
    folders = [part.lower() for part in file.relative_to(folder).parts[:-1]]
    return (
        name == "down.sql"
        or name.endswith((".down.sql", "_down.sql", "-down.sql", ".undo.sql"))
        or name.startswith("rollback")
        or (name[0] == "u" and name[1:2].isdecimal() and "__" in name)  # Flyway's undo
        or "down" in folders
        or "rollback" in folders
    )


def _decode(path: Path, data: bytes) -> tuple[str, list[str]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), ["it was read as UTF-16."]
        except UnicodeDecodeError:
            raise _binary(path) from None
    if b"\0" in data:
        raise _binary(path, data.startswith(b"PGDMP"))
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError:
        return data.decode("latin-1"), ["it is not UTF-8, and was read as Latin-1."]


def _binary(path: Path, archive: bool = False) -> FileUnreadable:
    if archive:
        return FileUnreadable(
            f"{path} is an archive of pg_dump, not SQL text.",
            f"Turn it into SQL: pg_restore -f {path.stem}.sql {path.name}",
        )
    return FileUnreadable(f"{path} is not a text file.", "Name a file of SQL statements.")


def _without_down(text: str) -> tuple[str, bool]:
    """The text with the parts after a Down marker as empty lines."""
    marks: list[tuple[int, bool, bool]] = []
    for comment in comments(text):
        if comment.text.startswith("--"):
            words = " ".join(comment.text.lstrip("-").lower().split())
            builds = _MARKERS.get(words, _MARKERS.get(" ".join(words.split(" ")[:2])))
            if builds is None:
                builds = _MARKERS.get(words.split(" ")[0] if words else "")
            if builds is not None:
                marks.append((comment.offset, builds, False))
            elif words.lstrip("@") in _PLAIN_MARKERS:
                marks.append((comment.offset, _PLAIN_MARKERS[words.lstrip("@")], True))
    plain = {builds for _, builds, is_plain in marks if is_plain}
    if len(plain) < 2:
        marks = [mark for mark in marks if not mark[2]]
    return _blanked(text, marks)


def _blanked(text: str, marks: list[tuple[int, bool, bool]]) -> tuple[str, bool]:
    parts: list[str] = []
    position, building = 0, True
    for offset, builds, _ in [*marks, (len(text), True, False)]:
        part = text[position:offset]
        parts.append(part if building else "\n" * part.count("\n"))
        position, building = offset, builds
    return "".join(parts), any(not builds for _, builds, _ in marks)
