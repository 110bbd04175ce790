"""Collations."""

from __future__ import annotations

from collections.abc import Iterable

from dbwright.diff.item import Item
from dbwright.diff.kinds.kind import Kind
from dbwright.diff.kinds.privileges import COMMENT, OWNER, plain
from dbwright.diff.step import Step
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog
from dbwright.sql.ddl_objects import collation_definition

__all__ = ["CollationKind"]

SERVERS_OWN = ("pg_catalog", "information_schema")


class CollationKind(Kind):
    key = "collation"
    rank = 30
    word = "COLLATION"
    keeps = swaps = True
    properties = (
        *plain("provider", "locale", "ctype", "deterministic", "rules"),
        OWNER,
        COMMENT,
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for one in catalog.collations:
            if one.schema not in SERVERS_OWN:
                yield Item(one.ref, self.key, one)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        yield Step(f"CREATE COLLATION {collation_definition(item.noun)}", item.ref)
        yield from self.extras(item, world)
