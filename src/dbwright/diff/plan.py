"""From two catalogs to statements, in an order in which each can run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dbwright.diff.compare import collect
from dbwright.diff.decide import Decisions, decide
from dbwright.diff.implied import Implied, implied
from dbwright.diff.item import Item
from dbwright.diff.kinds import all_kinds
from dbwright.diff.needs import needs_of
from dbwright.diff.order import Do, Node, Order
from dbwright.diff.step import Step, Unwritable
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import ObjectRef

__all__ = ["Plan", "plan"]

INLINE = frozenset({"default", "check", "key", "exclusion", "domain check"})
"""Parts that the statement of the whole can bring."""
AWAY = "__dbwright_old"
"""Ends the name of a type until its columns have the new one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Statements that make one schema of another."""

    steps: tuple[Step, ...]
    unwritten: tuple[tuple[ObjectRef, str], ...] = ()
    """What no statement could be written for, and why."""


def plan(before: Catalog, after: Catalog, *, owners: bool = True, privileges: bool = True) -> Plan:
    """Run on a database with the schema `before` they make that of `after`.

    They are written for the server of `before`, and for the user who read it.
    """
    world = World(before, after, collect(before), collect(after), owners, privileges)
    return _Planner(world).plan()


class _Planner:
    def __init__(self, world: World) -> None:
        self.world = world
        self.kinds = all_kinds()
        self.old_needs = needs_of(world.catalog)
        self.new_needs = needs_of(world.target)
        self.decisions = Decisions()
        self.implied = Implied()

    def plan(self) -> Plan:
        self.decisions = decide(self.world, self.old_needs)
        self.implied = implied(self.world, self.decisions, self.old_needs)
        order = Order(self.world, self.decisions, self.implied, self.old_needs, self.new_needs)
        nodes = order.sorted()
        inline = self._inline(nodes, order.needed()) | self.implied.created
        self.world = replace(
            self.world,
            created=frozenset(self.decisions.created),
            inline=frozenset(inline),
            retyped=frozenset(self.decisions.retyped - self.implied.retyped),
        )
        steps: list[Step] = []
        unwritten: list[tuple[ObjectRef, str]] = []
        for node in nodes:
            try:
                steps += self._steps(node)
            except Unwritable as problem:
                unwritten.append((node[1], str(problem)))
        return Plan(tuple(steps), tuple(unwritten))

    def _inline(self, order: list[Node], needed: Mapping[Node, list[Node]]) -> set[ObjectRef]:
        """Parts of new objects of which all that they need is there before the object itself."""
        place = {node: number for number, node in enumerate(order)}
        found: set[ObjectRef] = set()
        for do, ref in order:
            item = self.world.after.get(ref)
            if do is not Do.MAKE or item is None or item.kind not in INLINE:
                continue
            if ref not in self.decisions.created or item.parent not in self.decisions.created:
                continue
            if _handed_down(item):
                continue
            whole = _whole(item, self.decisions.created)
            start = place[Do.MAKE, whole]
            if all(
                place[node] < start
                or node[1] in found
                or node[1] == whole
                or self._is_column_of(node, whole)
                for node in needed.get((do, ref), ())
            ):
                found.add(ref)
        return found

    def _is_column_of(self, node: Node, whole: ObjectRef) -> bool:
        item = self.world.after.get(node[1])
        return item is not None and item.kind == "column" and item.parent == whole

    def _steps(self, node: Node) -> Iterator[Step]:
        do, ref = node
        old, new = self.world.before.get(ref), self.world.after.get(ref)
        if do is Do.MAKE and new is not None:
            kind = self.kinds[new.kind]
            if ref in self.decisions.altered and old is not None:
                changed = self._changed(ref)
                yield from kind.common(old, new, changed, self.world)
                rest = {
                    name: values
                    for name, values in changed.items()
                    if name not in ("owner", "comment", "privileges")
                }
                yield from kind.alter(old, new, rest, self.world) or ()
            else:
                yield from kind.create(new, self.world)
        elif old is not None:
            kind = self.kinds[old.kind]
            if do is Do.DROP and ref not in self.implied.dropped:
                yield from kind.drop(old, self.world)
            elif do is Do.AWAY:
                yield from kind.put_away(old, _away(old.noun.name), self.world)
            elif do is Do.CLEAN:
                noun = replace(old.noun, name=_away(old.noun.name))
                loses = self._lost_labels(old)
                for step in kind.drop(Item(noun.ref, old.kind, noun), self.world):
                    yield replace(step, object=ref, loses=loses)

    def _changed(self, ref: ObjectRef) -> dict[str, tuple[Any, Any]]:
        changed = dict(self.decisions.altered[ref])
        if ref in self.implied.retyped:
            for name in ("type", "collation", "not null"):
                changed.pop(name, None)
        return changed

    def _lost_labels(self, old: Item) -> str:
        lost = [
            label
            for label in getattr(old.noun, "labels", ())
            if label not in getattr(self.world.after[old.ref].noun, "labels", ())
        ]
        return f"rows with {', '.join(lost)} are refused" if lost else ""


def _away(name: str) -> str:
    """Short enough for the server not to cut it."""
    return name.encode()[:40].decode(errors="ignore") + AWAY


def _handed_down(item: Item) -> bool:
    """Does a table that inherits get it, or its column, from its parents?"""
    inherits = isinstance(item.whole, Table) and item.whole.inherits
    return bool(inherits) and not item.whole.is_partition and getattr(item.noun, "inherited", False)


def _whole(item: Item, created: set[ObjectRef]) -> ObjectRef:
    """What a part is written in: a default in its column, or in that one's new table."""
    assert item.parent is not None
    if item.kind == "default" and item.whole.ref in created:
        return ObjectRef(item.whole.ref.kind, item.whole.ref.name)
    return item.parent
