"""Foreign servers, and as whom roles log in there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter

from dbwright.diff.item import Item, Property
from dbwright.diff.kinds.kind import Changed, Kind
from dbwright.diff.kinds.options import foreign_options, options_text
from dbwright.diff.kinds.privileges import COMMENT, OWNER, plain, privileges, role
from dbwright.diff.step import Step, Unwritable
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog, ForeignServer
from dbwright.model.finding import ObjectRef
from dbwright.model.names import literal, quote

__all__ = ["ForeignServerKind", "UserMappingKind"]


class ForeignServerKind(Kind):
    key = "server"
    rank = 35
    word = "SERVER"
    grant_word = "FOREIGN SERVER"
    keeps = True
    properties = (
        *plain("wrapper", "type", "version"),
        Property("options", attrgetter("noun.options")),
        OWNER,
        COMMENT,
        privileges(frozenset({"USAGE"})),
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        return (Item(one.ref, self.key, one) for one in catalog.foreign_servers)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        server: ForeignServer = item.noun
        words = [f"CREATE SERVER {item.ref.name}"]
        words += [f"TYPE {literal(server.type)}"] if server.type else []
        words += [f"VERSION {literal(server.version)}"] if server.version else []
        words.append(f"FOREIGN DATA WRAPPER {quote(server.wrapper)}")
        words += [options_text(server.options)] if server.options else []
        secret = ", ".join(server.secret_options)
        note = f"set {secret} by hand: secrets are never read" if secret else ""
        yield Step(" ".join(words), item.ref, note=note)
        yield from self.extras(item, world)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        if changed.keys() & {"wrapper", "type"}:
            return None
        steps: list[Step] = []
        head = f"ALTER SERVER {after.ref.name}"
        if "version" in changed:
            version = "NULL" if after.noun.version is None else literal(after.noun.version)
            steps.append(Step(f"{head} VERSION {version}", after.ref))
        if "options" in changed:
            steps.append(Step(f"{head} {foreign_options(*changed['options'])}", after.ref))
        return steps


class UserMappingKind(Kind):
    """As whom a role logs in at a foreign server. Values of its options are never read."""

    key = "user mapping"
    rank = 36
    properties = (Property("options", lambda item: frozenset(item.noun.options or ())),)

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for server in catalog.foreign_servers:
            for one in server.user_mappings:
                name = f"{role(one.role)} on {quote(server.name)}"
                yield Item(ObjectRef("user mapping", name), self.key, one, whole=server)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        options = ", ".join(item.noun.options or ())
        note = f"set {options} by hand: their values are never read" if options else ""
        yield Step(f"CREATE {_mapping(item)}", item.ref, note=note)

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        yield Step(f"DROP {_mapping(item)}", item.ref, "values of its options")

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        return self._alter(after, changed)

    def _alter(self, after: Item, changed: Changed) -> Iterator[Step]:
        old, new = changed.get("options", (frozenset(), frozenset()))
        words = ", ".join(f"DROP {quote(name)}" for name in sorted(old - new))
        if words:
            sql = f"ALTER {_mapping(after)} OPTIONS ({words})"
            yield Step(sql, after.ref, "values of its options")
        if new - old:
            added = ", ".join(sorted(new - old))
            raise Unwritable(f"set {added} by hand: the values of its options are never read")


def _mapping(item: Item) -> str:
    return f"USER MAPPING FOR {role(item.noun.role)} SERVER {quote(item.whole.name)}"
