"""Each migration taken back, from the last one on: is the schema then as it was before it?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dbwright.diff.compare import differences
from dbwright.migrate.replay.base import base
from dbwright.migrate.replay.replay import Replay, replaying
from dbwright.model.catalog import Catalog
from dbwright.model.judged import JudgedMigration, JudgedRun
from dbwright.model.migration import MigrationScript, ReadMigration
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress
from dbwright.sandbox.server import Server
from dbwright.sql.parse import parse_alone

__all__ = ["MOST", "WayBack", "ways_back"]

MOST = 50
"""Files that are taken back, the newest: nobody takes more back."""
MOST_BUILT = 6
"""Times that the schema is built anew for it."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """What came of taking one migration back."""

    migration: str
    has_down: bool
    problems: tuple[str, ...] = ()
    """What the server refused, and what is not as it was."""
    path: str = ""
    """Of its file."""

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
    """From the last file on. `snapshot`: the schema that the run began on. No rows are there: what
    is lost of them is not seen.

    Before a file that has no way back, or whose way back leaves another schema, the schema is built
    anew, MOST_BUILT times.
    """
    before = {file.migration.path: file for file in run.migrations}
    rest = [one for one in migrations if not one.migration.is_python]
    tried: list[WayBack] = []
    built = 0
    while rest and len(tried) < MOST:
        if rest[-1].script.down is None or rest[-1].migration.path not in before:
            one = rest.pop().migration
            tried.append(WayBack(str(one), False, path=one.path))
        elif built < MOST_BUILT:
            built += 1
            with (
                base(snapshot, server=server, progress=progress),
                replaying(server, progress) as replay,
            ):
                _taken_back_of(replay, rest, before, tried, progress)
        else:
            break
    left = (
        WayBack(str(one.migration), False, path=one.migration.path)
        for one in rest
        if one.script.down is None
    )
    return (*left, *reversed(tried))


def _taken_back_of(
    replay: Replay,
    rest: list[ReadMigration],
    before: Mapping[str, JudgedMigration],
    tried: list[WayBack],
    progress: Progress,
) -> None:
    """Run all of the rest, and take back from its end on what can be."""
    for one in rest:
        replay.run(one.migration, one.script)
    kept: set[str] = set()
    while rest and len(tried) < MOST:
        one = rest[-1]
        judged = before.get(one.migration.path)
        if judged is None or one.script.down is None:
            return
        progress(f"taking back {one.migration}")
        kept |= set(_extensions(one))
        tried.append(_taken_back(replay, one, judged, kept))
        rest.pop()
        if tried[-1].problems:
            return


def _taken_back(
    replay: Replay, one: ReadMigration, judged: JudgedMigration, kept: set[str]
) -> WayBack:
    refused = len(replay.told.refused)
    down = MigrationScript(one.script.down or (), None, replace(one.script.options, batches=None))
    replay.run(one.migration, down)
    problems = [
        f"line {statement.line}: {refusal.message}"
        for _, statement, refusal in replay.told.refused[refused:]
    ]
    problems += _left(judged.before, replay.catalog, kept)
    return WayBack(str(one.migration), True, tuple(problems), one.migration.path)


def _extensions(one: ReadMigration) -> Iterator[str]:
    """Made only where they are missing: a way back can't know whether they were there before, and
    does right to leave them."""
    for statement in one.script.up:
        parsed = parse_alone(statement.text)
        if parsed is None or parsed.kind != "CreateExtensionStmt":
            continue
        if parsed.node.get("if_not_exists"):
            yield parsed.node["extname"]


def _left(before: Catalog, now: Catalog, kept: Collection[str]) -> list[str]:
    return [
        one.text
        for one in differences(before, now, owners=False)
        if not (one.object.kind == "extension" and one.object.name in kept)
    ]
