"""Making a stage: of nothing but the files, of SQL files, of a snapshot, of a live target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from dbwright.errors import MigrationRefused, NoServerPrograms
from dbwright.migrate.history.table import History
from dbwright.migrate.rehearsal.helped import helped_run
from dbwright.migrate.rehearsal.stage import SETTINGS, STAGE, Stage, catalog_of
from dbwright.migrate.runner.work import Work
from dbwright.model.report import Skipped
from dbwright.progress import Progress
from dbwright.sandbox.generated.fill import empty, fill
from dbwright.sandbox.load import load, sql_files
from dbwright.sandbox.server import Server, start

__all__ = ["fill_stage", "loaded", "refill_plainly", "replayed", "run_earlier", "server_of"]


@contextmanager
def replayed(earlier: Sequence[Work], table: str, rows: int, progress: Progress) -> Iterator[Stage]:
    """The earlier files run on an empty server, and made rows.

    Raises MigrationRefused for a file that does not run there.
    """
    with start(settings=SETTINGS, progress=progress) as server:
        server.create_database(STAGE)
        stage = Stage(server, table, "the earlier files, with rows that were made up", True)
        stage.rows, stage.helps = rows, True
        run_earlier(stage, earlier, progress)
        fill_stage(stage, progress)
        yield stage


@contextmanager
def loaded(path: Path, table: str, rows: int, progress: Progress) -> Iterator[Stage]:
    """The schema of SQL files, and made rows where they bring none."""
    with start(settings=SETTINGS, progress=progress) as server:
        root = path if path.is_dir() else None
        found = load(server, STAGE, sql_files(path), root=root, progress=progress)
        stage = Stage(server, table, f"{path}, with rows that were made up", True)
        stage.rows, stage.helps = rows, True
        for refused in found.refused:
            place = f"{refused.location.file}:{refused.location.line}"
            stage.skipped.append(Skipped("schema", f"{place}: {refused.message}"))
        fill_stage(stage, progress)
        yield stage


def run_earlier(stage: Stage, earlier: Sequence[Work], progress: Progress) -> None:
    """Bring the stage to where the first file that is tried begins. Raises MigrationRefused."""
    for number, work in enumerate(earlier):
        progress(f"replaying {work.migration}", number, len(earlier))
        problem = helped_run(stage, stage.url(), work, stage.table, progress).problem
        if problem is not None:
            raise MigrationRefused(
                f"an earlier file does not run here: {problem.message}",
                f"{problem.next_step}; or rehearse on a target, whose schema is taken as it is",
            )


def fill_stage(stage: Stage, progress: Progress) -> None:
    """Make rows for the tables that have none; the history's is left alone."""
    with psycopg.connect(stage.url(), autocommit=True) as connection:
        history = History(connection, stage.table)
        history.create()
        catalog = catalog_of(stage.url())
        stage.made, skipped = fill(
            connection,
            catalog,
            stage.rows,
            unusual=stage.unusual,
            left_out={history.table},
            progress=progress,
        )
        stage.skipped = [*(one for one in stage.skipped if one not in skipped), *skipped]


def refill_plainly(stage: Stage, progress: Progress) -> None:
    """Plain rows in the place of those that were made."""
    with psycopg.connect(stage.url(), autocommit=True) as connection:
        empty(connection, stage.made)
    stage.unusual = False
    fill_stage(stage, progress)


def server_of(major: int, skipped: list[Skipped], progress: Progress) -> Server:
    """A server of the target's major where this machine has its programs, else another one, told.

    Raises SandboxError.
    """
    try:
        return start(major, settings=SETTINGS, progress=progress)
    except NoServerPrograms:
        server = start(settings=SETTINGS, progress=progress)
    reason = f"the target is PostgreSQL {major}, and the copy is on {server.major}"
    skipped.append(Skipped("copy.server", reason, f"install PostgreSQL {major} here"))
    return server
