"""Owners, privileges and comments: what most kinds of objects have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from operator import attrgetter
from typing import TypeVar

from dbwright.diff.item import Item, Property
from dbwright.diff.step import Step
from dbwright.diff.world import World
from dbwright.model.catalog import (
    PUBLIC,
    Catalog,
    DefaultPrivilege,
    Grant,
    MaterializedView,
    Table,
    View,
)
from dbwright.model.finding import ObjectRef
from dbwright.model.names import quote

__all__ = [
    "COMMENT",
    "OWNER",
    "OWNERS_OWN",
    "Privileges",
    "entries",
    "grant_steps",
    "initial_privileges",
    "plain",
    "privileges",
    "role",
    "with_later",
]

Privileges = frozenset[tuple[str, str, bool]]
"""Of (role, privilege, may it be granted on?)."""

OWNERS_OWN = "the owner"
"""Stands for the owner among those who have privileges: each side's own."""

MAINTAIN = "MAINTAIN"
SINCE = 17
"""The version that knows it: before, an owner without it lacks nothing."""
T = TypeVar("T", Table, View, MaterializedView)

DEFAULT_PRIVILEGES_OF = {
    "table": "tables",
    "view": "tables",
    "materialized view": "tables",
    "sequence": "sequences",
    "function": "functions",
    "type": "types",
    "schema": "schemas",
}
EVERYBODYS = {
    "function": frozenset({(PUBLIC, "EXECUTE", False)}),
    "type": frozenset({(PUBLIC, "USAGE", False)}),
}
"""What PUBLIC has of an object that was just made."""


def plain(*names: str) -> tuple[Property, ...]:
    """Properties that are fields of the noun; `_` in a name is a space in the line."""
    return tuple(Property(name.replace("_", " "), attrgetter(f"noun.{name}")) for name in names)


COMMENT = Property("comment", attrgetter("noun.comment"))
OWNER = Property("owner", attrgetter("noun.owner"))


def privileges(usual: frozenset[str], everybody: str = "") -> Property:
    """The property of objects of which an owner has all of `usual`.

    Its value leaves out what the owner has anyway; what the owner lacks is said as `no SELECT`.
    `everybody`: what PUBLIC has of an object whose privileges were never touched.
    """
    untouched: Privileges = frozenset({(PUBLIC, everybody, False)} if everybody else ())

    def get(item: Item) -> Privileges:
        grants: tuple[Grant, ...] = item.noun.grants
        if not grants:
            return untouched
        owner = str(getattr(item.noun, "owner", "") or getattr(item.whole, "owner", ""))
        return frozenset(entries(grants, owner, usual))

    return Property("privileges", get, _shown)


def entries(
    grants: Iterable[Grant], owner: str, usual: frozenset[str]
) -> Iterator[tuple[str, str, bool]]:
    """What others have, and what the owner lacks of `usual`."""
    held: set[str] = set()
    for grant in grants:
        if grant.grantee == owner:
            held |= set(grant.privileges)
            continue
        for privilege in grant.privileges:
            yield grant.grantee, privilege, privilege in grant.grantable
    for lacking in usual - held:
        yield OWNERS_OWN, f"no {lacking}", False


def with_later(catalog: Catalog) -> Catalog:
    """The catalog of an older server, with what an owner has as soon as a newer one has it."""
    if catalog.server.major >= SINCE:
        return catalog

    def granted(relation: T) -> T:
        if not relation.grants:
            return relation
        own = Grant(relation.owner, (MAINTAIN,))
        return replace(relation, grants=(*relation.grants, own))

    def granted_later(one: DefaultPrivilege) -> DefaultPrivilege:
        if one.object_type != "tables" or one.schema is not None:
            return one
        return replace(one, grants=(*one.grants, Grant(one.role, (MAINTAIN,))))

    return replace(
        catalog,
        tables=tuple(map(granted, catalog.tables)),
        views=tuple(map(granted, catalog.views)),
        materialized_views=tuple(map(granted, catalog.materialized_views)),
        default_privileges=tuple(map(granted_later, catalog.default_privileges)),
    )


def _shown(value: Privileges) -> str:
    roles: dict[str, list[str]] = defaultdict(list)
    for name, privilege, grantable in sorted(value):
        roles[name].append(privilege + (" with grant option" if grantable else ""))
    return "; ".join(f"{name} {', '.join(held)}" for name, held in roles.items()) or "none"


def role(name: str) -> str:
    """As SQL."""
    return "PUBLIC" if name == PUBLIC else quote(name)


def initial_privileges(item: Item, kind: str, world: World) -> Privileges:
    """What others have of an object that the user just made, by default and by the default
    privileges of the user."""
    found = EVERYBODYS.get(kind, frozenset())
    objects = DEFAULT_PRIVILEGES_OF.get(kind)
    for one in world.target.default_privileges if objects else ():
        if one.role != world.user or one.object_type != objects:
            continue
        stated = frozenset(entries(one.grants, one.role, frozenset()))
        if one.schema is None:
            found = stated  # it stands for the server's own
        elif one.schema == getattr(item.noun, "schema", None):
            found |= stated
    return found


def grant_steps(
    ref: ObjectRef, target: str, columns: str, old: Privileges, new: Privileges, owner: str
) -> Iterator[Step]:
    """Statements that make `new` of `old`, on `target` (`TABLE shop.orders`).

    `columns`: `(total)` for privileges of columns. `owner`: empty stands for who runs them.
    """
    mine = quote(owner) if owner else "CURRENT_USER"
    before = {(name, privilege): grantable for name, privilege, grantable in old}
    after = {(name, privilege): grantable for name, privilege, grantable in new}
    given: dict[tuple[str, str], list[str]] = defaultdict(list)
    taken: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, privilege in sorted(before.keys() - after.keys()):
        if name == OWNERS_OWN:
            given[mine, ""].append(privilege.removeprefix("no "))
        else:
            taken[role(name), ""].append(privilege)
    for name, privilege in sorted(after):
        grantable, was = after[name, privilege], before.get((name, privilege))
        if was == grantable:
            continue
        if name == OWNERS_OWN:
            taken[mine, ""].append(privilege.removeprefix("no "))
        elif was and not grantable:
            taken[role(name), "GRANT OPTION FOR "].append(privilege)
        else:
            given[role(name), " WITH GRANT OPTION" if grantable else ""].append(privilege)
    for (to, option), names in taken.items():
        listed = ", ".join(f"{name}{columns}" for name in names)
        yield Step(f"REVOKE {option}{listed} ON {target} FROM {to}", ref)
    for (to, option), names in given.items():
        listed = ", ".join(f"{name}{columns}" for name in names)
        yield Step(f"GRANT {listed} ON {target} TO {to}{option}", ref)
