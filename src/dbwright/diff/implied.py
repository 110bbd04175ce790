"""What the server does by itself when something else is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dbwright.diff.decide import Decisions
from dbwright.diff.item import Item
from dbwright.diff.needs import Needs
from dbwright.diff.world import World
from dbwright.model.catalog import Table
from dbwright.model.finding import ObjectRef
from dbwright.model.names import qualify, quote

__all__ = ["Implied", "implied"]


@dataclass(slots=True)
class Implied:
    """No statement is written for these."""

    dropped: dict[ObjectRef, ObjectRef] = field(default_factory=dict)
    """With what takes each along."""
    created: set[ObjectRef] = field(default_factory=set)
    """Columns that a parent hands down, with their defaults."""
    retyped: set[ObjectRef] = field(default_factory=set)
    """Columns that change with a parent's."""


def implied(world: World, decisions: Decisions, needs: Needs) -> Implied:
    """`needs`: of what is there."""
    found = Implied()
    for ref in decisions.dropped:
        item = world.before[ref]
        if item.kind == "column" and _of_type(item) in decisions.altered:
            found.dropped[ref] = _of_type(item)
            continue
        for cause in _goes_with(world, decisions, needs, item):
            if cause in decisions.dropped:
                found.dropped[ref] = cause
                break
    for ref in decisions.created:
        item = world.after[ref]
        if item.kind == "column" and item.parent not in decisions.created:
            above = list(_above(world, decisions, item))
            if _of_type(item) in decisions.altered or any(
                column in decisions.created for column in above
            ):
                found.created.add(ref)
                found.created |= set(_default_handed_down(world, item, above))
    for ref in decisions.altered:
        item = world.after[ref]
        if item.kind == "column":
            for column in _above(world, decisions, item):
                mine, others = decisions.altered[ref], decisions.altered.get(column, {})
                same = all(
                    name not in mine or others.get(name, ("", ""))[1] == mine[name][1]
                    for name in ("type", "collation", "not null")
                )
                if column in decisions.altered and same:
                    found.retyped.add(ref)
    return found


def _goes_with(world: World, decisions: Decisions, needs: Needs, item: Item) -> Iterator[ObjectRef]:
    """What takes the item along when it is dropped."""
    if item.parent is not None and not (
        item.kind == "partition" and _is_referenced(world, decisions, item.noun)
    ):
        yield item.parent
    if item.kind == "sequence" and item.noun.owned_by:
        schema, table, _ = item.noun.owned_by
        yield ObjectRef("column", qualify(*item.noun.owned_by))
        for kind in ("table", "foreign table", "partitioned table"):
            yield ObjectRef(kind, qualify(schema, table))
    if item.kind in ("column", "check"):
        yield from _above(world, decisions, item)
    attached = needs.attached_to(item)
    if attached is not None:
        detached = ObjectRef("partition", item.whole.qualified)
        if detached not in decisions.dropped or item.whole.ref in decisions.dropped:
            yield attached


def _is_referenced(world: World, decisions: Decisions, partition: Table) -> bool:
    """Does a foreign key that stays point to what it is a partition of? Then only a partition that
    was detached can be dropped."""
    above: set[str] = set()
    found: Table | None = partition
    while found is not None and found.is_partition and found.inherits:
        above.add(found.inherits[0])
        found = world.catalog.find_table(found.inherits[0])
    return any(
        key.references in above and table.constraint_ref(key.name) not in decisions.dropped
        for table in world.catalog.tables
        if table.foreign_keys and table.ref not in decisions.dropped
        for key in table.foreign_keys
    )


def _of_type(item: Item) -> ObjectRef:
    """The type of a typed table, which hands down its attributes."""
    return ObjectRef("type", item.whole.of_type or "")


def _above(world: World, decisions: Decisions, item: Item) -> Iterator[ObjectRef]:
    """The columns or checks of parents that hand it down, where the table has these parents before
    and after."""
    if not item.noun.inherited:
        return
    before = world.catalog.find_table(item.whole.qualified)
    after = world.target.find_table(item.whole.qualified)
    if before is None or after is None:
        return
    for parent in before.inherits:
        links = (
            ObjectRef("partition", item.whole.qualified),
            ObjectRef("inheritance", f"{item.whole.qualified} of {parent}"),
        )
        if parent in after.inherits and not decisions.dropped.intersection(links):
            yield ObjectRef(item.ref.kind, f"{parent}.{quote(item.noun.name)}")


def _default_handed_down(world: World, item: Item, above: list[ObjectRef]) -> Iterator[ObjectRef]:
    ref = ObjectRef("default", item.ref.name)
    mine = world.after.get(ref)
    for column in above:
        theirs = world.after.get(ObjectRef("default", column.name))
        if mine is not None and theirs is not None and mine.noun.default == theirs.noun.default:
            yield ref
