"""Operators, casts, operator classes, text search, foreign-data wrappers: made again where they
differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbwright.diff.item import Item, Property
from dbwright.diff.kinds.kind import Changed, Kind
from dbwright.diff.kinds.privileges import COMMENT, OWNER
from dbwright.diff.step import Step, Unwritable
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog
from dbwright.model.names import quote

__all__ = ["OtherObjectKind"]

WRAPPER = "foreign-data wrapper"


class OtherObjectKind(Kind):
    key = "other object"
    rank = 52
    properties = (
        Property("definition", lambda item: "; ".join(item.noun.statements)),
        OWNER,
        COMMENT,
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        return (Item(one.ref, self.key, one) for one in catalog.other_objects)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        for statement in item.noun.statements:
            yield Step(statement, item.ref)
        yield from self.extras(item, world)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        if after.noun.kind == WRAPPER and changed:
            return _by_hand(after)
        return () if not changed else None

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        yield Step(f"DROP {item.noun.target}", item.ref)

    def comment_target(self, item: Item) -> str:
        return str(item.noun.target)

    def _owner(self, item: Item, owner: str) -> Step:
        return Step(f"ALTER {item.noun.target} OWNER TO {quote(owner)}", item.ref)


def _by_hand(wrapper: Item) -> Iterator[Step]:
    """Servers hang on it, and on those foreign tables: it is never made again."""
    raise Unwritable(f"ALTER {wrapper.noun.target} by hand")
    yield
