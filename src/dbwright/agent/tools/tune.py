"""The tool `tune`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from dbwright.agent.safe_sql import Policy, require_plannable
from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.results import answer_of
from dbwright.agent.tool.tool import TARGET, tool
from dbwright.errors import UsageError
from dbwright.operation import Effect
from dbwright.sandbox.folders import OwnedFolder
from dbwright.target import Live
from dbwright.tune import tune as command
from dbwright.tune.tune import Prove

__all__ = ["tune"]


@tool(
    Effect.READS,
    when="queries are slow, or an index is to be added or dropped",
    title="Tune queries",
)
def tune(
    context: Context,
    *,
    target: Annotated[str | None, TARGET] = None,
    queries: Annotated[
        tuple[str, ...],
        Field(description="The queries, each whole. Left out: what the server says it ran."),
    ] = (),
    workload: Annotated[
        tuple[str, ...],
        Field(description="Or files: server logs, .sql files, captures."),
    ] = (),
    budget: Annotated[
        str | None, Field(description="Room for new indexes, such as 500MB; none: no limit.")
    ] = None,
    prove: Annotated[
        Prove,
        Field(
            description="estimated: by the planner. measured: run on a copy with all rows of a "
            "live database, which takes minutes."
        ),
    ] = Prove.ESTIMATED,
    data: Annotated[
        bool, Field(description="Read a sample of rows: finds columns that hang together.")
    ] = False,
    why: Annotated[
        tuple[str, ...],
        Field(description="Indexes that are not advised, to say why: shop.orders (total)."),
    ] = (),
    seconds: Annotated[
        float, Field(gt=0, le=600, description="To search for the best set of indexes.")
    ] = 20.0,
) -> Answer[dict[str, Any]]:
    """Propose what makes queries faster: indexes to add and drop, other words for queries,
    statistics, settings, partitions; each piece with what it saves, what it costs writes and disk,
    and how to take it back. Nothing is changed: plans are made on a throw-away twin."""
    if queries and workload:
        raise UsageError("give queries or workload, not both", "leave one of them out")
    found = context.opened(target)
    if queries and isinstance(found, Live):
        # What a plan on a twin costs is an estimate by the target's own values.
        require_plannable(found.url, queries, Policy())
    # Of a process that is killed, the next start of a sandbox removes it.
    folder = OwnedFolder.create()
    try:
        sources = tuple(context.named(one) for one in workload)
        if queries:
            file = folder.path / "queries.sql"
            file.write_text(";\n".join(one.rstrip("; \n") for one in queries) + ";\n", "utf-8")
            sources = (str(file),)
        return answer_of(
            command.tune(
                context.target(target),
                workload=sources,
                budget=budget,
                prove=prove,
                data=data,
                why=why,
                effort=seconds,
                progress=context.progress,
                configuration=context.configuration,
            )
        )
    finally:
        folder.remove()
