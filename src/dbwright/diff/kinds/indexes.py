"""Indexes that no constraint brings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbwright.diff.item import Item, Property
from dbwright.diff.kinds.kind import Changed, Kind
from dbwright.diff.kinds.options import option_steps
from dbwright.diff.kinds.privileges import COMMENT, plain
from dbwright.diff.step import Step, Unwritable
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog, Index, MaterializedView, Table
from dbwright.model.names import quote
from dbwright.sql.ddl import index_definition, index_key

__all__ = ["IndexKind"]

Targets = frozenset[tuple[int, int]]
IN_PLACE = frozenset(
    {"storage parameters", "tablespace", "attached to", "valid", "statistics targets"}
)
"""What can change without building the index anew."""


def _keys(item: Item) -> tuple[str, ...]:
    """As SQL. Of an operator class that is its type's own the name is left out: it comes and goes
    with the type."""
    index: Index = item.noun
    try:
        return tuple(index_key(index, key) for key in index.keys)
    except ValueError:
        return ("not read",)


class IndexKind(Kind):
    key = "index"
    rank = 90
    word = "INDEX"
    properties = (
        Property("table", lambda item: item.whole.qualified),
        *plain("method"),
        Property("keys", _keys),
        *plain("include", "unique", "nulls_not_distinct", "predicate", "valid", "partitioned"),
        *plain("tablespace"),
        Property("attached to", lambda item: item.noun.parent),
        Property("storage parameters", lambda item: frozenset(item.noun.options)),
        Property("statistics targets", lambda item: frozenset(item.noun.statistics_targets)),
        COMMENT,
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        relations: tuple[Table | MaterializedView, ...] = catalog.tables
        relations += catalog.materialized_views
        for relation in relations:
            ref = relation.ref
            for index in relation.indexes:
                if not index.backs_constraint:
                    yield Item(index.ref, self.key, index, ref, relation)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        try:
            yield Step(index_definition(item.noun, item.whole.qualified), item.ref)
        except ValueError as problem:
            raise Unwritable(str(problem)) from None
        yield from _targets(item, frozenset(), frozenset(item.noun.statistics_targets))
        yield from self.extras(item, world)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        if changed.keys() - IN_PLACE:
            return None
        if "valid" in changed and not after.noun.partitioned:
            return None
        return self._alter(after, changed)

    def _alter(self, after: Item, changed: Changed) -> Iterator[Step]:
        """That it is attached follows from its table's being a partition, and its parent's being
        made; that a partitioned one is valid, from its parts."""
        head = f"ALTER INDEX {after.ref.name}"
        if "storage parameters" in changed:
            yield from option_steps(head, after.ref, *changed["storage parameters"])
        if "tablespace" in changed:
            place = quote(after.noun.tablespace or "pg_default")
            yield Step(f"{head} SET TABLESPACE {place}", after.ref)
        if "statistics targets" in changed:
            yield from _targets(after, *changed["statistics targets"])


def _targets(item: Item, old: Targets, new: Targets) -> Iterator[Step]:
    """Of expressions, each by the number of its key; -1 is the default."""
    wanted = dict.fromkeys((number for number, _ in old), -1) | dict(new)
    for number, target in sorted(wanted.items()):
        if (number, target) not in old:
            words = f"ALTER COLUMN {number} SET STATISTICS {target}"
            yield Step(f"ALTER INDEX {item.ref.name} {words}", item.ref)
