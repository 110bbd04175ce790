"""The tool `describe`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from pydantic import Field

from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.tool import TARGET, tool
from dbwright.agent.tools._outline import Relation, relation_lines
from dbwright.chosen_rules import did_you_mean
from dbwright.errors import UsageError
from dbwright.model.catalog import Function, Type
from dbwright.model.snapshot import Snapshot
from dbwright.operation import Effect
from dbwright.sql.ddl_objects import function_definition, type_definition

__all__ = ["describe"]


@dataclass(frozen=True, slots=True)
class Description:
    """An object, and all that the catalog says of it."""

    name: str
    text: str


@tool(Effect.READS, when="you are about to query or change a table", title="Describe objects")
def describe(
    context: Context,
    *,
    names: Annotated[
        tuple[str, ...],
        Field(min_length=1, description="Relations, functions or types; schema.name, or name."),
    ],
    target: Annotated[str | None, TARGET] = None,
) -> Answer[Description]:
    """Say all about some objects: columns, keys, references both ways, indexes with their use,
    checks, partitions, policies, triggers, sizes; bodies of functions and views."""
    snapshot = context.readings.snapshot(context.opened(target), context.progress)
    known = dict(_known(snapshot))
    found: list[Description] = []
    for name in names:
        matching = [one for one in known if name in (one, one.partition(".")[2])]
        if not matching:
            raise UsageError(
                f"there is no {name!r} in {snapshot.target}",
                did_you_mean(name, [*known, *(one.partition(".")[2] for one in known)])
                or "find it with `objects`",
            )
        found += [Description(one, known[one]()) for one in matching]
    return Answer(
        summary=f"{snapshot.target}: {', '.join(one.name for one in found)}.", items=tuple(found)
    )


def _known(snapshot: Snapshot) -> Iterator[tuple[str, Callable[[], str]]]:
    """Every object that can be described, by name; its text is made when it is asked for."""
    catalog = snapshot.catalog
    for relation in catalog.relations():
        yield relation.qualified, partial(_relation, snapshot, relation)
    overloaded: dict[str, list[Function]] = {}
    for function in catalog.functions:
        overloaded.setdefault(function.qualified, []).append(function)
    for name, functions in overloaded.items():
        yield name, partial(_functions, functions)
    for type_ in catalog.types:
        yield type_.qualified, partial(_type, type_)


def _relation(snapshot: Snapshot, relation: Relation) -> str:
    return "\n".join(relation_lines(snapshot.catalog, snapshot.statistics, relation))


def _functions(functions: Iterable[Function]) -> str:
    return "\n\n".join(
        function_definition(one) or f"{one.signature}: its body can't be read" for one in functions
    )


def _type(type_: Type) -> str:
    return type_definition(type_) or type_.kind.value
