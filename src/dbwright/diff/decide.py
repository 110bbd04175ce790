"""What has to be made, dropped, altered: the differences, and all that falls with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dbwright.diff.compare import changed_properties
from dbwright.diff.item import Item
from dbwright.diff.kinds import all_kinds
from dbwright.diff.needs import Needs
from dbwright.diff.world import World
from dbwright.model.finding import ObjectRef

__all__ = ["Decisions", "decide"]

FALLS_WITH_A_TYPE = frozenset(
    {
        "view",
        "materialized view",
        "rule",
        "policy",
        "trigger",
        "function",
        "default",
        "foreign key",
    }
)
"""What stands in the way of another type of a column that it needs. Indexes, keys and checks the
server makes anew by itself."""


@dataclass(slots=True)
class Decisions:
    """By reference. What is both dropped and created is made anew."""

    dropped: set[ObjectRef] = field(default_factory=set)
    created: set[ObjectRef] = field(default_factory=set)
    altered: dict[ObjectRef, dict[str, tuple[Any, Any]]] = field(default_factory=dict)
    """With the properties that differ; none for a column of a type that is made anew."""
    swapped: set[ObjectRef] = field(default_factory=set)
    """Types and collations that are made beside the old ones."""
    retyped: set[ObjectRef] = field(default_factory=set)
    """Columns of those."""


def decide(world: World, needs: Needs) -> Decisions:
    """`needs`: of what is there."""
    return _Decider(world, needs).decide()


class _Decider:
    def __init__(self, world: World, needs: Needs) -> None:
        self.world = world
        self.needs = needs
        self.found = Decisions()
        self.kinds = all_kinds()

    def decide(self) -> Decisions:
        old, new, found = self.world.before, self.world.after, self.found
        found.created |= {ref for ref in new if ref not in old}
        gone = [ref for ref in old if ref not in new]
        found.dropped |= set(gone)
        again: list[ObjectRef] = []
        for ref, item in old.items():
            other = new.get(ref)
            if other is None:
                continue
            changed = changed_properties(
                item, other, owners=self.world.owners, privileges=self.world.privileges
            )
            if not changed:
                continue
            if item.kind == other.kind and self._alterable(item, other, changed):
                found.altered[ref] = changed
            else:
                again.append(ref)
        again += self._in_containers()
        if gone or again or found.altered:
            for ref in gone:
                self._fall(ref)
            for ref in again:
                self._again(ref)
            for ref, changed in list(found.altered.items()):
                if old[ref].kind == "column" and changed.keys() & {"type", "collation"}:
                    self._retype(ref)
        self._grant_again()
        if not self.world.privileges:
            for refs in (found.dropped, found.created):
                refs -= {ref for ref in refs if ref.kind == "default privileges"}
            for ref in [ref for ref in found.altered if ref.kind == "default privileges"]:
                del found.altered[ref]
        return found

    def _in_containers(self) -> list[ObjectRef]:
        """Domains that get stricter while columns hold them within arrays, composites or ranges:
        the server does not look into those, and refuses."""
        old, new, found = self.world.before, self.world.after, self.found
        stricter = {
            item.parent
            for ref, item in new.items()
            if item.kind == "domain check"
            and item.parent in old
            and (ref not in old or changed_properties(old[ref], item).keys() - {"comment"})
        }
        stricter |= {
            ref
            for ref, changed in found.altered.items()
            if ref.kind == "domain" and changed.get("not null", (True, False))[1]
        }
        return sorted(ref for ref in stricter if ref is not None and self._is_contained(ref))

    def _is_contained(self, domain: ObjectRef) -> bool:
        for other in self.needs.dependents.get(domain, ()):
            item = self.world.before[other]
            if item.kind == "column" and item.noun.is_array:
                return True
            if item.kind == "type" and (other.kind != "domain" or self._is_contained(other)):
                return True
        return False

    def _grant_again(self) -> None:
        """REVOKE on a table takes the privileges of its columns as well."""
        revoked = {
            ref
            for ref, changed in self.found.altered.items()
            if "privileges" in changed and changed["privileges"][0] - changed["privileges"][1]
        }
        for ref, item in self.world.after.items() if revoked else ():
            if item.parent in revoked and item.kind in ("column", "view column"):
                wanted = self.kinds[item.kind].value(item, "privileges")
                if wanted and ref in self.world.before and ref not in self.found.created:
                    changed = self.found.altered.setdefault(ref, {})
                    changed["privileges"] = (frozenset(), wanted)

    def _alterable(self, old: Item, new: Item, changed: Mapping[str, tuple[Any, Any]]) -> bool:
        rest = {
            name: values
            for name, values in changed.items()
            if name not in ("owner", "comment", "privileges")
        }
        return self.kinds[old.kind].alter(old, new, rest, self.world) is not None

    def _again(self, ref: ObjectRef) -> None:
        """Drop it and make it again, or make it beside itself where columns have it."""
        found = self.found
        if ref in found.dropped or ref in found.swapped:
            return
        found.altered.pop(ref, None)
        if self.kinds[self.world.before[ref].kind].swaps and self._has_columns(ref):
            found.swapped.add(ref)
            self._swap(ref)
            return
        found.dropped.add(ref)
        found.created.add(ref)
        self._fall(ref)

    def _has_columns(self, ref: ObjectRef) -> bool:
        """Does a column that stays have it, or a type that one has?"""
        for other in self.needs.dependents.get(ref, ()):
            kind = self.world.before[other].kind
            if kind == "column" and other in self.world.after:
                return True
            if self.kinds[kind].swaps and other in self.world.after and self._has_columns(other):
                return True
        return False

    def _fall(self, ref: ObjectRef) -> None:
        """What needs the object goes before it, and comes again after."""
        for other in self.needs.dependents.get(ref, ()):
            item = self.world.before[other]
            falls = item.parent == ref or not self._keeps(item)
            if falls and other in self.world.after:
                self._again(other)

    def _keeps(self, item: Item) -> bool:
        generated = item.kind == "column" and item.noun.generated is not None
        return self.kinds[item.kind].keeps and not generated

    def _retype(self, ref: ObjectRef) -> None:
        for other in self.needs.dependents.get(ref, ()):
            item = self.world.before[other]
            generated = item.kind == "column" and item.noun.generated is not None
            falls = item.kind in FALLS_WITH_A_TYPE or generated or _filters(item, ref)
            if falls and other in self.world.after:
                self._again(other)

    def _swap(self, ref: ObjectRef) -> None:
        for other in self.needs.dependents.get(ref, ()):
            item = self.world.before[other]
            if other not in self.world.after:
                continue
            if item.kind == "column" and item.noun.generated is None:
                self.found.altered.setdefault(other, {})
                self.found.retyped.add(other)
                self._retype(other)
            elif self.kinds[item.kind].swaps or not self._keeps(item):
                self._again(other)


def _filters(item: Item, column: ObjectRef) -> bool:
    """Does a publication choose rows or columns of the column's table?"""
    return item.kind == "publication" and any(
        (one.condition or one.columns) and column.name.startswith(f"{one.table}.")
        for one in item.noun.named
    )
