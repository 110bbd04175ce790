"""What every kind of object has to say of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from dbwright.diff.item import Item, Property
from dbwright.diff.kinds.privileges import grant_steps, initial_privileges
from dbwright.diff.step import Step
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog
from dbwright.model.names import literal, quote

__all__ = ["Changed", "Kind"]

Changed = Mapping[str, tuple[Any, Any]]
"""The properties that differ: before and after."""


class Kind(ABC):
    """One kind of objects. Each file of this folder declares one or a few that belong together."""

    key: ClassVar[str]
    rank: ClassVar[int]
    """Where its statements stand among others that could run at the same moment: those that make
    things run in this order, those that drop things in the opposite one."""
    word: ClassVar[str] = ""
    """As in `COMMENT ON word name` and `DROP word name`."""
    grant_word: ClassVar[str] = ""
    """As in `GRANT … ON word name`."""
    properties: ClassVar[tuple[Property, ...]] = ()
    keeps: ClassVar[bool] = False
    """Does it hold what can't be made again, so that it is never dropped for another's sake?"""
    swaps: ClassVar[bool] = False
    """Is the new one made beside the old one, for columns to change over?"""

    @abstractmethod
    def items(self, catalog: Catalog) -> Iterable[Item]:
        """Every object of the kind."""

    @abstractmethod
    def create(self, item: Item, world: World) -> Iterable[Step]:
        """Make it, with its owner, comment and privileges."""

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        """Drop it. Nothing needs it any more."""
        yield Step(f"DROP {self.words(item)} {self.name(item)}", item.ref, self.loses(item))

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        """Make `after` of `before`; None where it has to be dropped and made again.

        `changed`: the properties that differ, without those that `common` sees to.
        """
        return () if not changed else None

    def loses(self, item: Item) -> str:
        """What of the data is lost with such an object; empty where it could be made again."""
        return ""

    def words(self, item: Item) -> str:
        return self.word

    def name(self, item: Item) -> str:
        """As SQL."""
        return item.ref.name

    def rename(self, before: Item, name: str) -> Iterable[Step]:
        """Give it another name, in its place."""
        words = f"ALTER {self.words(before)} {self.name(before)}"
        yield Step(f"{words} RENAME TO {quote(name)}", before.ref)

    def put_away(self, before: Item, name: str, world: World) -> Iterable[Step]:
        """Give the old one of a pair another name, so that the new one can have its own."""
        return self.rename(before, name)

    def changed(self, before: Item, after: Item) -> dict[str, tuple[Any, Any]]:
        """The properties that differ."""
        found: dict[str, tuple[Any, Any]] = {}
        for one in self.properties:
            old, new = one.get(before), one.get(after)
            if old != new:
                found[one.name] = (old, new)
        return found

    def value(self, item: Item, name: str) -> Any:
        """A property by its name; None where the kind has none such."""
        return next((one.get(item) for one in self.properties if one.name == name), None)

    def extras(self, item: Item, world: World) -> Iterable[Step]:
        """Owner, comment and privileges of an object that was just made."""
        owner = self.value(item, "owner")
        if owner and world.owners and owner != world.user:
            yield self._owner(item, owner)
        comment = self.value(item, "comment")
        if comment is not None:
            yield self.comment(item, comment)
        if world.privileges and self.grant_word:
            wanted = self.value(item, "privileges")
            yield from self._grants(item, initial_privileges(item, self.key, world), wanted, world)

    def common(self, before: Item, after: Item, changed: Changed, world: World) -> Iterable[Step]:
        """Owner, comment and privileges of an object that stays."""
        if "owner" in changed and changed["owner"][1]:
            yield self._owner(after, changed["owner"][1])
        if "comment" in changed:
            yield self.comment(after, changed["comment"][1])
        if "privileges" in changed:
            yield from self._grants(after, *changed["privileges"], world)

    def comment(self, item: Item, text: str | None) -> Step:
        told = "NULL" if text is None else literal(text)
        return Step(f"COMMENT ON {self.comment_target(item)} IS {told}", item.ref)

    def comment_target(self, item: Item) -> str:
        return f"{self.words(item)} {self.name(item)}"

    def _owner(self, item: Item, owner: str) -> Step:
        words = f"ALTER {self.words(item)} {self.name(item)}"
        return Step(f"{words} OWNER TO {quote(owner)}", item.ref)

    def _grants(self, item: Item, old: Any, new: Any, world: World) -> Iterable[Step]:
        columns, target = self.grant_target(item)
        owner = getattr(item.noun, "owner", "") if world.owners else ""
        return grant_steps(item.ref, target, columns, old, new, owner)

    def grant_target(self, item: Item) -> tuple[str, str]:
        """Which columns (as SQL, in parentheses; empty for a whole), and of what."""
        return "", f"{self.grant_word} {self.name(item)}"

    def said(self, item: Item, name: str, old: Any, new: Any) -> str:
        """One line on one property that differs."""
        show = next((one.show for one in self.properties if one.name == name), str)
        is_, was = show(new), show(old)
        if is_ is None or was is None:
            return f"{item.ref}: {name} differs"
        return f"{item.ref}: {name} {is_}, was {was}"

    def said_of_all(self, item: Item, change: str) -> str:
        """One line on an object that is only on one side; `change`: added or removed."""
        return f"{item.ref}: {change}"
