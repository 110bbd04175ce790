"""The view that serves queries of one shape: its columns, its query, and how each reads it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dbwright.model.catalog import Catalog
from dbwright.model.names import is_plain, qualify
from dbwright.sql.index_build import free_name
from dbwright.sql.parse import Node
from dbwright.sql.scope.canonical import deparse
from dbwright.sql.scope.output_names import output_name
from dbwright.tune.rewrites.trees import all_of
from dbwright.tune.views.normal import qualified_tables
from dbwright.tune.views.shape import Shape

__all__ = ["ViewColumn", "ViewDefinition", "alike", "define"]


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A column of a view."""

    name: str
    node: Node
    """Its expression."""
    key: bool
    """Is it one of those that tell the rows apart?"""


@dataclass(frozen=True)
class ViewDefinition:
    """A materialized view that might be made."""

    schema: str
    name: str
    columns: Mapping[str, ViewColumn]
    """By the texts of their expressions."""
    tree: Node
    """Of its query, a SelectStmt."""
    query: str
    tables: tuple[str, ...]
    """Qualified, that it reads."""

    @property
    def qualified(self) -> str:
        return qualify(self.schema, self.name)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns.values() if column.key)


def alike(shape: Shape) -> tuple[str, ...]:
    """Equal for queries that one view serves: they read the same tables in the same way, and have
    the same groups once those of the conditions are counted."""
    return (
        shape.relations,
        *sorted(shape.kept),
        "groups",
        *sorted({*shape.groups, *shape.lifted}),
    )


def define(
    shapes: Sequence[Shape], catalog: Catalog, taken: Collection[tuple[str, str]] = ()
) -> ViewDefinition | None:
    """The view for queries that are alike, by a name that is not in `taken`; None where it can't
    be written."""
    first = shapes[0]
    groups = {**first.groups, **first.lifted}
    names = _Names()
    columns: dict[str, ViewColumn] = {}
    for text, node in groups.items():
        columns[text] = ViewColumn(names.free(output_name(node)), node, True)
    for shape in shapes:
        for text, node in shape.dependent.items():
            if text not in columns:
                columns[text] = ViewColumn(names.free(output_name(node)), node, False)
    for shape in shapes:
        for text, node in shape.needed.items():
            if text not in columns:
                columns[text] = ViewColumn(names.free(_aggregate_name(node)), node, False)
    tree = _tree(first, columns, groups)
    query = deparse("SelectStmt", tree)
    tables = [item.table for item in first.level.items if item.table is not None]
    if query is None:
        return None
    keys = "_".join(column.name for column in columns.values() if column.key)
    name = free_name(catalog, tables[0].schema, f"{tables[0].name}_by_{keys}", taken)
    return ViewDefinition(
        tables[0].schema,
        name,
        columns,
        tree,
        query,
        first.tables,
    )


class _Names:
    def __init__(self) -> None:
        self._taken: set[str] = set()

    def free(self, wanted: str) -> str:
        """A plain name that no other column has."""
        stem = wanted.lower() if is_plain(wanted.lower()) else "value"
        name, number = stem, 1
        while name in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._taken.add(name)
        return name


def _aggregate_name(node: Node) -> str:
    """`sum_total` of `sum(o.total)`."""
    name = output_name(node)
    arguments = node.get("FuncCall", {}).get("args", [])
    inner = output_name(arguments[0]) if len(arguments) == 1 else ""
    return f"{name}_{inner}" if is_plain(inner) else name


def _tree(shape: Shape, columns: Mapping[str, ViewColumn], groups: Mapping[str, Node]) -> Node:
    targets = [
        {"ResTarget": {"name": column.name, "val": column.node}} for column in columns.values()
    ]
    fields: dict[str, Any] = {
        "targetList": targets,
        "fromClause": [
            qualified_tables(shape.source, item) for item in shape.level.fields["fromClause"]
        ],
        "groupClause": list(groups.values()),
        "limitOption": "LIMIT_OPTION_DEFAULT",
        "op": "SETOP_NONE",
    }
    where = all_of(list(shape.kept.values()))
    return fields if where is None else {**fields, "whereClause": where}
