"""Sequences, and which column owns one. Where they stand is data, and not compared."""

from __future__ import annotations

from collections.abc import Iterable

from dbwright.diff.item import Item, Property
from dbwright.diff.kinds.kind import Changed, Kind
from dbwright.diff.kinds.privileges import COMMENT, plain, privileges
from dbwright.diff.step import Step
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog
from dbwright.model.finding import ObjectRef
from dbwright.model.names import qualify
from dbwright.sql.ddl_objects import sequence_options

__all__ = ["OwnershipKind", "SequenceKind"]


def _owner(item: Item) -> str:
    """One that a column owns has its table's owner."""
    return "" if item.noun.owned_by else str(item.noun.owner)


class SequenceKind(Kind):
    key = "sequence"
    rank = 60
    word = grant_word = "SEQUENCE"
    keeps = True
    properties = (
        *plain("type", "start", "minimum", "maximum", "increment", "cycle", "cache"),
        *plain("identity", "persistence"),
        Property("owner", _owner),
        COMMENT,
        privileges(frozenset({"USAGE", "SELECT", "UPDATE"})),
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for sequence in catalog.sequences:
            parent = None
            if sequence.identity and sequence.owned_by:
                parent = ObjectRef("column", qualify(*sequence.owned_by))
            yield Item(sequence.ref, self.key, sequence, parent)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        if not item.noun.identity:  # else its column makes it
            unlogged = "UNLOGGED " if item.noun.persistence == "unlogged" else ""
            options = "".join(f" {option}" for option in sequence_options(item.noun))
            yield Step(f"CREATE {unlogged}SEQUENCE {item.ref.name}{options}", item.ref)
        yield from self.extras(item, world)

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        if not item.noun.identity:
            yield from super().drop(item, world)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        if "identity" in changed:
            return None
        head = f"ALTER SEQUENCE {after.ref.name}"
        steps: list[Step] = []
        if changed.keys() - {"persistence"}:
            options = " ".join(sequence_options(after.noun, everything=True))
            steps.append(Step(f"{head} {options}", after.ref))
        if "persistence" in changed:
            logged = "UNLOGGED" if after.noun.persistence == "unlogged" else "LOGGED"
            steps.append(Step(f"{head} SET {logged}", after.ref))
        return steps


class OwnershipKind(Kind):
    """The column whose end is the sequence's end."""

    key = "ownership"
    rank = 77
    properties = (Property("owned by", lambda item: qualify(*item.noun.owned_by)),)

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for sequence in catalog.sequences:
            if sequence.owned_by and not sequence.identity:
                ref = ObjectRef("ownership", sequence.qualified)
                yield Item(ref, self.key, sequence, sequence.ref)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        column = qualify(*item.noun.owned_by)
        yield Step(f"ALTER SEQUENCE {item.ref.name} OWNED BY {column}", item.ref)

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        yield Step(f"ALTER SEQUENCE {item.ref.name} OWNED BY NONE", item.ref)

    def said_of_all(self, item: Item, change: str) -> str:
        column = qualify(*item.noun.owned_by)
        told = f"{column}, was none" if change == "added" else f"none, was {column}"
        return f"sequence {item.ref.name}: owned by {told}"

    def said(self, item: Item, name: str, old: object, new: object) -> str:
        return super().said(item._replace(ref=ObjectRef("sequence", item.ref.name)), name, old, new)
