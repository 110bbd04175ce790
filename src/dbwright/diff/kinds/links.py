"""What ties a table to others: being a partition, inheriting; and the index that marks its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dbwright.diff.item import Item, Property
from dbwright.diff.kinds.kind import Changed, Kind
from dbwright.diff.step import Step
from dbwright.diff.world import World
from dbwright.model.catalog import (
    Catalog,
    ForeignKey,
    MaterializedView,
    ReplicaIdentity,
    Table,
    TableKind,
)
from dbwright.model.finding import ObjectRef
from dbwright.model.names import quote

__all__ = ["ClusterKind", "InheritanceKind", "OfTypeKind", "PartitionKind", "ReplicaIdentityKind"]


class PartitionKind(Kind):
    """That a table is a partition. It is made with all its indexes, and attached then, so that
    these keep their names."""

    key = "partition"
    rank = 92
    properties = (
        Property("parent", lambda item: item.noun.inherits),
        Property("bound", lambda item: item.noun.partition_bound),
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for table in catalog.tables:
            if table.is_partition and table.inherits:
                ref = ObjectRef("partition", table.qualified)
                yield Item(ref, self.key, table, table.ref, table)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        words = f"ATTACH PARTITION {item.ref.name} {item.noun.partition_bound}"
        yield Step(f"ALTER TABLE {item.noun.inherits[0]} {words}", item.ref)

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        words = f"DETACH PARTITION {item.ref.name}"
        yield Step(f"ALTER TABLE {item.noun.inherits[0]} {words}", item.ref)
        # Its parent's foreign keys are its own from now on.
        stays = world.target.find_table(item.ref.name)
        wanted = {own_key(key) for key in stays.foreign_keys} if stays is not None else set()
        for key in item.noun.foreign_keys:
            if key.inherited and own_key(key) not in wanted:
                sql = f"ALTER TABLE {item.ref.name} DROP CONSTRAINT {quote(key.name)}"
                yield Step(sql, item.ref)


def own_key(key: ForeignKey) -> ForeignKey:
    """As it is where no parent hands it down."""
    return replace(key, inherited=False, comment=None)


class InheritanceKind(Kind):
    key = "inheritance"
    rank = 71

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for table in catalog.tables:
            if not table.is_partition:
                for parent in table.inherits:
                    ref = ObjectRef("inheritance", f"{table.qualified} of {parent}")
                    yield Item(ref, self.key, parent, table.ref, table)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        if item.parent not in world.created:  # else its table says so
            yield Step(f"ALTER TABLE {item.whole.qualified} INHERIT {item.noun}", item.ref)

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        yield Step(f"ALTER TABLE {item.whole.qualified} NO INHERIT {item.noun}", item.ref)


class OfTypeKind(Kind):
    """That a table's columns are a composite type's attributes."""

    key = "of type"
    rank = 76
    properties = (Property("type", lambda item: item.noun),)

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for table in catalog.tables:
            if table.of_type is not None:
                ref = ObjectRef("of type", table.qualified)
                yield Item(ref, self.key, table.of_type, table.ref, table)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        if item.parent not in world.created:  # else its table says so
            yield Step(f"ALTER TABLE {item.ref.name} OF {item.noun}", item.ref)

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        yield Step(f"ALTER TABLE {item.ref.name} NOT OF", item.ref)


class ReplicaIdentityKind(Kind):
    key = "replica identity"
    rank = 130
    properties = (
        Property("replica identity", lambda item: f"{item.noun.value} {_index(item)}".strip()),
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for table in catalog.tables:
            foreign = table.kind is TableKind.FOREIGN  # of which nothing is replicated
            if table.replica_identity is not ReplicaIdentity.DEFAULT and not foreign:
                ref = ObjectRef("replica identity", table.qualified)
                yield Item(ref, self.key, table.replica_identity, table.ref, table)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        words = item.noun.value.upper()
        if item.noun is ReplicaIdentity.INDEX:
            words = f"USING INDEX {quote(_index(item))}"
        yield Step(f"ALTER TABLE {item.ref.name} REPLICA IDENTITY {words}", item.ref)

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        yield Step(f"ALTER TABLE {item.ref.name} REPLICA IDENTITY DEFAULT", item.ref)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        return self.create(after, world) if changed else ()


def _index(item: Item) -> str:
    return next((index.name for index in item.whole.indexes if index.replica_identity), "")


def _words(item: Item) -> str:
    return "TABLE" if isinstance(item.whole, Table) else "MATERIALIZED VIEW"


class ClusterKind(Kind):
    """The index that CLUSTER orders a table by."""

    key = "clustered"
    rank = 131
    properties = (Property("index", lambda item: item.noun),)

    def items(self, catalog: Catalog) -> Iterable[Item]:
        relations: tuple[Table | MaterializedView, ...] = catalog.tables
        relations += catalog.materialized_views
        for relation in relations:
            for index in relation.indexes:
                if index.clustered:
                    ref = ObjectRef("clustered", relation.qualified)
                    yield Item(ref, self.key, index.name, relation.ref, relation)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        words = f"ALTER {_words(item)}"
        yield Step(f"{words} {item.ref.name} CLUSTER ON {quote(item.noun)}", item.ref)

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        words = f"ALTER {_words(item)}"
        yield Step(f"{words} {item.ref.name} SET WITHOUT CLUSTER", item.ref)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        return self.create(after, world) if changed else ()
