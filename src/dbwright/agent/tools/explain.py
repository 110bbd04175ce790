"""The tool `explain`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from dbwright.agent.safe_sql import SafeSession
from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.results import answer_of
from dbwright.agent.tool.tool import TARGET, tool
from dbwright.operation import Effect
from dbwright.tune import explain as command

__all__ = ["explain"]


@tool(Effect.READS, when="a query is slow, or was written or changed", title="Explain a query")
def explain(
    context: Context,
    *,
    sql: Annotated[str, Field(min_length=8, description="One statement; $1 … for parameters.")],
    target: Annotated[str | None, TARGET] = None,
    indexes: Annotated[
        tuple[str, ...],
        Field(description="Plan as if these were there: shop.orders (user_id, placed_at DESC)."),
    ] = (),
    analyze: Annotated[
        bool, Field(description="Run it, read-only, and measure each node: live targets only.")
    ] = False,
    seconds: Annotated[float, Field(gt=0, le=120, description="It may run so long.")] = 30.0,
) -> Answer[dict[str, Any]]:
    """Show how a statement is run, where its time goes, and what would make it faster.

    Without `analyze` nothing is run: the planner says what it expects.
    """
    if analyze:
        # What may be run is judged as for `query`: how many rows came is an answer, too.
        with SafeSession.open(context.live(target)) as session:
            session.run(f"EXPLAIN {sql}")
    return answer_of(
        command.explain(
            sql,
            on=context.target(target),
            with_index=indexes,
            analyze=analyze,
            timeout=seconds,
            progress=context.progress,
            configuration=context.configuration,
        )
    )
