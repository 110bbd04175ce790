"""Extensions."""

from __future__ import annotations

from collections.abc import Iterable

from dbwright.diff.item import Item
from dbwright.diff.kinds.kind import Changed, Kind
from dbwright.diff.kinds.privileges import plain
from dbwright.diff.step import Step
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog, Extension
from dbwright.model.names import literal, quote

__all__ = ["ExtensionKind"]


class ExtensionKind(Kind):
    key = "extension"
    rank = 20
    word = "EXTENSION"
    keeps = True
    properties = plain("version", "schema")

    def items(self, catalog: Catalog) -> Iterable[Item]:
        return (Item(one.ref, self.key, one) for one in catalog.extensions)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        extension: Extension = item.noun
        sql = f"CREATE EXTENSION {item.ref.name}"
        if extension.schema != "pg_catalog":
            sql += f" WITH SCHEMA {quote(extension.schema)}"
        if extension.available_version not in (None, extension.version):
            sql += f" VERSION {literal(extension.version)}"
        yield Step(sql, item.ref)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        head = f"ALTER EXTENSION {after.ref.name}"
        steps: list[Step] = []
        if "schema" in changed:
            steps.append(Step(f"{head} SET SCHEMA {quote(after.noun.schema)}", after.ref))
        if "version" in changed:
            steps.append(Step(f"{head} UPDATE TO {literal(after.noun.version)}", after.ref))
        return steps
