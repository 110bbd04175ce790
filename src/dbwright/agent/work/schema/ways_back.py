"""Each migration taken back, from the last one on: is the schema then as it was before it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dbwright.migrate.diff.compare import differences
from dbwright.migrate.replay.base import base
from dbwright.migrate.replay.replay import Replay, replaying
from dbwright.model.catalog import Catalog
from dbwright.model.judged import JudgedMigration, JudgedRun
from dbwright.model.migration import MigrationScript, ReadMigration
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress
from dbwright.sandbox.server import Server

__all__ = ["MOST", "WayBack", "ways_back"]

MOST = 50
"""Files that are taken back, the newest: nobody takes more back."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """What came of taking one migration back."""

    migration: str
    has_down: bool
    problems: tuple[str, ...] = ()
    """What the server refused, and what is not as it was."""

    @property
    def restores(self) -> bool:
        return self.has_down and not self.problems


def ways_back(
    server: Server,
    migrations: Sequence[ReadMigration],
    run: JudgedRun,
    progress: Progress,
    snapshot: Snapshot | None = None,
) -> tuple[WayBack, ...]:
    """From the last file on, as far as each has a way back: without it those before can't be
    tried. `snapshot`: the schema that the run began on. No rows are there: what is lost of them is
    not seen."""
    before = {file.migration.path: file for file in run.migrations}
    plain = [one for one in migrations if not one.migration.is_python]
    tried: list[WayBack] = []
    with (
        base(snapshot, server=server, progress=progress),
        replaying(server, progress) as replay,
    ):
        for one in plain:
            replay.run(one.migration, one.script)
        for one in reversed(plain[-MOST:]):
            judged = before.get(one.migration.path)
            if judged is None:
                break
            if one.script.down is None:
                tried.append(WayBack(str(one.migration), False))
                break
            progress(f"taking back {one.migration}")
            tried.append(_taken_back(replay, one, judged))
    left = plain[: len(plain) - len(tried)]
    rest = (WayBack(str(one.migration), False) for one in left if one.script.down is None)
    return (*reversed(tried), *rest)


def _taken_back(replay: Replay, one: ReadMigration, judged: JudgedMigration) -> WayBack:
    refused = len(replay.told.refused)
    down = MigrationScript(one.script.down or (), None, replace(one.script.options, batches=None))
    replay.run(one.migration, down)
    problems = [
        f"line {statement.line}: {refusal.message}"
        for _, statement, refusal in replay.told.refused[refused:]
    ]
    problems += _left(judged.before, replay.catalog)
    return WayBack(str(one.migration), True, tuple(problems))


def _left(before: Catalog, now: Catalog) -> list[str]:
    return [one.text for one in differences(before, now, owners=False)]
