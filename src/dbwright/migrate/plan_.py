"""`dbwright migrate plan`: a migration as a sequence during which the application goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from dbwright.configuration import Configuration
from dbwright.errors import BadMigration, FileUnreadable
from dbwright.migrate.files.find import around, read_all
from dbwright.migrate.files.layouts.one_file import STDIN, read_stdin
from dbwright.migrate.plan.planner import Plan
from dbwright.migrate.plan.planner import plan as planned
from dbwright.migrate.plan.situation import SMALL_BYTES
from dbwright.migrate.plan.told import data_of, names_of, notes_of, text_of_plan, write
from dbwright.model.document import Document
from dbwright.model.migration import Migration, ReadMigration
from dbwright.model.snapshot import Snapshot
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress
from dbwright.target import opened, resolve

__all__ = ["plan"]

READ_SECONDS = 30.0
MEGABYTE = 1024 * 1024


@operation(
    Effect.PLANS,
    examples=(
        Example("dbwright migrate plan migrations/012_orders.sql", "after the files before it"),
        Example("dbwright migrate plan 012.sql shop.dbw", "with production's schema and sizes"),
        Example("dbwright migrate plan change.sql --dir migrations", "as the folder's next files"),
    ),
)
def plan(
    file: Annotated[str, Parameter("a migration, or - for what comes in", "FILE", argument=True)],
    target: Annotated[
        str | None,
        Parameter(
            "the database that it is for: a URL, a snapshot, SQL files, or a name in dbwright.toml "
            "[default: what the files before it made]",
            "TARGET",
            argument=True,
        ),
    ] = None,
    *,
    dir: Annotated[
        Path | None, Parameter("write the next files of this folder of migrations", "DIR")
    ] = None,
    small: Annotated[
        float, Parameter("megabytes up to which a table may be locked while it is read", "MB")
    ] = SMALL_BYTES / MEGABYTE,
    server: Annotated[
        int | None, Parameter("the major of PostgreSQL [default: the target's]", "MAJOR")
    ] = None,
    progress: Progress,
    configuration: Configuration,
) -> Document:
    """Turn a migration into files that keep nobody waiting.

    Indexes are built concurrently, constraints and NOT NULL proven after they were said, values
    filled in batches; a column whose type changes gets a second one beside it that takes its
    place; what is renamed or dropped has both names, or neither, until the new application is
    deployed. Each file is one transaction, or says that it is none, and has its way back. A
    throw-away server tries the whole: what still keeps others waiting, and where the end is
    another one than the file's, is told; then the exit status is 1. Nothing runs on the target,
    and no file is replaced.
    """
    snapshot = None if target is None else _read(target, configuration, progress)
    asked, earlier, folder = _asked(file)
    found = planned(
        asked,
        earlier=() if snapshot is not None else earlier,
        snapshot=snapshot,
        major=server,
        small=int(small * MEGABYTE),
        progress=progress,
    )
    names = names_of(found, folder)
    data = data_of(found, names)
    failed = not found.is_proven
    if dir is None or not found.files:
        text = text_of_plan(found, names)
        return Document("migrate plan", text, data, plain=True, failed=failed)
    paths = write(found, dir)
    data["paths"] = [str(path) for path in paths]
    return Document("migrate plan", _written(found, paths, asked), data, plain=True, failed=failed)


def _written(found: Plan, paths: tuple[Path, ...], asked: ReadMigration) -> str:
    lines = []
    for path, file in zip(paths, found.files, strict=True):
        if file.deploy:
            lines.append(f"-- deploy {file.deploy}; then:")
        lines.append(str(path))
    lines += [f"-- {line}" for line in notes_of(found)]
    lines.append(f"-- they take the place of {asked.migration.path}: remove it before they run")
    return "\n".join(lines) + "\n"


def _asked(
    file: str,
) -> tuple[ReadMigration, tuple[ReadMigration, ...], tuple[Migration, ...]]:
    """The migration, those before it in its folder, and all of the folder."""
    if file == STDIN:
        return _one(read_stdin(), "what comes in"), (), ()
    path = Path(file)
    if not path.is_file():
        raise FileUnreadable(f"there is no file {path}", "name a migration, such as 012_x.sql")
    found = around(path)
    wanted = path.resolve()
    known = [Path(one.migration.path).resolve() for one in (found.migrations if found else ())]
    if found is None or wanted not in known:
        return _one(read_all(path).migrations, file), (), ()
    place = known.index(wanted)
    everything = tuple(one.migration for one in found.migrations)
    return found.migrations[place], found.migrations[:place], everything


def _one(read: tuple[ReadMigration, ...], name: str) -> ReadMigration:
    if len(read) != 1:
        raise BadMigration(f"{name} holds {len(read)} migrations", "name a file with one")
    return read[0]


def _read(text: str, configuration: Configuration, progress: Progress) -> Snapshot:
    """Raises TargetError, UsageError."""
    target = resolve(text, configuration)
    with opened(target, budget_seconds=READ_SECONDS, values=None, progress=progress) as source:
        return source.snapshot
