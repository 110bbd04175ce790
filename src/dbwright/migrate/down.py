"""`dbwright migrate down`: take back what was run."""

from __future__ import annotations

from typing import Annotated

from dbwright.configuration import Configuration
from dbwright.migrate.files.folder import read_folder, require_files
from dbwright.migrate.go import (
    CutOffOption,
    LockTimeout,
    Retries,
    document,
    patience_of,
    planned,
    running,
)
from dbwright.migrate.history.table import DEFAULT_TABLE
from dbwright.migrate.place import DEFAULT_FOLDER, Folder, Table, Target, Wait, opened, taking_turn
from dbwright.migrate.standing import standings, to_go_down
from dbwright.migrate.told import target_and_version
from dbwright.model.document import Document
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress

__all__ = ["down"]


@operation(
    Effect.WRITES,
    examples=(
        Example("dbwright migrate down", "take the last one back"),
        Example("dbwright migrate down 12", "all that came after version 12"),
        Example("dbwright migrate down 0", "all"),
    ),
)
def down(
    target: Target = None,
    version: Annotated[
        str | None, Parameter("the version that stays; 0 for none", "VERSION", argument=True)
    ] = None,
    *,
    dir: Folder = DEFAULT_FOLDER,
    table: Table = DEFAULT_TABLE,
    lock_timeout: LockTimeout = "500ms",
    retries: Retries = 30,
    wait: Wait = 60.0,
    cut_off: CutOffOption = None,
    progress: Progress,
    configuration: Configuration,
) -> Document:
    """Take the last migration back, or all after a version.

    Runs the DOWN part of each file, the latest first, with the manners of `up`. The history keeps
    that it was there.
    """
    target, version = target_and_version(target, version)
    migrations = read_folder(dir)
    require_files(migrations, dir)
    patience = patience_of(lock_timeout, retries)
    with opened(target, configuration, table) as place, taking_turn(place, wait, progress) as turn:
        found = standings(migrations, place.history.rows())
        works = planned(to_go_down(found, version), "down", patience)
        with running(place, turn, progress, cut_off) as runner:
            ran = [runner.run(work, before) for work, before in works]
        return document("migrate down", place, ran, "There is nothing to take back.")
