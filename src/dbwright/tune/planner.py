"""A statement's plan on a target, and what is known of the target: one seam for all kinds.

A live server is asked. For a snapshot the statement is planned on its twin, which has production's
statistics and no rows: so it is never run there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbwright.errors import StatementNotRun, TargetError, UnknownTarget
from dbwright.model.explanation import Imagined
from dbwright.model.plan import Plan
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress, silent
from dbwright.target import Files, Live, SnapshotFile, Target, opened

if TYPE_CHECKING:
    from dbwright.engines.postgresql.explain import Guard

__all__ = ["Planned", "plan_on"]

READING_SECONDS = 30.0
"""For the catalog and the statistics."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what is known of the target."""

    plan: Plan
    target: str
    """As a person would name it; never with a password."""
    snapshot: Snapshot | None
    """None where it could not be read: that costs the fixes, not the plan."""
    skipped: tuple[Skipped, ...] = ()
    imagined: Imagined | None = None
    """Indexes that the plan has and the target has not."""


def plan_on(
    source: Target,
    sql: str,
    *,
    analyze: bool = False,
    indexes: Sequence[str] = (),
    timeout_seconds: float = 30.0,
    progress: Progress = silent,
    guard: Guard | None = None,
) -> Planned:
    """Plan the statement (or run it, with `analyze`) on the target. With `indexes` (as
    `shop.orders (user_id)`) it is planned on a twin, as if they were there. `guard` judges it on
    whatever server plans it.

    Raises StatementRejected, StatementNotRun, UsageError, TargetError, SandboxError; what the guard
    raises.
    """
    if indexes and not isinstance(source, Files):
        return _as_if(source, sql, indexes, timeout_seconds, progress, guard)
    if isinstance(source, Live):
        return _on_server(source, sql, analyze, timeout_seconds, progress, guard)
    if isinstance(source, SnapshotFile):
        if analyze:
            raise StatementNotRun(
                "a snapshot holds no rows to run a statement on",
                "leave --analyze out, or name a live database",
            )
        return _on_twin(source, sql, timeout_seconds, progress, guard)
    raise UnknownTarget(
        "SQL files tell nothing of how many rows there are, so no plan for them would be true",
        "name a live database or a snapshot",
    )


def _as_if(
    source: Live | SnapshotFile,
    sql: str,
    indexes: Sequence[str],
    timeout_seconds: float,
    progress: Progress,
    guard: Guard | None,
) -> Planned:
    from dbwright.tune.imagined import plan_with

    # All common values and histogram bounds: the twin plans by them.
    with opened(source, budget_seconds=READING_SECONDS, values=None, progress=progress) as found:
        snapshot = found.snapshot
    plan, imagined, skipped = plan_with(
        snapshot, sql, indexes, timeout_seconds=timeout_seconds, progress=progress, guard=guard
    )
    return Planned(plan, snapshot.target, snapshot, skipped, imagined)


def _on_server(
    source: Live,
    sql: str,
    analyze: bool,
    timeout_seconds: float,
    progress: Progress,
    guard: Guard | None,
) -> Planned:
    from dbwright.engines.postgresql.explain import explain
    from dbwright.engines.postgresql.read import read
    from dbwright.engines.postgresql.session import Session

    progress("connecting")
    with Session.open(source.url, READING_SECONDS) as session:
        progress("running the statement" if analyze else "planning the statement")
        plan = explain(session, sql, analyze=analyze, timeout_seconds=timeout_seconds, guard=guard)
    # Reading has a budget of its own: what the statement took must not be taken from it.
    try:
        with Session.open(source.url, READING_SECONDS) as session:
            return Planned(plan, session.name, read(session, progress=progress))
    except TargetError as problem:
        left = Skipped("catalog", problem.message, problem.next_step)
        return Planned(plan, session.name, None, (left,))


def _on_twin(
    source: SnapshotFile,
    sql: str,
    timeout_seconds: float,
    progress: Progress,
    guard: Guard | None,
) -> Planned:
    from dbwright.engines.postgresql.explain import explain
    from dbwright.engines.postgresql.session import Budget, Session
    from dbwright.engines.snapshot_file import load
    from dbwright.sandbox.twin.twin import twin

    progress("reading the snapshot")
    snapshot = load(source.path)
    with (
        twin(snapshot, progress=progress) as copy,
        Session(copy.connect(), Budget(READING_SECONDS), snapshot.target) as session,
    ):
        plan = explain(session, sql, timeout_seconds=timeout_seconds, guard=guard)
        return Planned(plan, snapshot.target, snapshot, copy.skipped)
