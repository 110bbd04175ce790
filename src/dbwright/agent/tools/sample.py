"""The tool `sample`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from dbwright.agent.safe_sql import Limits, Masker, Result, SafeSession
from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.tool import TARGET, tool
from dbwright.agent.tools._rows import answer_of_rows
from dbwright.chosen_rules import did_you_mean
from dbwright.errors import UsageError
from dbwright.model.catalog import Catalog
from dbwright.operation import Effect

__all__ = ["sample"]

SECONDS = 15.0


@tool(Effect.READS, when="you need to see what values of a table look like", title="Sample rows")
def sample(
    context: Context,
    *,
    table: Annotated[str, Field(description="A table or view: schema.name, or name.")],
    target: Annotated[str | None, TARGET] = None,
    rows: Annotated[int, Field(ge=1, le=100, description="How many.")] = 5,
    masked: Annotated[
        bool,
        Field(description="Mask personal data (names, e-mail, phone …), keeping its shape."),
    ] = True,
) -> Answer[list[Any]]:
    """Show some rows of a table: the first that the server finds. Personal data is masked, each
    value always to the same other one; secrets are never shown."""
    snapshot = context.readings.snapshot(context.opened(target), context.progress)
    name = _found(snapshot.catalog, table)
    limits = Limits(rows=rows, statement_seconds=SECONDS)
    with SafeSession.open(context.live(target), limits) as session:
        result = session.run(f"SELECT * FROM {name} LIMIT {rows}")
    return answer_of_rows(_masked(result) if masked else result, f"{name}: ")


def _masked(result: Result) -> Result:
    """With the values of personal columns hidden, and those columns marked."""
    masker = Masker()
    personal = masker.columns(column for column in result.columns if not column.masked)
    return replace(
        result,
        columns=tuple(
            replace(column, masked="personal data: its shape is kept")
            if column.name in personal
            else column
            for column in result.columns
        ),
        rows=tuple(
            tuple(
                masker.value(value) if column.name in personal else value
                for column, value in zip(result.columns, row, strict=True)
            )
            for row in result.rows
        ),
    )


def _found(catalog: Catalog, name: str) -> str:
    """The relation's name as SQL writes it: nothing else gets into the statement."""
    known = {relation.qualified: relation.name for relation in catalog.relations()}
    if name in known:
        return name
    matching = [qualified for qualified, own in known.items() if name in (own, qualified)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise UsageError(f"{name!r} is in several schemas", f"which one: {', '.join(matching)}?")
    hint = did_you_mean(name, [*known, *known.values()])
    raise UsageError(f"there is no table {name!r}", hint or "find it with `objects`")
