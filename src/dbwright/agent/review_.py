"""`dbwright agent review`: what changed, reviewed once, for hooks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from dbwright.agent.review.kinds import sorted_out
from dbwright.agent.review.run import reviewed
from dbwright.configuration import Configuration
from dbwright.errors import FileUnreadable
from dbwright.model.finding import Severity
from dbwright.model.report import Report
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress, silent

__all__ = ["review"]


@operation(
    Effect.READS,
    examples=(
        Example("dbwright agent review $(git diff --name-only main)", "what a branch changes"),
        Example("dbwright agent review migrations/012.sql --target shop.dbw", "with sizes"),
        Example("dbwright agent review db/*.sql --format sarif -o r.sarif", "for a pull request"),
    ),
)
def review(
    files: Annotated[tuple[str, ...], Parameter("files that changed", "FILE", argument=True)] = (),
    *,
    target: Annotated[
        str | None, Parameter("the database that migrations are for", "TARGET")
    ] = None,
    fail_on: Annotated[
        Severity, Parameter("exit with 1 from this severity on", "|".join(Severity))
    ] = Severity.ERROR,
    progress: Progress = silent,
    configuration: Configuration,
) -> Report:
    """Give each changed file the review that fits: migrations are linted, other SQL is checked.

    Files that don't concern a database are passed over, so a hook may name all that changed. When
    a model changed and no migration came along, that is told.
    """
    paths = [Path(one) for one in files]
    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise FileUnreadable(f"there is no {path}", "name files that are there")
    changed = sorted_out(path.resolve() for path in paths)
    return reviewed(changed, configuration, target=target, fail_on=fail_on, progress=progress)
