"""Enums, domains, composite types, ranges, base types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from dbwright.diff.item import Item, Property
from dbwright.diff.kinds.kind import Changed, Kind
from dbwright.diff.kinds.privileges import COMMENT, OWNER, plain, privileges
from dbwright.diff.step import Step, Unwritable
from dbwright.diff.world import World
from dbwright.model.catalog import Attribute, Catalog, Type, TypeKind
from dbwright.model.finding import ObjectRef
from dbwright.model.names import literal, multirange_name, qualify, quote
from dbwright.sql.ddl import check_definition
from dbwright.sql.ddl_objects import attribute_definition, type_definition

__all__ = ["DomainCheckKind", "TypeItems", "added_labels", "in_order"]


def _attributes(item: Item) -> frozenset[tuple[str, str, str | None]]:
    """Without their order, as with the columns of tables."""
    return frozenset((a.name, a.type, a.collation) for a in item.noun.attributes)


def _shown(value: frozenset[tuple[str, str, str | None]]) -> str:
    return ", ".join(f"{name} {type_}" for name, type_, _ in sorted(value, key=str)) or "none"


def _attribute_comments(item: Item) -> frozenset[tuple[str, str]]:
    return frozenset((a.name, a.comment) for a in item.noun.attributes if a.comment)


def added_labels(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Are labels only added, wherever?"""
    rest = iter(new)
    return all(label in rest for label in old)


class TypeItems(Kind):
    key = "type"
    rank = 40
    word = "TYPE"
    keeps = swaps = True
    properties = (
        Property("kind", lambda item: item.noun.kind.value),
        *plain("labels", "base_type", "collation", "not_null", "default", "range_options"),
        Property("attributes", _attributes, _shown),
        Property("comments of attributes", _attribute_comments),
        OWNER,
        COMMENT,
        privileges(frozenset({"USAGE"}), "USAGE"),
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        return (Item(type_.ref, self.key, type_) for type_ in catalog.types)

    def words(self, item: Item) -> str:
        return "DOMAIN" if item.noun.kind is TypeKind.DOMAIN else "TYPE"

    @property
    def grant_word(self) -> str:  # type: ignore[override]
        return "TYPE"

    def create(self, item: Item, world: World) -> Iterable[Step]:
        type_: Type = item.noun
        old = world.before.get(item.ref)
        if type_.kind is TypeKind.COMPOSITE and old is not None:
            type_ = replace(type_, attributes=in_order(old.noun, type_))
        definition = type_definition(type_)
        if definition is None:
            raise Unwritable("a base type is made of functions in C: create it by hand")
        checks = "".join(
            f" CONSTRAINT {quote(check.name)} {check_definition(check)}"
            for check in type_.checks
            if ObjectRef("constraint", f"{item.ref.name}.{quote(check.name)}") in world.inline
        )
        yield Step(f"CREATE {self.words(item)} {definition}{checks}", item.ref)
        for attribute in type_.attributes:
            if attribute.comment is not None:
                yield _attribute_comment(item, attribute)
        yield from self.extras(item, world)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        kind = after.noun.kind
        if changed.keys() <= {"default", "not null"}:
            return self._domain(after, changed)
        if kind is TypeKind.ENUM and changed.keys() == {"labels"}:
            if added_labels(*changed["labels"]):
                return _labels(after, *changed["labels"])
            return None
        if changed.keys() <= {"attributes", "comments of attributes"}:
            return self._composite(before, after, world)
        return None

    def put_away(self, before: Item, name: str, world: World) -> Iterable[Step]:
        type_: Type = before.noun
        if type_.kind is TypeKind.COMPOSITE:
            yield from _attributes_changed(before, world)
        yield from self.rename(before, name)
        if type_.kind is TypeKind.RANGE:  # its constructors keep their names
            for last in ("", ", text"):
                call = f"{type_.qualified}({type_.base_type}, {type_.base_type}{last})"
                yield Step(f"ALTER FUNCTION {call} RENAME TO {quote(name)}", before.ref)
        if type_.kind is TypeKind.RANGE and world.major >= 14:
            chosen = qualify(type_.schema, multirange_name(type_.name))
            multirange = dict(type_.range_options).get("multirange_type_name", chosen)
            other = quote(f"{name}_multi")
            yield Step(f"ALTER TYPE {multirange} RENAME TO {other}", before.ref)
            old = qualify(type_.schema, name)
            for arguments in ("", old, f"VARIADIC {old}[]"):
                sql = f"ALTER FUNCTION {multirange}({arguments}) RENAME TO {other}"
                yield Step(sql, before.ref)

    def _domain(self, after: Item, changed: Changed) -> Iterator[Step]:
        head = f"ALTER DOMAIN {after.ref.name}"
        if "default" in changed:
            default = after.noun.default
            verb = "DROP DEFAULT" if default is None else f"SET DEFAULT {default}"
            yield Step(f"{head} {verb}", after.ref)
        if "not null" in changed:
            yield Step(f"{head} {'SET' if after.noun.not_null else 'DROP'} NOT NULL", after.ref)

    def _composite(self, before: Item, after: Item, world: World) -> list[Step] | None:
        """Attributes come and go in place; one of another type makes another type of the whole."""
        head = f"ALTER TYPE {after.ref.name}"
        old = {attribute.name: attribute for attribute in before.noun.attributes}
        new: dict[str, Attribute] = {one.name: one for one in after.noun.attributes}
        if any(
            (old[name].type, old[name].collation) != (new[name].type, new[name].collation)
            for name in old.keys() & new.keys()
        ):
            return None
        typed = any(table.of_type == after.ref.name for table in world.catalog.tables)
        cascade = " CASCADE" if typed else ""
        steps = [
            Step(f"{head} DROP ATTRIBUTE {quote(name)}{cascade}", after.ref, f"values of {name}")
            for name in old
            if name not in new
        ]
        for name, attribute in new.items():
            if name not in old:
                sql = f"{head} ADD ATTRIBUTE {attribute_definition(attribute)}{cascade}"
                steps.append(Step(sql, after.ref))
        for name, attribute in new.items():
            if attribute.comment != (old[name].comment if name in old else None):
                steps.append(_attribute_comment(after, attribute))
        return steps


def in_order(old: Type, new: Type) -> tuple[Attribute, ...]:
    """The new attributes in the order in which the old type has them once those that are gone were
    dropped and the others added: values change over by place."""
    place = {attribute.name: number for number, attribute in enumerate(old.attributes)}
    last = len(place)
    return tuple(sorted(new.attributes, key=lambda one: place.get(one.name, last)))


def _attributes_changed(before: Item, world: World) -> Iterator[Step]:
    """The old type of a pair gets the names of the new one's attributes."""
    head = f"ALTER TYPE {before.ref.name}"
    new: Type = world.after[before.ref].noun
    if new.kind is not TypeKind.COMPOSITE:
        return
    names = {attribute.name for attribute in before.noun.attributes}
    for name in sorted(names - {attribute.name for attribute in new.attributes}):
        yield Step(f"{head} DROP ATTRIBUTE {quote(name)}", before.ref, f"values of {name}")
    for attribute in new.attributes:
        if attribute.name not in names:
            yield Step(f"{head} ADD ATTRIBUTE {attribute_definition(attribute)}", before.ref)


def _attribute_comment(item: Item, attribute: Attribute) -> Step:
    text = "NULL" if attribute.comment is None else literal(attribute.comment)
    return Step(f"COMMENT ON COLUMN {item.ref.name}.{quote(attribute.name)} IS {text}", item.ref)


def _labels(after: Item, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Step]:
    there = list(old)
    for place, label in enumerate(new):
        if label in there:
            continue
        beside = ""
        if place > 0:
            beside = f" AFTER {literal(new[place - 1])}"
        elif there:
            beside = f" BEFORE {literal(there[0])}"
        there.insert(place, label)
        sql = f"ALTER TYPE {after.ref.name} ADD VALUE {literal(label)}{beside}"
        yield Step(sql, after.ref, commits=True)


class DomainCheckKind(Kind):
    key = "domain check"
    rank = 45
    properties = (*plain("expression", "validated"), COMMENT)

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for type_ in catalog.types:
            for check in type_.checks:
                ref = ObjectRef("constraint", f"{type_.qualified}.{quote(check.name)}")
                yield Item(ref, self.key, check, type_.ref, type_)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        if item.ref not in world.inline:
            text = f"CONSTRAINT {quote(item.noun.name)} {_definition(item)}"
            yield Step(f"ALTER DOMAIN {item.whole.qualified} ADD {text}", item.ref)
        if item.noun.comment is not None:
            yield self.comment(item, item.noun.comment)

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        name = quote(item.noun.name)
        yield Step(f"ALTER DOMAIN {item.whole.qualified} DROP CONSTRAINT {name}", item.ref)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        if changed.keys() == {"validated"} and after.noun.validated:
            name = quote(after.noun.name)
            sql = f"ALTER DOMAIN {after.whole.qualified} VALIDATE CONSTRAINT {name}"
            return [Step(sql, after.ref)]
        return () if not changed else None

    def comment_target(self, item: Item) -> str:
        return f"CONSTRAINT {quote(item.noun.name)} ON DOMAIN {item.whole.qualified}"


def _definition(item: Item) -> str:
    if item.noun.expression is None:
        raise Unwritable("its expression could not be read")
    return check_definition(item.noun)
