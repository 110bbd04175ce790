"""The plan tried on the sandbox's judge: what each of its statements locks, and where it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbwright.diff.compare import differences
from dbwright.migrate.files.script import script
from dbwright.migrate.plan.files import PlannedFile
from dbwright.migrate.plan.situation import Situation, oids, stored
from dbwright.migrate.plan.text import text_of
from dbwright.migrate.plan.unsafe import kept_out
from dbwright.model.catalog import Catalog
from dbwright.model.effects import Effects
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement
from dbwright.model.migration import Migration, ReadMigration

__all__ = ["Tried", "as_read", "tried"]


@dataclass(frozen=True, slots=True)
class Tried:
    """What a server said of a plan."""

    effects: tuple[tuple[Effects, ...], ...]
    """Of each file's statements."""
    blocking: tuple[str, ...]
    """What blocks others for long, a sentence each."""
    refused: tuple[str, ...]
    different: tuple[str, ...]
    """How the end differs from that of the migration."""

    @property
    def is_good(self) -> bool:
        return not (self.blocking or self.refused)


def as_read(files: Sequence[PlannedFile]) -> tuple[ReadMigration, ...]:
    """The files as a runner would read them."""
    found = []
    for number, file in enumerate(files, 1):
        text = text_of(file)
        migration = Migration(str(number), file.words, f"file {number} of the plan", "")
        found.append(ReadMigration(migration, script(text, migration.path)))
    return tuple(found)


def tried(run: JudgedRun, end: Catalog, small: int) -> Tried:
    """`run`: the plan's files, judged; `end`: the catalog that the migration itself ends with."""
    first = run.migrations[0]
    old = oids(first.before)
    last = run.migrations[-1].after
    steps = [(file, step) for file in run.migrations for step in file.steps]
    return Tried(
        tuple(tuple(step.effects for step in file.steps) for file in run.migrations),
        tuple(_blocking(steps, run, old, small)),
        tuple(
            f"the server refuses `{Situation(step, file, run).short}`: "
            f"{step.effects.refusal.message}"
            for file, step in steps
            if step.effects.refusal is not None
        ),
        tuple(one.text for one in differences(end, last, owners=False)),
    )


def _blocking(
    steps: Sequence[tuple[JudgedMigration, JudgedStatement]],
    run: JudgedRun,
    old: frozenset[int],
    small: int,
) -> Iterator[str]:
    for file, step in steps:
        situation = Situation(step, file, run, small)
        there = [one for one in stored(file.before) if one.oid in old]
        large = {one.qualified for one in there if not situation.is_small(one)}
        if names := kept_out(situation, large):
            yield f"`{situation.short}` keeps others from {names} while rows are read or written"
