"""Running some migrations in one direction: what `up`, `down` and `redo` share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

from dbwright.errors import BadMigration
from dbwright.migrate.files.options import duration
from dbwright.migrate.history.turn import Turn
from dbwright.migrate.place import Place
from dbwright.migrate.runner.patience import Patience
from dbwright.migrate.runner.runner import Runner
from dbwright.migrate.runner.statement import Execute, execute
from dbwright.migrate.runner.watcher import Watcher
from dbwright.migrate.runner.work import CutOff, Ran, Work
from dbwright.migrate.standing import Standing
from dbwright.migrate.told import cell
from dbwright.migrate.works import work_of
from dbwright.model.document import Document
from dbwright.model.measured import time_text
from dbwright.model.migration import Applied
from dbwright.operation import Parameter
from dbwright.progress import Progress

__all__ = [
    "CutOffOption",
    "LockTimeout",
    "Retries",
    "document",
    "patience_of",
    "planned",
    "running",
]

LockTimeout = Annotated[
    str, Parameter("the longest wait for a lock, such as 500ms; a file may say otherwise", "TIME")
]
Retries = Annotated[int, Parameter("how often a lock is asked for again", "N")]
CutOffOption = Annotated[
    CutOff | None,
    Parameter(
        "of a statement that was cut off and left no trace, or whose text is another one since its "
        "first batches: it is done, or runs again"
    ),
]


def patience_of(lock_timeout: str, retries: int) -> Patience:
    """Raises BadMigration."""
    seconds = duration(lock_timeout)
    if seconds is None:
        raise BadMigration(
            f"{lock_timeout} is no time, or one that is too long",
            "write for example: --lock-timeout 500ms",
        )
    return Patience(lock_timeout=seconds, retries=max(0, retries))


def planned(
    chosen: Sequence[Standing], direction: str, patience: Patience
) -> list[tuple[Work, Applied | None]]:
    """What is run, each file read before the first one runs. Raises BadMigration."""
    return [
        (work_of(one.migration, direction, patience), one.applied)
        for one in chosen
        if one.migration is not None
    ]


@contextmanager
def running(
    place: Place,
    turn: Turn,
    progress: Progress,
    cut_off: CutOff | None = None,
    *,
    execute: Execute = execute,
) -> Iterator[Runner]:
    """A runner whose session is watched. `execute`: how statements are handed to the server."""
    with Watcher(place.url, turn.pid, progress) as watcher:
        yield Runner(place.connection, place.history, turn, watcher, progress, cut_off, execute)


def document(
    command: str, place: Place, ran: Sequence[Ran], nothing: str, notes: Sequence[str] = ()
) -> Document:
    """What was run, for people and for programs; `notes`: what is to be known besides."""
    rows = [
        f"| {one.migration.version} | {cell(one.migration.name)} | {one.direction} | "
        f"{time_text(one.seconds)} | {_statements(one)} |"
        for one in ran
    ]
    table = [
        "| version | name | direction | took | statements |",
        "| --- | --- | --- | ---: | --- |",
        *rows,
    ]
    told = [f"\n{cell(note)}." for note in notes]
    text = "\n".join([*(table if rows else [nothing]), *told])
    data = [
        {
            "version": one.migration.version,
            "name": one.migration.name,
            "direction": one.direction,
            "seconds": round(one.seconds, 3),
            "statements": one.statements,
            "resumed_at": one.resumed_at,
        }
        for one in ran
    ]
    more = {"notes": list(notes)} if notes else {}
    return Document(command, f"{text}\n", {"target": place.name, "ran": data, **more})


def _statements(ran: Ran) -> str:
    if not ran.resumed_at:
        return str(ran.statements)
    return f"{ran.statements - ran.resumed_at} of {ran.statements}; the first were done before"
