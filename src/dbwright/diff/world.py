"""Where statements are to run: what is there, and what is to be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dbwright.diff.item import Item
from dbwright.model.catalog import Catalog
from dbwright.model.finding import ObjectRef

__all__ = ["World"]


@dataclass(frozen=True, slots=True)
class World:
    """Both sides, and the server that the statements are for."""

    catalog: Catalog
    """What is there: its server runs the statements, as the user who read it."""
    target: Catalog
    """What is to be there."""
    before: Mapping[ObjectRef, Item]
    after: Mapping[ObjectRef, Item]
    owners: bool = True
    """Are owners to become equal?"""
    privileges: bool = True
    created: frozenset[ObjectRef] = frozenset()
    """What is made by a statement of its own, or as a part of one."""
    inline: frozenset[ObjectRef] = frozenset()
    """Parts of new objects that the statement of the whole brings."""
    retyped: frozenset[ObjectRef] = frozenset()
    """Columns and types whose own type is one of those that are made anew."""

    @property
    def major(self) -> int:
        return self.catalog.server.major

    @property
    def user(self) -> str:
        return self.catalog.server.user
