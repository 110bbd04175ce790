"""A plan as if indexes were there: on a twin, where they are made as large as they would be."""

from __future__ import annotations

from collections.abc import Sequence

from dbwright.engines.postgresql.explain import Guard, explain
from dbwright.engines.postgresql.session import Budget, Session
from dbwright.errors import UsageError
from dbwright.model.catalog import MaterializedView, Table
from dbwright.model.explanation import Imagined, ImaginedIndex
from dbwright.model.plan import Plan
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress
from dbwright.sandbox.twin.twin import twin
from dbwright.sandbox.twin.what_if import WhatIf
from dbwright.tune.indexes.asked import asked_index, with_share
from dbwright.tune.indexes.hypothetical import make
from dbwright.tune.indexes.sized import Sized, sized_candidate

__all__ = ["plan_with"]


def plan_with(
    snapshot: Snapshot,
    sql: str,
    indexes: Sequence[str],
    *,
    timeout_seconds: float,
    progress: Progress,
    guard: Guard | None = None,
) -> tuple[Plan, Imagined, tuple[Skipped, ...]]:
    """The statement's plan on a twin that has these indexes too (`shop.orders (user_id)`), and what
    it would be without them.

    Raises UsageError, StatementRejected, SandboxError; what `guard` raises.
    """
    if snapshot.statistics is None:
        raise UsageError(
            "without statistics nobody knows how large an index would be", "take a new snapshot"
        )
    sized = [_sized(snapshot, text) for text in indexes]
    names = [_name(snapshot, one, number) for number, one in enumerate(sized, 1)]
    skipped: list[Skipped] = []
    with (
        twin(snapshot, progress=progress) as copy,
        copy.connect() as connection,
        WhatIf(copy) as what_if,
    ):
        with Session(copy.connect(), Budget(timeout_seconds), snapshot.target) as session:
            progress("planning without the indexes")
            before = explain(session, sql, timeout_seconds=timeout_seconds, guard=guard)
        make(what_if, connection, sized, names, snapshot, skipped)
        for problem in skipped:
            raise UsageError(f"{problem.objects[0]} can't be made: {problem.reason}", "mend it")
        what_if.unwatch(
            f"{one.candidate.schema}.{name}" for one, name in zip(sized, names, strict=True)
        )
        with Session(copy.connect(), Budget(timeout_seconds), snapshot.target) as session:
            progress("planning with the indexes")
            plan = explain(session, sql, timeout_seconds=timeout_seconds, guard=guard)
        left = copy.skipped
    used = {node.index for node in plan.nodes}
    imagined = Imagined(
        indexes=tuple(
            ImaginedIndex(one.candidate.signature, one.size.bytes, name in used)
            for one, name in zip(sized, names, strict=True)
        ),
        cost_without=before.root.total_cost or 0.0,
    )
    return plan, imagined, left


def _sized(snapshot: Snapshot, text: str) -> Sized:
    catalog, statistics = snapshot.catalog, snapshot.statistics
    assert statistics is not None
    asked = asked_index(text, catalog)
    relations: tuple[Table | MaterializedView, ...] = (
        *catalog.tables,
        *catalog.materialized_views,
    )
    relation = next(one for one in relations if one.oid == asked.table_oid)
    candidate = with_share(asked, relation, catalog, statistics)
    return sized_candidate(candidate, relation, catalog, statistics, hypopg_unit=False)


def _name(snapshot: Snapshot, one: Sized, number: int) -> str:
    """One that no relation of the schema has."""
    name = f"imagined_{number}"
    while snapshot.catalog.has_relation(one.candidate.schema, name):
        name += "_"
    return name
