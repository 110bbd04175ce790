"""The tool `explain`."""

from __future__ import annotations

from typing import Annotated, Any

import psycopg
from pydantic import Field

from dbwright.agent.safe_sql import Policy, guard_of
from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.results import answer_of
from dbwright.agent.tool.tool import TARGET, tool
from dbwright.errors import StatementRejected, UsageError
from dbwright.operation import Effect
from dbwright.tune.explain import explain_statement
from dbwright.tune.plans.configure import choose

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
    if indexes and analyze:
        raise UsageError("indexes and analyze don't go together", "leave one of them out")
    try:
        return answer_of(
            explain_statement(
                context.opened(target),
                sql,
                indexes=indexes,
                analyze=analyze,
                timeout_seconds=seconds,
                progress=context.progress,
                chosen=choose(context.configuration),
                guard=guard_of(Policy(), runs=analyze),
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


def _is_of_values(problem: object) -> bool:
    """Did the planner run something, rather than not find a name or a type?"""
    return isinstance(problem, psycopg.Error) and (problem.sqlstate or "")[:2] not in OF_NAMES
