"""From files to a `JudgedRun`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbwright.migrate.replay.base import base
from dbwright.migrate.replay.replay import Replay, replaying
from dbwright.model.judged import JudgedMigration, JudgedRun
from dbwright.model.migration import ReadMigration
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress, silent
from dbwright.sandbox.server import Server

__all__ = ["ReadMigration", "judged_run"]

PYTHON = "a migration in Python is not replayed"


def judged_run(
    asked: Sequence[ReadMigration],
    *,
    earlier: Sequence[ReadMigration] = (),
    snapshot: Snapshot | None = None,
    together: bool = True,
    major: int | None = None,
    server: Server | None = None,
    privileges: bool = False,
    progress: Progress = silent,
) -> JudgedRun:
    """Judge the files that are asked about, after the schema of the snapshot and the earlier files.

    `together`: they are run in one deployment, so that what one makes is new to the next ones.
    `server`: one that runs already, for many runs in turn. `privileges`: the catalogs tell what
    roles may do on the snapshot's database. Python files are left out, and told.
    Raises SandboxError.
    """
    with base(
        snapshot, major=major, server=server, privileges=privileges, progress=progress
    ) as found:
        with replaying(found.server, progress) as replay:
            for one in earlier:
                if not one.migration.is_python:
                    replay.run(one.migration, one.script)
            judged = tuple(_judged(replay, asked, together))
            skipped = (*found.skipped, *_skipped(replay, (*earlier, *asked)))
        return JudgedRun(
            judged,
            found.server.major,
            statistics=None if snapshot is None else snapshot.statistics,
            start=None if snapshot is None else snapshot.catalog,
            skipped=skipped,
        )


def _judged(
    replay: Replay, asked: Sequence[ReadMigration], together: bool
) -> Iterator[JudgedMigration]:
    new: frozenset[str] = frozenset()
    goes_on = False
    for one in asked:
        if one.migration.is_python:
            continue
        found = replay.judge(one.migration, one.script, new, goes_on=goes_on)
        yield found
        if together:
            new, goes_on = new | found.made, True


def _skipped(replay: Replay, read: Sequence[ReadMigration]) -> Iterator[Skipped]:
    for one in read:
        if one.migration.is_python:
            yield Skipped(one.migration.path, PYTHON, "try it with: dbwright migrate rehearse")
    for migration, statement, refusal in replay.told.refused:
        yield Skipped(
            migration.path,
            f"line {statement.line} was refused when it was replayed: {refusal.message}",
            "what depends on it can't be judged; give a target or a snapshot instead",
        )
    for note in replay.notes:
        yield Skipped("replay", note)
