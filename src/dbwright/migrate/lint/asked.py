"""Which files are judged, after which others, and on which schema."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from dbwright.engines.postgresql.connect import connect
from dbwright.errors import BadMigration, TargetError, UsageError
from dbwright.migrate.files.find import Found, alone, around, read_all
from dbwright.migrate.files.layouts.one_file import STDIN, read_stdin
from dbwright.migrate.history.elsewhere import done_elsewhere
from dbwright.migrate.history.table import History
from dbwright.model.migration import ReadMigration
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.target import Live, Target

__all__ = ["Asked", "On", "asked_for"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run of the linter is about."""

    judged: tuple[ReadMigration, ...]
    earlier: tuple[ReadMigration, ...] = ()
    """Those that made the schema, where no target has it."""
    together: bool = True
    """Are they one deployment?"""
    sets_lock_timeout: bool = False
    """Does the tool that runs them keep waits for locks short by itself?"""
    passed_over: tuple[Skipped, ...] = ()
    """Files of their folder that are none of it by their names."""


@dataclass(frozen=True, slots=True)
class On:
    """The database that they are for."""

    target: Target
    snapshot: Snapshot
    table: str
    """The history's."""


def asked_for(names: Sequence[str], since: str | None, on: On | None) -> Asked:
    """Files are judged as they are named; of a folder those that the target's history has not, or
    from the version `since` on, or (without either) all, each as a deployment of its own.

    Raises FileUnreadable, BadMigration, UsageError.
    """
    if STDIN in names:
        if len(names) > 1:
            raise UsageError("- stands for what comes in, and is no file among others", "name one")
        return Asked(read_stdin())
    paths = [_file_of(Path(name)) for name in names]
    folders = [path for path in paths if path.is_dir()]
    if folders and len(paths) > 1:
        raise UsageError(f"{folders[0]} is a folder, and not the only one", "name files, or it")
    if folders:
        return _of_folder(read_all(folders[0]), folders[0], since, on)
    if since is not None:
        raise UsageError("--from is for a folder", "name the folder, or leave --from out")
    return _of_files(paths, on)


def _file_of(path: Path) -> Path:
    """The migration's file, where the path is the folder of one migration."""
    return (path.is_dir() and alone(path)) or path


def _of_files(paths: Sequence[Path], on: On | None) -> Asked:
    """The files, in the order of their folder where that has one."""
    found = around(paths[0]) if paths[0].is_file() else None
    wanted = {path.resolve() for path in paths}
    known = [] if found is None else [_path(one) for one in found.migrations]
    misnamed = [] if found is None else [Path(one.part).resolve() for one in found.passed_over]
    if found is None or wanted.isdisjoint(known) or not wanted <= {*known, *misnamed}:
        read = [read_all(path) for path in paths]
        several = tuple(one for each in read for one in each.migrations)
        parts = len(several) > len(paths)  # revisions in one file were deployed one by one
        passed_over = () if found is None else found.passed_over
        return Asked(several, together=not parts, passed_over=passed_over)
    judged = tuple(one for one in found.migrations if _path(one) in wanted)
    extra = [read_all(path) for path in paths if path.resolve() in misnamed]
    last = known.index(_path(judged[-1]))
    earlier = tuple(one for one in found.migrations[:last] if _path(one) not in wanted)
    return Asked(
        (*judged, *(one for each in extra for one in each.migrations)),
        earlier=() if on is not None else earlier,
        sets_lock_timeout=found.layout.sets_lock_timeout,
        passed_over=found.passed_over,
    )


def _of_folder(found: Found, folder: Path, since: str | None, on: On | None) -> Asked:
    migrations = found.migrations
    limited = found.layout.sets_lock_timeout
    if since is not None:
        versions = [_plain(one.migration.version) for one in migrations]
        if _plain(since) not in versions:
            raise BadMigration(f"there is no migration {since[:40]} in {folder}", "see its files")
        first = versions.index(_plain(since))
        earlier = () if on is not None else migrations[:first]
        asked = Asked(migrations[first:], earlier)
    elif on is None:
        asked = Asked(migrations, together=False)
    else:
        asked = Asked(_pending(found, on))
    return replace(asked, sets_lock_timeout=limited, passed_over=found.passed_over)


def _pending(found: Found, on: On) -> tuple[ReadMigration, ...]:
    """Those that the target has not run. Raises UsageError where nothing tells."""
    migrations = found.migrations
    if not on.snapshot.catalog.tables:
        return migrations
    done = _done(found, on)
    if done is None:
        raise UsageError(
            f"{on.snapshot.target} does not tell which of these files it has run",
            "name the files that are new, or the first of them with --from VERSION",
        )
    return tuple(one for one in migrations if one.migration.path not in done)


def _done(found: Found, on: On) -> frozenset[str] | None:
    """The paths of those that the target's history has; None where it has none that is known, and
    the folder is not one that dbwright would run from its beginning."""
    if not isinstance(on.target, Live):
        return None
    with closing(connect(on.target.url, application_name="dbwright migrate lint")) as connection:
        try:
            return _told(connection, found, on)
        except psycopg.Error as problem:
            said = problem.diag.message_primary or " ".join(str(problem).split())
            raise TargetError(
                f"{on.snapshot.target}: its history can't be read: {said}",
                "name the files that are new, or the first of them with --from VERSION",
            ) from None


def _told(connection: psycopg.Connection[Any], found: Found, on: On) -> frozenset[str] | None:
    migrations = [one.migration for one in found.migrations]
    elsewhere = done_elsewhere(connection, migrations)
    if elsewhere is not None:
        return elsewhere
    try:
        history = History(connection, on.table)
    except BadMigration:
        return None  # another tool's
    if not found.layout.sets_lock_timeout:
        return None
    rows = history.rows()
    numbers = {number for number, applied in rows.items() if applied.state.is_done}
    return frozenset(one.path for one in migrations if one.number in numbers)


def _path(read: ReadMigration) -> Path:
    return Path(read.migration.path).resolve()


def _plain(version: str) -> str:
    """Without zeros before it: 1 is 001."""
    return version.lstrip("0") or "0"
