"""What is rehearsed, and on what: from the words of a call to a stage and the files to try."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dbwright.configuration import Configuration
from dbwright.engines import snapshot_file
from dbwright.errors import BadMigration, UnknownTarget, UsageError
from dbwright.migrate.files.python_file import python_part
from dbwright.migrate.files.script import read_script
from dbwright.migrate.place import opened
from dbwright.migrate.rehearsal.copying import copied, of_snapshot
from dbwright.migrate.rehearsal.seen import Try
from dbwright.migrate.rehearsal.stage import Stage
from dbwright.migrate.rehearsal.stages import loaded, replayed, run_earlier
from dbwright.migrate.runner.patience import Patience
from dbwright.migrate.runner.work import Work
from dbwright.migrate.standing import standings, to_go_up
from dbwright.migrate.works import work_of
from dbwright.model.migration import Migration
from dbwright.progress import Progress
from dbwright.target import Live, SnapshotFile, Target, resolve

__all__ = ["Asked", "Chosen", "asked", "chosen_of", "rows_of", "staged", "tries_of"]

COPIED_ROWS = 100_000
MADE_ROWS = 1000
"""Rows of each table where nothing is said, copied or made up."""
MOST_ROWS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call names."""

    target: Target | None
    """None: the earlier files on an empty server."""
    name: str | None
    """The target as it was written."""
    version: str | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which files are run before, and which are tried."""

    earlier: tuple[Migration, ...]
    tried: tuple[Migration, ...]


def asked(
    words: Sequence[str | None],
    migrations: Sequence[Migration],
    configuration: Configuration,
    *,
    replay: bool,
) -> Asked:
    """`words`: a target and a version (or its file), in any order, each once or not at all.

    Raises UsageError, UnknownTarget.
    """
    given = [word for word in words if word is not None]
    versions = [one for word in given if (one := _version(word, migrations)) is not None]
    targets = [word for word in given if _version(word, migrations) is None]
    for kind, found in (("version", versions), ("target", targets)):
        if len(found) > 1:
            raise UsageError(
                f"{found[0]} and {found[1]}: there can be one {kind}",
                "give a target and a version, or one of them",
            )
    if replay and targets:
        raise UsageError(
            f"--replay and {targets[0]}: with --replay there is no target", "leave one of them out"
        )
    version = versions[0] if versions else None
    if replay:
        return Asked(None, None, version)
    name = targets[0] if targets else None
    try:
        return Asked(resolve(name, configuration), name, version)
    except UnknownTarget:
        if name is not None:
            raise
        return Asked(None, None, version)


def rows_of(text: str | None, asked: Asked) -> int | None:
    """How many rows of each table; None for all. Raises UsageError."""
    live = isinstance(asked.target, Live)
    if text is None:
        return COPIED_ROWS if live else MADE_ROWS
    if text == "all" and live:
        return None
    if text.isdecimal() and 0 < int(text) <= MOST_ROWS:
        return int(text)
    raise UsageError(
        f"--rows {text[:40]}: that is no number of rows",
        "write --rows 100000, or for a live target --rows all",
    )


def chosen_of(
    asked: Asked, migrations: Sequence[Migration], configuration: Configuration, table: str
) -> tuple[Chosen, str]:
    """Which files, and the history's table as the target has it (empty where nobody knows).

    On a live target: all that are pending, or one and those pending before it. Elsewhere the last
    file, or one. Raises BadMigration, TargetError.
    """
    if not isinstance(asked.target, Live):
        last = migrations[-1].number if asked.version is None else int(asked.version)
        one = next((m for m in migrations if m.number == last), None)
        if one is None:
            raise _no_version(asked.version)
        return Chosen(tuple(m for m in migrations if m.number < last), (one,)), ""
    with opened(asked.name, configuration, table) as place:
        found = standings(migrations, place.history.rows())
        there = place.history.table if place.history.exists else ""
    pending = [
        one.migration
        for one in to_go_up(found, asked.version, allow_gaps=True)
        if one.migration is not None
    ]
    if asked.version is None:
        if not pending:
            raise BadMigration(
                "nothing is pending there",
                "name a version and --replay to try one that was run",
            )
        return Chosen((), tuple(pending)), there
    wanted = [m for m in pending if m.number == int(asked.version)]
    if not wanted:
        raise BadMigration(
            f"{asked.version} was run there already", "try it without a target: --replay"
        )
    return Chosen(tuple(m for m in pending if m not in wanted), tuple(wanted)), there


@contextmanager
def staged(
    asked: Asked,
    chosen: Chosen,
    table: str,
    history: str,
    rows: int | None,
    patience: Patience,
    progress: Progress,
    role: str | None = None,
) -> Iterator[Stage]:
    """The stage as it is before the first file that is tried. `rows`: None for all; `role`: who
    runs the files.

    Raises DbwrightError.
    """
    if role is not None and not isinstance(asked.target, Live | SnapshotFile):
        raise UsageError(
            f"--role {role}: there is no target that tells its rights",
            "name a database, or a snapshot",
        )
    made = MADE_ROWS if rows is None else rows
    earlier = [work_of(one, "up", patience) for one in chosen.earlier]
    if asked.target is None:
        with replayed(earlier, table, made, progress) as stage:
            yield stage
    elif isinstance(asked.target, Live):
        with copied(asked.target.url, table, history, rows, progress, role) as stage:
            _bring(stage, earlier, progress)
            yield stage
    elif isinstance(asked.target, SnapshotFile):
        snapshot = snapshot_file.load(asked.target.path)
        with of_snapshot(snapshot, table, made, progress, role) as stage:
            yield stage
    else:
        with loaded(asked.target.path, table, made, progress) as stage:
            yield stage


def tries_of(chosen: Chosen, patience: Patience) -> list[Try]:
    """Each file read before the first one runs. Raises BadMigration."""
    return [Try(work_of(one, "up", patience), _down(one, patience)) for one in chosen.tried]


def _down(migration: Migration, patience: Patience) -> Work | None:
    has = python_part(migration, "down") if migration.is_python else read_script(migration).down
    return None if has is None else work_of(migration, "down", patience)


def _bring(stage: Stage, earlier: Sequence[Work], progress: Progress) -> None:
    """Run what is pending before the file that was asked for."""
    run_earlier(stage, earlier, progress)
    if earlier:
        stage.origin = None


def _version(word: str, migrations: Sequence[Migration]) -> str | None:
    if word.isdecimal():
        return word
    path = Path(word)
    if not path.is_file():
        return None
    same = (m for m in migrations if Path(m.path).resolve() == path.resolve())
    return next((m.version for m in same), None)


def _no_version(version: str | None) -> BadMigration:
    return BadMigration(
        f"there is no migration {(version or '')[:40]}", "`dbwright migrate status` lists them"
    )
