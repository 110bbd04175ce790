"""Flyway: `V1.2__name.sql`, run once in the order of versions; `R__name.sql`, run after them
whenever it changes; `U1.2__name.sql` takes V1.2 back; `B1.2__name.sql` stands for all up to it.

A file is one transaction, unless all its statements refuse one, or `NAME.sql.conf` says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from dbwright.errors import BadMigration
from dbwright.migrate.files.layout import Layout, outside, read_sql, unnamed, with_way_back
from dbwright.model.migration import ReadMigration
from dbwright.model.report import Skipped
from dbwright.sql.outside import refuses_transactions

__all__ = ["LAYOUT"]

NAME = re.compile(r"([VURB])(\d+(?:[._]\d+)*)?__(.+)\.sql", re.DOTALL)
CALLBACK = re.compile(r"(?:before|after|create|do)[A-Z]\w*(?:__.*)?\.sql", re.DOTALL)
PART = re.compile(r"[._]")
IN_TRANSACTION = re.compile(r"^\s*executeInTransaction\s*=\s*(true|false)\s*$", re.I | re.M)
Version = tuple[int, ...]


def claims(folder: Path) -> bool:
    """Is there a file with a name of Flyway's, also further down?"""
    return folder.is_dir() and any(NAME.fullmatch(path.name) for path in folder.rglob("*__*.sql"))


def read(folder: Path) -> tuple[ReadMigration, ...]:
    """Other files (callbacks, `beforeMigrate.sql`) are passed over."""
    paths = sorted(path for path in folder.rglob("*.sql") if NAME.fullmatch(path.name))
    named = [(path, match) for path in paths if (match := NAME.fullmatch(path.name))]
    undone = {_version(match, path): path for path, match in named if match[1] == "U"}
    versions = sorted(
        ((_version(match, path), path, match) for path, match in named if match[1] == "V"),
        key=lambda one: one[0],
    )
    _require_different([(version, path) for version, path, _ in versions])
    based = max((_version(match, path) for path, match in named if match[1] == "B"), default=None)
    found = [
        _read(path, match, undone.get(version))
        for version, path, match in versions
        if based is None or version > based
    ]
    bases = [_read(path, m) for path, m in named if m[1] == "B" and _version(m, path) == based]
    again = sorted((match[3], path, match) for path, match in named if match[1] == "R")
    return (*bases, *found, *(_read(path, match) for _, path, match in again))


def _read(path: Path, match: re.Match[str], undo: Path | None = None) -> ReadMigration:
    version = (match[2] or "R").replace("_", ".")
    found = read_sql(path, version, match[3])
    statements = found.script.up
    conf = path.with_name(path.name + ".conf")
    said = IN_TRANSACTION.search(conf.read_text(errors="replace")) if conf.is_file() else None
    refuse = bool(statements) and all(refuses_transactions(one.text) for one in statements)
    if refuse if said is None else said[1].lower() == "false":
        found = outside(found)
    return found if undo is None else with_way_back(found, undo)


def _version(match: re.Match[str], path: Path) -> Version:
    if match[2] is None:
        raise BadMigration(
            f"the name of {path} tells no version", f"write it behind {match[1]}: {match[1]}1__name"
        )
    return _trimmed(int(part) for part in PART.split(match[2]))


def _trimmed(parts: Iterator[int]) -> Version:
    """1.2.0 is 1.2."""
    found = list(parts)
    while len(found) > 1 and not found[-1]:
        found.pop()
    return tuple(found)


def _require_different(versions: list[tuple[Version, Path]]) -> None:
    for (one, path), (other, later) in pairwise(versions):
        if one == other:
            raise BadMigration(
                f"{path} and {later} have the same version", "give the later one a higher number"
            )


def _passed_over(folder: Path) -> tuple[Skipped, ...]:
    """What Flyway leaves out without a word, such as V3_name.sql: those of callbacks are meant."""
    return tuple(
        unnamed(path, "V3__name.sql")
        for path in sorted(folder.rglob("*.[sS][qQ][lL]"))
        if not (NAME.fullmatch(path.name) or CALLBACK.fullmatch(path.name))
    )


LAYOUT = Layout("flyway", claims, read, passed_over=_passed_over)
