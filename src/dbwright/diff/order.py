"""In which order steps can run: each behind all that must come before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import IntEnum

from dbwright.diff.decide import Decisions
from dbwright.diff.implied import Implied
from dbwright.diff.item import Item, names_taken
from dbwright.diff.kinds import all_kinds
from dbwright.diff.needs import Needs
from dbwright.diff.sorting import sorted_nodes
from dbwright.diff.world import World
from dbwright.model.catalog import Table
from dbwright.model.finding import ObjectRef
from dbwright.model.names import quote

__all__ = ["Do", "Node", "Order"]

TABLES = ("table", "partitioned table", "foreign table")
TIES = frozenset({"foreign key", "default", "check", "trigger", "policy", "rule"})
"""Parts that can go before the whole does."""


class Do(IntEnum):
    """What is done with an object, in the order in which it is where nothing else decides."""

    DROP = 1
    AWAY = 2
    """Give the old one of a pair another name."""
    MAKE = 3
    """Create or alter."""
    CLEAN = 4
    """Drop the old one of a pair."""


Node = tuple[Do, ObjectRef]


class Order:
    """What must come before what, of the steps that were decided on."""

    def __init__(
        self,
        world: World,
        decisions: Decisions,
        implied: Implied,
        old_needs: Needs,
        new_needs: Needs,
    ) -> None:
        self.world = world
        self.decisions = decisions
        self.implied = implied
        self.old_needs = old_needs
        self.new_needs = new_needs
        self.kinds = all_kinds()
        self.nodes = self._nodes()
        self.after: dict[Node, set[Node]] = defaultdict(set)
        """Those that come behind each."""

    def sorted(self) -> list[Node]:
        """Where things that go need each other in a circle, the parts that tie them are taken out
        of `implied`: they go by statements of their own, first."""
        self._edges()
        order, circular = sorted_nodes(self.nodes, self.after, self._priority)
        if circular:
            for ref in [ref for ref in self.implied.dropped if self._ties(ref)]:
                del self.implied.dropped[ref]
            self.after.clear()
            self._edges()
            order, _ = sorted_nodes(self.nodes, self.after, self._priority)
        return order

    def needed(self) -> dict[Node, list[Node]]:
        """Those that come before each."""
        found: dict[Node, list[Node]] = defaultdict(list)
        for first, others in self.after.items():
            for then in others:
                found[then].append(first)
        return found

    def _nodes(self) -> set[Node]:
        found = self.decisions
        nodes = {(Do.DROP, ref) for ref in found.dropped}
        nodes |= {(Do.MAKE, ref) for ref in found.created | found.altered.keys() | found.swapped}
        for ref in found.swapped:
            nodes |= {(Do.AWAY, ref), (Do.CLEAN, ref)}
        return nodes

    def _edges(self) -> None:
        old, new = self.world.before, self.world.after
        for do, ref in self.nodes:
            if do is Do.DROP:
                self._before_it_goes(old[ref])
            elif do is Do.MAKE:
                if ref in old and ref not in self.decisions.created:
                    self._while_it_stays(old[ref])
                self._before_it_comes(new[ref])
            if do is Do.CLEAN:
                for needed in self.old_needs.falls_with(old[ref]):
                    self._edge((do, ref), (Do.CLEAN, needed))
                    self._edge((do, ref), (Do.DROP, needed))
            if do is Do.MAKE and ref in new and new[ref].kind == "domain check":
                for column in self.decisions.retyped:
                    self._edge((do, ref), (Do.MAKE, column))
            if do is Do.AWAY:
                self._edge((Do.AWAY, ref), (Do.MAKE, ref))
                self._edge((Do.MAKE, ref), (Do.CLEAN, ref))
                for needed in self.new_needs.of(new[ref]):  # for the attributes that it gets yet
                    self._edge((Do.MAKE, needed), (do, ref))
        self._names()

    def _edge(self, first: Node, then: Node) -> None:
        if first in self.nodes and then in self.nodes and first != then:
            self.after[first].add(then)

    def _before_it_goes(self, item: Item) -> None:
        node = (Do.DROP, item.ref)
        cause = self._cause(item.ref)
        for needed in self.old_needs.falls_with(item):
            if cause != item.ref and self._cause(needed) != cause:
                self._edge((Do.DROP, cause), (Do.DROP, needed))
            for do in (Do.DROP, Do.AWAY):
                self._edge(node, (do, needed))
            self._before_its_type(node, needed)
            if needed not in self.decisions.created:
                self._edge(node, (Do.MAKE, needed))
        self._edge(node, (Do.MAKE, item.ref))
        if item.parent is not None:  # a table is attached as it is to be
            self._edge(node, (Do.MAKE, ObjectRef("partition", item.parent.name)))
            for parent in getattr(item.whole, "inherits", ()):
                link = ObjectRef("inheritance", f"{item.parent.name} of {parent}")
                self._edge(node, (Do.MAKE, link))
        if item.kind in ("column", "check"):  # what hands it down lets go of it first
            name = item.whole.qualified
            self._edge((Do.DROP, ObjectRef("of type", name)), node)
            for parent in item.whole.inherits:
                self._edge((Do.DROP, ObjectRef("inheritance", f"{name} of {parent}")), node)
        if item.kind in ("inheritance", "partition"):  # what the parent loses, it may keep
            above = (item.noun,) if item.kind == "inheritance" else item.noun.inherits
            for parent in self._with_parents(above):
                for column in parent.columns:
                    self._edge(node, (Do.DROP, parent.column_ref(column)))
                for check in parent.checks:
                    self._edge(node, (Do.DROP, parent.constraint_ref(check.name)))
        if item.kind == "foreign key":
            for part in self._partitions(item.noun.references):
                self._edge((Do.DROP, cause), (Do.DROP, part))
        if item.kind == "partition":
            for key in item.noun.foreign_keys:
                if key.inherited:  # it stays with the partition: what it references goes after
                    for kind in TABLES:
                        self._edge(node, (Do.DROP, ObjectRef(kind, key.references)))
                    for parent in item.noun.inherits:
                        above = ObjectRef("constraint", f"{parent}.{quote(key.name)}")
                        self._edge(node, (Do.DROP, above))
            # Also where the table itself goes:
            for parent in item.noun.inherits:
                for kind in TABLES:
                    self._edge((Do.DROP, item.whole.ref), (Do.DROP, ObjectRef(kind, parent)))
        if self.old_needs.attached_to(item) is not None:
            detached = ObjectRef("partition", item.whole.qualified)
            self._edge((Do.DROP, detached), node)

    def _partitions(self, table: str) -> Iterator[ObjectRef]:
        """Of all levels, as they are there."""
        found = self.world.catalog.find_table(table)
        for child in self.world.catalog.children(found) if found is not None else ():
            if child.is_partition:
                yield child.ref
                yield from self._partitions(child.qualified)

    def _with_parents(self, names: Iterable[str]) -> Iterator[Table]:
        """These tables and those that they inherit from, as they are there."""
        for table in filter(None, map(self.world.catalog.find_table, names)):
            yield table
            yield from self._with_parents(table.inherits)

    def _cause(self, ref: ObjectRef) -> ObjectRef:
        """The object whose own statement drops it."""
        while ref in self.implied.dropped:
            ref = self.implied.dropped[ref]
        return ref

    def _ties(self, ref: ObjectRef) -> bool:
        """Does it need something that goes by another statement?"""
        item, cause = self.world.before[ref], self._cause(ref)
        return item.kind in TIES and any(
            needed in self.decisions.dropped and self._cause(needed) != cause
            for needed in self.old_needs.of(item)
        )

    def _while_it_stays(self, item: Item) -> None:
        """What it needs no more goes after it has changed."""
        for needed in self.old_needs.falls_with(item):
            self._edge((Do.MAKE, item.ref), (Do.CLEAN, needed))
            self._before_its_type((Do.MAKE, item.ref), needed)
            if needed not in self.decisions.created:
                self._edge((Do.MAKE, item.ref), (Do.DROP, needed))

    def _before_its_type(self, node: Node, column: ObjectRef) -> None:
        """A typed table's column goes when its type is altered."""
        cause = self.implied.dropped.get(column)
        if cause is not None and cause in self.decisions.altered:
            self._edge(node, (Do.MAKE, cause))

    def _before_it_comes(self, item: Item) -> None:
        node = (Do.MAKE, item.ref)
        created = self.decisions.created
        for needed in self.new_needs.of(item):
            self._edge((Do.MAKE, needed), node)
            if item.kind == "column" and item.parent in created and needed != item.parent:
                # The table's statement brings the column.
                other = self.world.after.get(needed)
                if other is None or other.parent != item.parent:
                    self._edge((Do.MAKE, needed), (Do.MAKE, item.parent))
        if item.kind in ("column", "check"):
            for parent in item.whole.inherits:
                above = ObjectRef(item.ref.kind, f"{parent}.{quote(item.noun.name)}")
                self._edge((Do.MAKE, above), node)

    def _names(self) -> None:
        """A name is free when who had it is gone."""
        held: dict[tuple[str, ...], list[Node]] = defaultdict(list)
        for do, ref in self.nodes:
            if do in (Do.DROP, Do.AWAY):
                item = self.world.before[ref]
                for name in names_taken(item):
                    held[name].append(self._of_identity(item) or (do, ref))
        for do, ref in self.nodes:
            if do is Do.MAKE and ref in self.decisions.created:
                item = self.world.after[ref]
                for name in names_taken(item):
                    for node in held.get(name, ()):
                        self._edge(node, self._of_identity(item) or (do, ref))

    def _of_identity(self, item: Item) -> Node | None:
        """What is done with the column, or its table, that an identity's sequence comes and goes
        with; None for any other item."""
        if item.kind != "sequence" or not item.noun.identity or item.parent is None:
            return None
        column = item.parent
        if column in self.decisions.altered:
            return Do.MAKE, column
        whole = self.world.after.get(column)
        if whole is not None and whole.parent in self.decisions.created:
            return Do.MAKE, whole.parent
        return (Do.MAKE if column in self.decisions.created else Do.DROP), column

    def _priority(self, node: Node) -> tuple[int, int, ObjectRef]:
        do, ref = node
        item = (self.world.before if do is not Do.MAKE else self.world.after)[ref]
        rank = self.kinds[item.kind].rank
        if do is Do.MAKE and item.kind == "type" and ref in self.decisions.altered:
            return 0, rank, ref
        return int(do), rank if do is Do.MAKE else -rank, ref
