"""Who needs whom: what must be there before an object can be made, and goes before it can go."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from functools import cached_property

from dbwright.diff.compare import collect
from dbwright.diff.item import Item
from dbwright.diff.kinds.constraints import KeyWithIndex
from dbwright.model.catalog import (
    Catalog,
    EventTrigger,
    ExtendedStatistics,
    ForeignKey,
    ForeignServer,
    Index,
    Publication,
    ReplicaIdentity,
    Sequence,
    Table,
    Trigger,
    UserMapping,
    View,
)
from dbwright.model.finding import ObjectRef
from dbwright.model.names import qualify, quote

__all__ = ["Needs", "needs_of"]

_known: dict[int, Needs] = {}


def needs_of(catalog: Catalog) -> Needs:
    """Kept for as long as the catalog is, as its items are."""
    key = id(catalog)
    if key not in _known:
        weakref.finalize(catalog, _known.pop, key, None)
        _known[key] = Needs(weakref.proxy(catalog), collect(catalog))
    return _known[key]


class Needs:
    """The dependencies of one catalog: those that its nouns name, and those that were read."""

    def __init__(self, catalog: Catalog, items: Mapping[ObjectRef, Item]) -> None:
        self._catalog = catalog
        self._items = items

    def of(self, item: Item) -> Iterator[ObjectRef]:
        """What must be there before it is made. Some may not be items (an extension's own)."""
        if item.parent is not None:
            yield item.parent
        schema = getattr(item.noun, "schema", None)
        if isinstance(schema, str):
            yield ObjectRef("schema", quote(schema))
        yield from self._read.get(item.ref, ())
        if item.kind == "column" and item.noun.generated is not None:
            yield from self._read.get(ObjectRef("default", item.ref.name), ())
        yield from self._named(item)

    def falls_with(self, item: Item) -> Iterator[ObjectRef]:
        """What takes it along, or must not go before it."""
        if item.kind == "partition":
            yield ObjectRef(item.whole.ref.kind, item.ref.name)
            yield from self._known(item.noun.inherits)
            return
        if item.kind == "inheritance" and item.parent is not None:
            yield item.parent
            yield from self._known([item.noun])
            return
        if item.kind == "of type" and item.parent is not None:
            yield item.parent
            yield ObjectRef("type", item.noun)
            return
        whole = self.attached_to(item)
        if whole is not None:
            yield whole
        own = _own_index(item)
        parts = set(self._attached.get(own.qualified, ())) if own is not None else set()
        yield from (needed for needed in self.of(item) if needed not in parts)

    def attached_to(self, item: Item) -> ObjectRef | None:
        """What the item's index is attached to, and goes with."""
        index = _own_index(item)
        parent = index.parent if index is not None else None
        return self._index_items.get(parent) if parent is not None else None

    @cached_property
    def dependents(self) -> Mapping[ObjectRef, list[ObjectRef]]:
        """By what they fall with."""
        found: dict[ObjectRef, list[ObjectRef]] = {}
        for ref, item in self._items.items():
            for needed in self.falls_with(item):
                found.setdefault(needed, []).append(ref)
        return found

    @cached_property
    def _read(self) -> Mapping[ObjectRef, list[ObjectRef]]:
        found: dict[ObjectRef, list[ObjectRef]] = {}
        for one in self._catalog.dependencies or ():
            found.setdefault(one.object, []).append(one.needs)
        return found

    @cached_property
    def _relations(self) -> Mapping[str, ObjectRef]:
        """By name, whatever their kind."""
        found = {relation.qualified: relation.ref for relation in self._catalog.relations()}
        return found | {sequence.qualified: sequence.ref for sequence in self._catalog.sequences}

    @cached_property
    def _index_items(self) -> Mapping[str, ObjectRef]:
        """By the index's name: its own item, or that of the constraint that it enforces."""
        found: dict[str, ObjectRef] = {}
        for ref, item in self._items.items():
            if item.kind == "index":
                found[item.noun.qualified] = ref
            elif isinstance(item.noun, KeyWithIndex) and item.noun.index is not None:
                found[item.noun.index.qualified] = ref
        return found

    @cached_property
    def _attached(self) -> Mapping[str, list[ObjectRef]]:
        """Indexes that are attached to another, by that one's name."""
        found: dict[str, list[ObjectRef]] = {}
        for ref, item in self._items.items():
            index = _own_index(item)
            if index is not None and index.parent is not None:
                found.setdefault(index.parent, []).append(ref)
        return found

    def _named(self, item: Item) -> Iterator[ObjectRef]:
        """What the noun itself says."""
        noun, whole = item.noun, item.whole
        if isinstance(noun, KeyWithIndex):
            names = [*noun.key.columns, *(noun.index.include if noun.index else ())]
            yield from _columns(whole.qualified, names)
            if noun.index is not None:
                yield from self._attached.get(noun.index.qualified, ())
        elif isinstance(noun, Index):
            names = [*(key.column for key in noun.keys if key.column), *noun.include]
            yield from _columns(whole.qualified, names)
            yield from self._attached.get(noun.qualified, ())
        elif isinstance(noun, ForeignKey):
            yield from _columns(whole.qualified, noun.columns)
            yield from self._referenced(noun)
        elif item.kind in ("check", "not null"):
            names = noun.columns if item.kind == "check" else [noun.column]
            yield from _columns(whole.qualified, names)
        elif isinstance(noun, (Trigger, EventTrigger)):
            yield ObjectRef("function", f"{noun.function}()")
        elif isinstance(noun, Sequence) and item.kind == "ownership" and noun.owned_by:
            yield ObjectRef("column", qualify(*noun.owned_by))
        elif isinstance(noun, Table):
            yield from self._of_table(item, noun)
        elif isinstance(noun, View) or item.kind == "materialized view":
            yield from self._known(noun.depends_on)
        elif isinstance(noun, ExtendedStatistics):
            yield from self._known([noun.table])
            yield from _columns(noun.table, noun.columns)
        elif isinstance(noun, ForeignServer):
            yield ObjectRef("foreign-data wrapper", quote(noun.wrapper))
        elif isinstance(noun, UserMapping):
            yield whole.ref
        elif isinstance(noun, Publication):
            for one in noun.named:
                yield from self._known([one.table])
                yield from _columns(one.table, one.columns)
                table = (
                    self._catalog.find_table(one.table) if one.condition or one.columns else None
                )
                if table is not None:  # those of its rows' condition as well
                    yield from (table.column_ref(column) for column in table.columns)
        elif item.kind == "inherited trigger":
            yield from (
                ObjectRef("trigger", f"{name}.{quote(noun.name)}") for name in whole.inherits
            )
        elif item.kind in ("replica identity", "clustered"):
            yield from self._marking(item)
        elif item.kind == "inheritance":
            yield from self._known([noun])
            for table in (whole, self._catalog.find_table(noun)):
                if table is not None:  # both are as they are to be before they are tied
                    yield from (table.column_ref(column) for column in table.columns)
                    yield from (table.constraint_ref(check.name) for check in table.checks)
        elif item.kind == "of type":
            yield ObjectRef("type", noun)
            yield from (whole.column_ref(column) for column in whole.columns)

    def _known(self, names: object) -> Iterator[ObjectRef]:
        assert isinstance(names, (list, tuple))
        for name in names:
            if name in self._relations:
                yield self._relations[name]

    def _of_table(self, item: Item, table: Table) -> Iterator[ObjectRef]:
        if item.kind == "table":
            if table.foreign_server is not None:
                yield ObjectRef("server", quote(table.foreign_server))
            if not table.is_partition:
                yield from self._known(table.inherits)
                for parent in table.inherits:
                    found = self._catalog.find_table(parent)
                    if found is not None:
                        yield from (found.column_ref(column) for column in found.columns)
        elif item.kind == "partition":
            yield from self._known(table.inherits)
            yield from (table.column_ref(column) for column in table.columns)
            for check in table.checks:
                yield table.constraint_ref(check.name)
            for index in table.indexes:
                if index.qualified in self._index_items:
                    yield self._index_items[index.qualified]

    def _referenced(self, key: ForeignKey) -> Iterator[ObjectRef]:
        """The key, or the unique index, that the foreign key points to."""
        yield from _columns(key.references, key.referenced_columns)
        table = self._catalog.find_table(key.references)
        if table is None:
            return
        wanted = sorted(key.referenced_columns)
        for index in table.indexes:
            if index.unique and sorted(filter(None, index.columns)) == wanted:
                found = self._index_items.get(index.qualified)
                if found is not None:
                    yield found

    def _marking(self, item: Item) -> Iterator[ObjectRef]:
        relation = item.whole
        for index in relation.indexes:
            marks = (
                index.clustered
                if item.kind == "clustered"
                else (index.replica_identity and item.noun is ReplicaIdentity.INDEX)
            )
            if marks and index.qualified in self._index_items:
                yield self._index_items[index.qualified]


def _columns(relation: str, names: object) -> Iterator[ObjectRef]:
    assert isinstance(names, (list, tuple))
    return (ObjectRef("column", f"{relation}.{quote(name)}") for name in names)


def _own_index(item: Item) -> Index | None:
    if isinstance(item.noun, Index):
        return item.noun
    return item.noun.index if isinstance(item.noun, KeyWithIndex) else None
