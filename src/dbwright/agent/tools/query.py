"""The tool `query`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from dbwright.agent.safe_sql import Limits, SafeSession
from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.tool import TARGET, tool
from dbwright.agent.tools._rows import answer_of_rows
from dbwright.operation import Effect

__all__ = ["query"]


@tool(Effect.READS, when="a question needs rows of a live database", title="Run a query that reads")
def query(
    context: Context,
    *,
    sql: Annotated[
        str, Field(min_length=1, description="One SELECT, VALUES, TABLE, SHOW or EXPLAIN.")
    ],
    target: Annotated[str | None, TARGET] = None,
    max_rows: Annotated[int, Field(ge=1, le=1000, description="Read no more rows.")] = 100,
    seconds: Annotated[float, Field(gt=0, le=60, description="It may run so long.")] = 15.0,
) -> Answer[list[Any]]:
    """Run one statement that only reads, in a transaction that is always rolled back.

    What changes anything, takes locks, acts outside of the database or reads secrets is refused,
    and the answer says what to do instead. An item is a row; its columns are in `details`.
    """
    limits = Limits(rows=max_rows, statement_seconds=seconds)
    with SafeSession.open(context.live(target), limits) as session:
        return answer_of_rows(session.run(sql))
