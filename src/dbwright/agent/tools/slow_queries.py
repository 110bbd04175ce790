"""The tool `slow_queries`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.tool import TARGET, tool
from dbwright.model.workload import Query
from dbwright.operation import Effect
from dbwright.target import opened

__all__ = ["slow_queries"]

BUDGET = 20.0
REMEDY = (
    "pg_stat_statements tells nothing here: set shared_preload_libraries = 'pg_stat_statements' "
    "and restart, then CREATE EXTENSION pg_stat_statements; or `tune` a server log"
)


class By(StrEnum):
    """What a query is slow by."""

    TOTAL = "total"
    MEAN = "mean"
    CALLS = "calls"


@dataclass(frozen=True, slots=True)
class QueryLine:
    """A query, whatever its constants, and what it cost since the counters began."""

    query: str
    calls: int
    total_seconds: float | None
    mean_milliseconds: float | None
    share: float | None
    """Of the time of all queries, 0 to 1."""
    rows_per_call: float | None
    cache_hits: float | None
    """Share of its blocks that were in the server's memory, 0 to 1."""


@tool(Effect.READS, when="you want to know what a server spends its time on", title="Slow queries")
def slow_queries(
    context: Context,
    *,
    target: Annotated[str | None, TARGET] = None,
    by: Annotated[By, Field(description="The order.")] = By.TOTAL,
) -> Answer[QueryLine]:
    """List the queries that a server spends its time on, from pg_stat_statements.

    Then `explain` shows why one is slow, and `tune` what makes it faster.
    """
    found = context.opened(target)
    progress = context.progress
    with opened(found, budget_seconds=BUDGET, workload=True, progress=progress) as source:
        workload = source.snapshot.workload
        name = source.snapshot.target
    if workload is None or not workload.queries:
        return Answer(f"{name}: no queries are known.", notes=(REMEDY,))
    total = sum(query.total_seconds or 0.0 for query in workload.queries)
    ordered = sorted(workload.queries, key=lambda query: (-_key(query, by), query.text))
    since = f" since {workload.since:%Y-%m-%d %H:%M} UTC" if workload.since else ""
    return Answer(
        f"{name}: {len(ordered)} different queries took {total:,.1f} s{since}.",
        items=tuple(_line(query, total) for query in ordered),
    )


def _key(query: Query, by: By) -> float:
    if by is By.CALLS:
        return query.calls
    return (query.total_seconds if by is By.TOTAL else query.mean_seconds) or 0.0


def _line(query: Query, total: float) -> QueryLine:
    seconds, mean = query.total_seconds, query.mean_seconds
    hit, read = query.shared_blocks_hit, query.shared_blocks_read
    blocks = (hit or 0) + (read or 0)
    return QueryLine(
        query=query.text,
        calls=query.calls,
        total_seconds=None if seconds is None else round(seconds, 3),
        mean_milliseconds=None if mean is None else round(mean * 1000, 3),
        share=None if seconds is None or not total else round(seconds / total, 4),
        rows_per_call=None if query.rows is None else round(query.rows / max(query.calls, 1), 2),
        cache_hits=None if not blocks or hit is None else round(hit / blocks, 4),
    )
