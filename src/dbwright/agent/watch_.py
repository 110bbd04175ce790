"""`dbwright agent watch`: a review whenever a file changes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from dbwright.agent.review.kinds import ENDINGS, sorted_out
from dbwright.agent.review.run import reviewed
from dbwright.configuration import Configuration
from dbwright.errors import FileUnreadable, MissingExtra, UsageError
from dbwright.model.report import Report
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress, silent
from dbwright.render import render

__all__ = ["watch"]


@operation(
    Effect.PLANS,
    examples=(
        Example("dbwright agent watch", "this folder, until Ctrl-C"),
        Example("dbwright agent watch db --target shop.dbw", "with production's sizes"),
        Example("dbwright agent watch --append reviews.ndjson -q", "for other programs"),
    ),
)
def watch(
    dir: Annotated[Path, Parameter("what to watch", "DIR", argument=True)] = Path(),
    *,
    target: Annotated[
        str | None, Parameter("the database that migrations are for", "TARGET")
    ] = None,
    append: Annotated[
        Path | None, Parameter("append each report to this file, as a line of JSON", "FILE")
    ] = None,
    debounce: Annotated[
        float, Parameter("wait until nothing has changed for so long", "SECONDS")
    ] = 0.5,
    progress: Progress = silent,
    configuration: Configuration,
) -> None:
    """Review SQL files, migrations and models as they change, until Ctrl-C.

    Changes that come together are reviewed together. Reports are printed as they come.
    """
    if not dir.is_dir():
        raise FileUnreadable(f"there is no folder {dir}", "name one that is there")
    if not 0.01 <= debounce <= 60:
        raise UsageError("--debounce is from 0.01 to 60 seconds", "leave it out for 0.5")
    try:
        for paths in _changes(dir, debounce, progress):
            changed = sorted_out(paths)
            if changed:
                found = reviewed(changed, configuration, target=target, progress=progress)
                _deliver(found, append)
    except ModuleNotFoundError as problem:
        raise MissingExtra.of("agent", problem) from None
    except KeyboardInterrupt:
        # The way to end it: no error.
        return


def _changes(folder: Path, debounce: float, progress: Progress) -> Iterator[set[Path]]:
    """The files of each burst of changes."""
    from watchfiles import Change, DefaultFilter
    from watchfiles import watch as changes

    class Concerning(DefaultFilter):
        def __call__(self, change: Change, path: str) -> bool:
            is_one = path.endswith(ENDINGS) and change is not Change.deleted
            return is_one and super().__call__(change, path)

    progress(f"watching {folder.resolve()}")
    # A burst ends when nothing came for `debounce`; it is not kept open longer than ten times that.
    for found in changes(
        folder,
        watch_filter=Concerning(),
        step=int(1000 * debounce),
        debounce=int(10_000 * debounce),
    ):
        yield {Path(path) for _, path in found}


def _deliver(report: Report, append: Path | None) -> None:
    if append is None:
        sys.stdout.write(render(report, "terminal", width=_width(), color=_color()) + "\n")
        sys.stdout.flush()
        return
    found = {"reviewed_at": datetime.now(UTC).isoformat(), **json.loads(render(report, "json"))}
    line = json.dumps(found, ensure_ascii=False) + "\n"
    try:
        # One write, so that lines of several watchers don't mix.
        handle = os.open(append, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)
    except OSError as problem:
        raise FileUnreadable(
            f"can't write {append}: {problem.strerror}", "choose another place"
        ) from None


def _width() -> int | None:
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else None


def _color() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
