"""Schemas."""

from __future__ import annotations

from collections.abc import Iterable

from dbwright.diff.item import Item, Property
from dbwright.diff.kinds.kind import Kind
from dbwright.diff.kinds.privileges import COMMENT, privileges
from dbwright.diff.step import Step
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog

__all__ = ["SchemaKind"]


def _owner(item: Item) -> str:
    """Of `public` the server itself decides, each major in its way."""
    return "" if item.noun.name == "public" else str(item.noun.owner)


class SchemaKind(Kind):
    key = "schema"
    rank = 10
    word = grant_word = "SCHEMA"
    keeps = True
    properties = (
        Property("owner", _owner),
        COMMENT,
        privileges(frozenset({"USAGE", "CREATE"})),
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        return (Item(schema.ref, self.key, schema) for schema in catalog.schemas)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        yield Step(f"CREATE SCHEMA {item.ref.name}", item.ref)
        yield from self.extras(item, world)
