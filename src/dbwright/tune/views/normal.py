"""Expressions of one query level in a form in which equal ones are equal texts.

Every column is written with its relation before it, every table with its schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbwright.sql.parse import Node
from dbwright.sql.scope.canonical import canonical_expression, replace_columns
from dbwright.tune.rewrites.source import Level, Named, Source
from dbwright.tune.rewrites.trees import any_node, column, column_refs
from dbwright.tune.rewrites.writing import without_locations

__all__ = ["bare", "columns_of", "normal", "qualified_tables", "text_of"]


def normal(level: Level, node: Node) -> Node | None:
    """The expression with each column as `relation.column`; None where one of them is unclear.

    What holds a subquery is left as it is written: names mean something else there.
    """
    if any_node(node, ("SubLink",)):
        return bare(node)
    refs = column_refs(node)
    if any(level.named(ref) is None for ref in refs):
        return None
    return bare(replace_columns(node, lambda ref: _whole(level, ref)))


def columns_of(level: Level, node: Node) -> list[Named]:
    """The columns in an expression without subqueries."""
    found = [level.named(ref) for ref in column_refs(node)]
    return [named for named in found if named is not None]


def text_of(node: Node) -> str | None:
    """By which equal expressions are told; None where it can't be written."""
    return canonical_expression(node)


def qualified_tables(source: Source, node: Node) -> Node:
    """A part of the query's own tree with the schema before each table."""
    schemas = {
        use.location: use.schema for use in source.statement.relations if use.stored and use.schema
    }
    return bare(_with_schemas(node, schemas))


def _with_schemas(node: Any, schemas: Mapping[int | None, str]) -> Any:
    if isinstance(node, list):
        return [_with_schemas(child, schemas) for child in node]
    if not isinstance(node, Mapping):
        return node
    found = {name: _with_schemas(child, schemas) for name, child in node.items()}
    if "relname" in found and found.get("location") in schemas:
        found["schemaname"] = schemas[found["location"]]
    return found


def _whole(level: Level, ref: Node) -> Node | None:
    named = level.named(ref)
    return None if named is None else column(named.item.alias, named.column.name)


def bare(node: Node) -> Node:
    """The tree without places in the text."""
    found: Node = without_locations(node)
    return found
