"""`dbwright snapshot`: catalog, statistics, activity and workload in one file."""

from __future__ import annotations

from typing import Annotated

from dbwright.configuration import Configuration
from dbwright.model.snapshot import Snapshot
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress, silent
from dbwright.snapshot.redact import redacted
from dbwright.target import DEFAULT_TARGET, opened, resolve

__all__ = ["snapshot"]

BUDGET = 120.0


@operation(
    Effect.READS,
    examples=(
        Example("dbwright snapshot postgresql://db.example.com/shop -o shop.dbw", "read it once"),
        Example("dbwright check shop.dbw", "and work on it anywhere"),
        Example("dbwright snapshot --redact -o shop.dbw", "without any value of a row"),
    ),
)
def snapshot(
    target: Annotated[
        str | None,
        Parameter(
            f"URL, .sql file, folder, or a name in dbwright.toml; {DEFAULT_TARGET}",
            "TARGET",
            argument=True,
        ),
    ] = None,
    *,
    redact: Annotated[
        bool,
        Parameter("replace sample values, constants in queries and client addresses"),
    ] = False,
    budget: Annotated[float, Parameter("seconds for all reading", "SECONDS")] = BUDGET,
    progress: Progress = silent,
    configuration: Configuration,
) -> Snapshot:
    """Save catalog, statistics, activity and workload in one file.

    Every command that takes a target takes the file: production is read once, and the rest
    happens on a laptop or in CI. Column statistics hold sample values of rows; --redact replaces
    them. Passwords and their hashes are never in it.
    """
    with opened(
        resolve(target, configuration),
        budget_seconds=budget,
        values=None,
        workload=True,
        progress=progress,
    ) as source:
        return redacted(source.snapshot) if redact else source.snapshot
