"""Extended statistics, publications, default privileges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbwright.diff.item import Item, Property
from dbwright.diff.kinds.kind import Changed, Kind
from dbwright.diff.kinds.privileges import (
    COMMENT,
    OWNER,
    Privileges,
    entries,
    plain,
    role,
)
from dbwright.diff.step import Step, Unwritable
from dbwright.diff.world import World
from dbwright.model.catalog import (
    PUBLIC,
    Catalog,
    DefaultPrivilege,
    ExtendedStatistics,
    Publication,
    PublishedTable,
)
from dbwright.model.finding import ObjectRef
from dbwright.model.names import literal, quote

__all__ = [
    "DefaultPrivilegeKind",
    "PublicationKind",
    "StatisticsKind",
]

CHOSEN_KINDS = ("ndistinct", "dependencies", "mcv")


class StatisticsKind(Kind):
    key = "statistics"
    rank = 95
    word = "STATISTICS"
    properties = (
        Property("kinds", lambda item: frozenset(item.noun.kinds)),
        Property("columns", lambda item: frozenset(item.noun.columns)),
        *plain("table", "expressions", "statistics_target"),
        OWNER,
        COMMENT,
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        return (Item(one.ref, self.key, one) for one in catalog.extended_statistics)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        one: ExtendedStatistics = item.noun
        if "expressions" in one.kinds and one.expressions is None:
            raise Unwritable("its expressions could not be read")
        kinds = [kind for kind in CHOSEN_KINDS if kind in one.kinds]
        parts = [*map(quote, one.columns), *([one.expressions] if one.expressions else [])]
        # All kinds are what is chosen where none is named; one expression alone takes no kinds.
        named = f" ({', '.join(kinds)})" if 0 < len(kinds) < len(CHOSEN_KINDS) else ""
        sql = f"CREATE STATISTICS {item.ref.name}{named} ON {', '.join(parts)} FROM {one.table}"
        yield Step(sql, item.ref)
        if one.statistics_target is not None:
            yield self._target(item)
        yield from self.extras(item, world)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        if changed.keys() - {"statistics target"}:
            return None
        return [self._target(after)] if changed else []

    def _target(self, item: Item) -> Step:
        target = item.noun.statistics_target
        value = -1 if target is None else target
        return Step(f"ALTER STATISTICS {item.ref.name} SET STATISTICS {value}", item.ref)


def _published(one: PublishedTable) -> str:
    columns = f" ({', '.join(map(quote, sorted(one.columns)))})" if one.columns else ""
    return one.table + columns + (f" WHERE ({one.condition})" if one.condition else "")


class PublicationKind(Kind):
    key = "publication"
    rank = 140
    word = "PUBLICATION"
    keeps = True
    properties = (
        *plain("all_tables", "publishes", "via_root", "generated_columns"),
        Property("tables", lambda item: frozenset(_published(one) for one in item.noun.named)),
        Property("schemas", lambda item: frozenset(item.noun.schemas)),
        OWNER,
        COMMENT,
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        return (Item(one.ref, self.key, one) for one in catalog.publications)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        one: Publication = item.noun
        objects = " FOR ALL TABLES" if one.all_tables else ""
        named = _objects(one)
        if named:
            objects = f" FOR {named}"
        sql = f"CREATE PUBLICATION {item.ref.name}{objects} WITH ({_parameters(one, world)})"
        yield Step(sql, item.ref)
        yield from self.extras(item, world)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        objects = changed.keys() & {"tables", "schemas"}
        if "all tables" in changed or (objects and not _objects(after.noun)):
            return None
        head = f"ALTER PUBLICATION {after.ref.name} SET"
        steps: list[Step] = []
        if changed.keys() - objects:
            steps.append(Step(f"{head} ({_parameters(after.noun, world)})", after.ref))
        if objects:
            steps.append(Step(f"{head} {_objects(after.noun)}", after.ref))
        return steps


def _objects(one: Publication) -> str:
    parts = [f"TABLE {', '.join(map(_published, one.named))}"] if one.named else []
    if one.schemas:
        parts.append(f"TABLES IN SCHEMA {', '.join(map(quote, one.schemas))}")
    return ", ".join(parts)


def _parameters(one: Publication, world: World) -> str:
    found = [f"publish = {literal(', '.join(one.publishes))}"]
    if world.major >= 13:
        found.append(f"publish_via_partition_root = {str(one.via_root).lower()}")
    if world.major >= 18:
        found.append(f"publish_generated_columns = {one.generated_columns}")
    return ", ".join(found)


USUAL = {
    "tables": frozenset("SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER MAINTAIN".split()),
    "sequences": frozenset({"USAGE", "SELECT", "UPDATE"}),
    "functions": frozenset({"EXECUTE"}),
    "types": frozenset({"USAGE"}),
    "schemas": frozenset({"USAGE", "CREATE"}),
}
EVERYBODYS: dict[str, Privileges] = {
    "functions": frozenset({(PUBLIC, "EXECUTE", False)}),
    "types": frozenset({(PUBLIC, "USAGE", False)}),
}


def _stated(one: DefaultPrivilege) -> Privileges:
    usual = USUAL.get(one.object_type, frozenset()) if one.schema is None else frozenset()
    return frozenset(entries(one.grants, one.role if one.schema is None else "", usual))


def _unstated(one: DefaultPrivilege) -> Privileges:
    return EVERYBODYS.get(one.object_type, frozenset()) if one.schema is None else frozenset()


class DefaultPrivilegeKind(Kind):
    key = "default privileges"
    rank = 15
    properties = (Property("privileges", lambda item: _stated(item.noun)),)

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for one in catalog.default_privileges:
            if _stated(one) != _unstated(one):
                place = f" in {quote(one.schema)}" if one.schema is not None else ""
                name = f"of {quote(one.role)}{place} on {one.object_type}"
                yield Item(ObjectRef("default privileges", name), self.key, one)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        return _default_steps(item, _unstated(item.noun), _stated(item.noun))

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        return _default_steps(item, _stated(item.noun), _unstated(item.noun))

    def common(self, before: Item, after: Item, changed: Changed, world: World) -> Iterable[Step]:
        return _default_steps(after, *changed["privileges"]) if "privileges" in changed else ()


def _default_steps(item: Item, old: Privileges, new: Privileges) -> Iterator[Step]:
    from dbwright.diff.kinds.privileges import grant_steps

    one: DefaultPrivilege = item.noun
    head = f"ALTER DEFAULT PRIVILEGES FOR ROLE {role(one.role)}"
    head += f" IN SCHEMA {quote(one.schema)}" if one.schema is not None else ""
    for step in grant_steps(item.ref, one.object_type.upper(), "", old, new, one.role):
        yield Step(f"{head} {step.sql}", item.ref)
