"""The tool `explain`."""

from __future__ import annotations

from typing import Annotated, Any

import psycopg
from pydantic import Field

from dbwright.agent.safe_sql import SafeSession
from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.results import answer_of
from dbwright.agent.tool.tool import TARGET, tool
from dbwright.errors import StatementRejected
from dbwright.operation import Effect
from dbwright.sql.explainable import explainable
from dbwright.target import Live
from dbwright.tune import explain as command

__all__ = ["explain"]

OF_NAMES = frozenset({"3D", "3F", "42"})
"""Classes of SQLSTATE: unknown catalogs, schemas, and names or words of the statement."""


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
    if analyze or _is_planned_live(context, target, sql):
        # What may be run is judged as for `query`: how many rows came is an answer, too; and the
        # planner runs functions over constants, whose errors would tell what they read.
        with (
            SafeSession.open(context.live(target)) as session,
            context.stop.calling(session.cancel),
        ):
            session.run(f"EXPLAIN {sql}")
    try:
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
    except StatementRejected as problem:
        if _is_of_values(problem.__context__):
            raise StatementRejected(
                "the server can't plan the statement: a value in it, or a function over values, "
                "fails; its words are withheld, for they may tell what stands in rows",
                "explain it with plain values in their place",
            ) from None
        raise


def _is_planned_live(context: Context, target: str | None, sql: str) -> bool:
    """Is it planned by a live database, and of the kind that can be judged? (What would change
    rows is not, and $1 stands for no value.)"""
    if not isinstance(context.opened(target), Live):
        return False
    found = explainable(sql)
    return not found.changes and not found.parameters


def _is_of_values(problem: object) -> bool:
    """Did the planner run something, rather than not find a name or a type?"""
    return isinstance(problem, psycopg.Error) and (problem.sqlstate or "")[:2] not in OF_NAMES
