"""The tool `objects`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.tool import TARGET, tool
from dbwright.agent.tools._outline import size_words
from dbwright.model.catalog import Table, View
from dbwright.model.names import quote
from dbwright.model.snapshot import Snapshot
from dbwright.operation import Effect

__all__ = ["objects"]


class Kind(StrEnum):
    """What can be listed."""

    RELATION = "relation"
    COLUMN = "column"
    INDEX = "index"
    CONSTRAINT = "constraint"
    FUNCTION = "function"
    TYPE = "type"
    SEQUENCE = "sequence"
    TRIGGER = "trigger"
    POLICY = "policy"
    EXTENSION = "extension"
    ROLE = "role"
    SCHEMA = "schema"


@dataclass(frozen=True, slots=True)
class ObjectLine:
    """An object, and what is told of it in one line."""

    kind: str
    name: str
    about: str = ""
    schema: str | None = None

    @property
    def text(self) -> str:
        """What is searched."""
        return f"{self.name} {self.about}".casefold()

    def rank(self, words: list[str]) -> tuple[bool, bool, int, str]:
        """The best first: its own name, then names that hold all words, then the short."""
        own = self.name.rpartition(".")[2].strip('"').casefold()
        in_name = all(word in self.name.casefold() for word in words)
        return (own not in words, not in_name, len(self.name), self.name)


@tool(Effect.READS, when="you look for a table, a column or any other object", title="Find objects")
def objects(
    context: Context,
    *,
    target: Annotated[str | None, TARGET] = None,
    search: Annotated[
        str, Field(description="Words: objects whose name or comment holds all of them.")
    ] = "",
    kind: Annotated[Kind | None, Field(description="Only this kind.")] = None,
    schema_name: Annotated[str | None, Field(description="Only this schema.")] = None,
) -> Answer[ObjectLine]:
    """List the objects of a database, or search them by name and comment.

    Without `search` and `kind` the relations are listed, the largest first, without partitions.
    Then `describe` says all about one.
    """
    snapshot = context.readings.snapshot(context.opened(target), context.progress)
    words = search.casefold().split()
    kinds = [kind] if kind else list(Kind) if words else [Kind.RELATION]
    found = [
        line
        for one in kinds
        for line in LISTED[one](snapshot)
        if schema_name in (None, line.schema) and all(word in line.text for word in words)
    ]
    if words:
        found.sort(key=lambda line: line.rank(words))
    what = f" for {search!r}" if words else ""
    return Answer(f"{snapshot.target}: {len(found)} objects{what}.", items=tuple(found))


Lines = Iterator[ObjectLine]


def _relations(snapshot: Snapshot) -> Lines:
    tables = snapshot.statistics.tables if snapshot.statistics else ()
    sizes = {one.oid: one.total_bytes or 0 for one in tables}
    every = sorted(
        snapshot.catalog.relations(), key=lambda one: (-sizes.get(one.oid, 0), one.qualified)
    )
    for relation in every:
        if isinstance(relation, Table) and relation.is_partition:
            continue
        words = [f"{len(relation.columns)} columns{size_words(snapshot.statistics, relation)}"]
        words += [relation.comment] if relation.comment else []
        yield ObjectLine(relation.ref.kind, relation.qualified, "; ".join(words), relation.schema)


def _columns(snapshot: Snapshot) -> Lines:
    for relation in snapshot.catalog.relations():
        for column in relation.columns:
            name = f"{relation.qualified}.{quote(column.name)}"
            about = f"{column.type}; {column.comment}" if column.comment else column.type
            yield ObjectLine("column", name, about, relation.schema)


def _indexes(snapshot: Snapshot) -> Lines:
    for relation in snapshot.catalog.relations():
        for index in () if isinstance(relation, View) else relation.indexes:
            yield ObjectLine("index", index.qualified, f"on {relation.qualified}", index.schema)


def _of_tables(
    kind: str, names: Callable[[Table], Iterator[tuple[str, str]]]
) -> Callable[[Snapshot], Lines]:
    """Lists what belongs to tables, by its name and its kind in words."""

    def listed(snapshot: Snapshot) -> Lines:
        for table in snapshot.catalog.tables:
            for name, about in names(table):
                yield ObjectLine(kind, f"{table.qualified}.{quote(name)}", about, table.schema)

    return listed


def _constraints(table: Table) -> Iterator[tuple[str, str]]:
    yield from ((key.name, "key") for key in table.keys)
    yield from ((key.name, f"to {key.references}") for key in table.foreign_keys)
    yield from ((check.name, check.expression or "check") for check in table.checks)
    yield from ((one.name, "exclusion") for one in table.exclusions)


LISTED: dict[Kind, Callable[[Snapshot], Lines]] = {
    Kind.RELATION: _relations,
    Kind.COLUMN: _columns,
    Kind.INDEX: _indexes,
    Kind.CONSTRAINT: _of_tables("constraint", _constraints),
    Kind.TRIGGER: _of_tables(
        "trigger", lambda table: ((one.name, one.function) for one in table.triggers)
    ),
    Kind.POLICY: _of_tables(
        "policy", lambda table: ((one.name, one.command) for one in table.policies)
    ),
    Kind.FUNCTION: lambda snapshot: (
        ObjectLine("function", one.signature, one.comment or "", one.schema)
        for one in snapshot.catalog.functions
    ),
    Kind.TYPE: lambda snapshot: (
        ObjectLine(one.kind.value, one.qualified, one.comment or "", one.schema)
        for one in snapshot.catalog.types
    ),
    Kind.SEQUENCE: lambda snapshot: (
        ObjectLine("sequence", one.qualified, one.comment or "", one.schema)
        for one in snapshot.catalog.sequences
    ),
    Kind.EXTENSION: lambda snapshot: (
        ObjectLine("extension", one.name, one.version, one.schema)
        for one in snapshot.catalog.extensions
    ),
    Kind.ROLE: lambda snapshot: (
        ObjectLine("role", one.name) for one in snapshot.catalog.roles if not one.predefined
    ),
    Kind.SCHEMA: lambda snapshot: (
        ObjectLine("schema", one.name, one.comment or "", one.name)
        for one in snapshot.catalog.schemas
    ),
}
