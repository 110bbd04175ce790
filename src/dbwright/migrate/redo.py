"""`dbwright migrate redo`: the last migration back, and up again."""

from __future__ import annotations

from typing import Annotated

from dbwright.configuration import Configuration
from dbwright.errors import BadMigration
from dbwright.migrate.files.folder import read_folder, require_files
from dbwright.migrate.go import LockTimeout, Retries, document, patience_of, planned, running
from dbwright.migrate.history.table import DEFAULT_TABLE
from dbwright.migrate.place import DEFAULT_FOLDER, Folder, Table, Wait, opened, taking_turn
from dbwright.migrate.standing import standings, to_go_down
from dbwright.model.document import Document
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress

__all__ = ["redo"]


@operation(
    Effect.WRITES,
    examples=(Example("dbwright migrate redo", "while the last migration is being written"),),
)
def redo(
    target: Annotated[
        str | None, Parameter("a URL, or a name in dbwright.toml", "TARGET", argument=True)
    ] = None,
    *,
    dir: Folder = DEFAULT_FOLDER,
    table: Table = DEFAULT_TABLE,
    lock_timeout: LockTimeout = "500ms",
    retries: Retries = 30,
    wait: Wait = 60.0,
    progress: Progress,
    configuration: Configuration,
) -> Document:
    """Take the last migration back and run it again.

    For a migration that is being written: what its DOWN part loses is lost. The file may have
    changed since it was run.
    """
    migrations = read_folder(dir)
    require_files(migrations, dir)
    patience = patience_of(lock_timeout, retries)
    with opened(target, configuration, table) as place, taking_turn(place, wait, progress) as turn:
        chosen = to_go_down(standings(migrations, place.history.rows()), None)
        if not chosen:
            raise BadMigration("nothing was run yet", "run it with: dbwright migrate up")
        back, again = planned(chosen, "down", patience), planned(chosen, "up", patience)
        with running(place, turn, progress) as runner:
            ran = [runner.run(work, before) for work, before in back]
            rows = place.history.rows()
            ran += [runner.run(work, rows.get(work.migration.number)) for work, _ in again]
        return document("migrate redo", place, ran, "")
