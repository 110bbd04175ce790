"""`dbwright migrate redo`: the last migration back, and up again."""

from __future__ import annotations

from dataclasses import replace

from dbwright.configuration import Configuration
from dbwright.errors import BadMigration
from dbwright.migrate.files.folder import read_folder, require_files
from dbwright.migrate.go import LockTimeout, Retries, document, patience_of, planned, running
from dbwright.migrate.history.table import DEFAULT_TABLE
from dbwright.migrate.place import DEFAULT_FOLDER, Folder, Table, Target, Wait, opened, taking_turn
from dbwright.migrate.standing import TAKEN_BACK_BY_REDO, standings, to_redo
from dbwright.model.document import Document
from dbwright.operation import Effect, Example, operation
from dbwright.progress import Progress

__all__ = ["redo"]


@operation(
    Effect.WRITES,
    examples=(Example("dbwright migrate redo", "while the last migration is being written"),),
)
def redo(
    target: Target = None,
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
    changed since it was run. Where it is taken back already, for its new text failed, it is only
    run: the one before it is never touched.
    """
    migrations = read_folder(dir)
    require_files(migrations, dir)
    patience = patience_of(lock_timeout, retries)
    with opened(target, configuration, table) as place, taking_turn(place, wait, progress) as turn:
        last, next_one = to_redo(standings(migrations, place.history.rows()))
        if next_one is None:
            raise BadMigration("nothing was run yet", "run it with: dbwright migrate up")
        back = [] if last is None else planned((last,), "down", patience)
        again = planned((next_one,), "up", patience)
        with running(place, turn, progress) as runner:
            ran = [
                runner.run(replace(work, remark=TAKEN_BACK_BY_REDO), before)
                for work, before in back
            ]
            rows = place.history.rows()
            ran += [runner.run(work, rows.get(work.migration.number)) for work, _ in again]
        return document("migrate redo", place, ran, "")
