"""What was only given another name: said by a person, or so plain that nothing is lost by it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dbwright.diff.compare import collect
from dbwright.diff.item import Item, names_taken
from dbwright.diff.kinds import all_kinds
from dbwright.diff.rename import Rename, rename
from dbwright.errors import UsageError
from dbwright.model.catalog import Catalog, Table, TypeKind
from dbwright.model.finding import ObjectRef
from dbwright.model.names import enclosing, literal, quote

__all__ = [
    "apply",
    "asked_for",
    "candidates",
    "is_free",
    "moved",
    "old_and_new",
    "renamed_parts",
    "require_there",
    "reversed_rename",
    "told",
]

KINDS = ("table", "partitioned table", "foreign table", "column", "value")
PARTS = ("key", "exclusion", "check", "foreign key", "index")


def asked_for(catalog: Catalog, words: Sequence[str]) -> tuple[Catalog, tuple[Rename, ...]]:
    """`shop.orders.total=amount`: the catalog as it is after these, and their statements.

    Raises UsageError where there is no such object.
    """
    found: list[Rename] = []
    for text in words:
        one = _named(catalog, *old_and_new(text))
        _require_free(catalog, one)
        found.append(one)
        catalog = rename(catalog, one)
    return catalog, tuple(found)


def old_and_new(text: str) -> tuple[str, str]:
    """The two names of `shop.orders.total=amount`. Raises UsageError."""
    old, mark, new = (part.strip() for part in text.rpartition("="))
    if not mark or not old or not new:
        raise UsageError(
            f"--rename {text}: it needs an old and a new name",
            "say it as --rename shop.orders.total=amount",
        )
    return old, new


def _require_free(catalog: Catalog, one: Rename) -> None:
    """Is the new name not taken? Raises UsageError."""
    items = collect(catalog)
    if one.object.kind != "value":
        old = items[one.object]
        if any(item.kind == old.kind and _at(item, old, one.name) for item in items.values()):
            raise UsageError(
                f"{told(one)}: FROM has {one.name} already", "it can't be what the old one became"
            )


def require_there(renames: Sequence[Rename], before: Catalog, after: Catalog) -> None:
    """Does `after` have what was renamed, by its new name? Raises UsageError.

    `before`: the catalog with the old names.
    """
    there = collect(after)
    for place, one in enumerate(renames):
        if one.object.kind == "value":
            type_, _ = _type_and_label(apply(before, renames[:place]), one)
            labels = next((t.labels for t in after.types if t.qualified == type_), ())
            known = one.name in labels
        else:
            state = apply(before, renames[:place])
            new = _renamed_item(rename(state, one), collect(state)[one.object], one).ref
            for later in renames[place + 1 :]:
                if later.object.name in (new.name, *enclosing(new.name)):
                    schema = next(enclosing(later.object.name), "")
                    whole = f"{schema}.{quote(later.name)}"
                    new = ObjectRef(new.kind, whole + new.name[len(later.object.name) :])
            known = new in there
        if not known:
            raise UsageError(
                f"{told(one)}: TO has no such name", "name what TO calls it, or leave --rename out"
            )


def apply(catalog: Catalog, renames: Sequence[Rename]) -> Catalog:
    for one in renames:
        catalog = rename(catalog, one)
    return catalog


def moved(before: Catalog, after: Catalog) -> Iterator[str]:
    """What says of tables that are gone, and are there in another schema, how they are moved: no
    name is another one then, and what is in both has to be compared after it."""
    old = {table.qualified for table in before.tables}
    gone = [table for table in before.tables if after.find_table(table.qualified) is None]
    new = [table for table in after.tables if table.qualified not in old]
    for table in gone:
        for other in new:
            if table.name == other.name and _has_same_columns(table, other):
                yield _move(table.qualified, other.schema)


def _move(table: str, schema: str) -> str:
    return f"ALTER TABLE {table} SET SCHEMA {quote(schema)}"


def _require_no_move(catalog: Catalog, old: str, new: str) -> None:
    """Raises UsageError where the new name is one of another schema."""
    schema = next(enclosing(new), None)
    table = catalog.find_table(old) or catalog.find_table(f"public.{old}")
    there = next((s.name for s in catalog.schemas if schema in (s.name, quote(s.name))), None)
    if there is not None and table is not None:
        move = _move(table.qualified, there)
        raise UsageError(
            f"--rename {old}={new}: a move into another schema is no rename, and is not written",
            f"run {move} in a migration of its own, and compare what is there then",
        )


def _named(catalog: Catalog, old: str, new: str) -> Rename:
    _require_no_move(catalog, old, new)
    items = collect(catalog)
    name = new[1:-1].replace('""', '"') if new[:1] == new[-1:] == '"' and len(new) > 1 else new
    for candidate in (old, f"public.{old}"):
        for kind in KINDS:
            ref = ObjectRef(kind, candidate)
            if ref in items and items[ref].kind in ("table", "column"):
                return _of(items[ref], name)
        for type_ in catalog.types:
            for label in type_.labels:
                if candidate in (
                    f"{type_.qualified}.{label}",
                    f"{type_.qualified}.{literal(label)}",
                ):
                    return _of_value(type_.qualified, label, name.strip("'"))
    raise UsageError(
        f"--rename {old}={new}: FROM has no table, column or enum value {old}",
        "name it with its schema: --rename shop.orders.total=amount",
    )


def _of(item: Item, name: str) -> Rename:
    (step,) = all_kinds()[item.kind].rename(item, name)
    return Rename(item.ref, name, step.sql)


def _of_value(type_: str, label: str, name: str) -> Rename:
    sql = f"ALTER TYPE {type_} RENAME VALUE {literal(label)} TO {literal(name)}"
    return Rename(ObjectRef("value", f"{type_}.{literal(label)}"), name, sql)


def candidates(before: Catalog, after: Catalog) -> Iterator[Rename]:
    """What is gone and what is new that look alike: tables with the same columns, columns of one
    table with the same type, values in the same place of an enum. Several for one object where it
    is not plain which."""
    old = {table.qualified: table for table in before.tables}
    new = {table.qualified: table for table in after.tables}
    for name in sorted(old.keys() - new.keys()):
        for other in sorted(new.keys() - old.keys()):
            if _alike(old[name], new[other]):
                yield _of(Item(old[name].ref, "table", old[name]), new[other].name)
    for name in sorted(old.keys() & new.keys()):
        yield from _columns(old[name], new[name])
    types = {type_.qualified: type_ for type_ in after.types if type_.kind is TypeKind.ENUM}
    for type_ in before.types:
        other_type = types.get(type_.qualified)
        if other_type is not None and len(type_.labels) == len(other_type.labels):
            for label, name in zip(type_.labels, other_type.labels, strict=True):
                if name not in type_.labels and label not in other_type.labels:
                    yield _of_value(type_.qualified, label, name)


def _alike(old: Table, new: Table) -> bool:
    return old.schema == new.schema and _has_same_columns(old, new)


def _has_same_columns(old: Table, new: Table) -> bool:
    same = {(c.name, c.type) for c in old.columns} == {(c.name, c.type) for c in new.columns}
    return same and bool(old.columns) and old.kind == new.kind


def _columns(old: Table, new: Table) -> Iterator[Rename]:
    was = {column.name: column for column in old.columns}
    is_ = {column.name: column for column in new.columns}
    for column in old.columns:
        if column.name in is_ or column.inherited:
            continue
        for other in new.columns:
            kind = (column.type, column.generated, column.identity is None)
            alike = kind == (other.type, other.generated, other.identity is None)
            if other.name not in was and alike:
                yield _of(Item(old.column_ref(column), "column", column, old.ref, old), other.name)


def renamed_parts(before: Catalog, after: Catalog) -> tuple[Rename, ...]:
    """Indexes, constraints and owned sequences that are the same but for their names: to give them
    the other name costs nothing, to make them again does. In rounds: one frees the name that
    another takes, and what is attached to an index follows it."""
    found: tuple[Rename, ...] = ()
    while more := _renamed_parts(before, after):
        found += more
        before = apply(before, more)
    return found


def _renamed_parts(before: Catalog, after: Catalog) -> tuple[Rename, ...]:
    old, new = collect(before), collect(after)
    groups: dict[Any, list[Item]] = defaultdict(list)
    for ref, item in new.items():
        if ref not in old and (shape := _shape(item)) is not None:
            groups[shape].append(item)
    gone: dict[Any, list[Item]] = defaultdict(list)
    for ref, item in old.items():
        if ref not in new and (shape := _shape(item)) is not None:
            gone[shape].append(item)
    found: list[Rename] = []
    taken = {name for item in old.values() for name in names_taken(item)}
    for shape, items in gone.items():
        others = groups.get(shape, [])
        for item, other in zip(items, others, strict=False):
            if taken.isdisjoint(names_taken(other)):
                found.append(_of(item, other.noun.name))
                taken |= set(names_taken(other))
    return tuple(found)


def _shape(item: Item) -> Any:
    """Everything but the name; None for what is never renamed by itself."""
    if item.kind in PARTS:
        if item.parent is None or getattr(item.noun, "inherited", False):
            return None
        properties: Mapping[str, Callable[[Item], Any]] = {
            one.name: one.get for one in all_kinds()[item.kind].properties
        }
        return item.kind, item.parent, tuple(get(item) for get in properties.values())
    if item.kind == "sequence" and item.noun.owned_by:
        values = tuple(one.get(item) for one in all_kinds()["sequence"].properties)
        return "sequence", item.noun.owned_by, values
    return None


def told(one: Rename) -> str:
    """As `--rename` takes it."""
    return f"--rename {one.object.name}={quote(one.name)}"


def reversed_rename(before: Catalog, one: Rename) -> Rename:
    """What takes it back; `before`: the catalog just before it."""
    if one.object.kind == "value":
        type_, label = _type_and_label(before, one)
        return _of_value(type_, one.name, label)
    old = collect(before)[one.object]
    return _of(_renamed_item(rename(before, one), old, one), old.noun.name)


def is_free(catalog: Catalog, renames: Sequence[Rename]) -> bool:
    """Is every new name free in its turn?"""
    for one in renames:
        if one.object.kind == "value":
            type_, _ = _type_and_label(catalog, one)
            if any(t.qualified == type_ and one.name in t.labels for t in catalog.types):
                return False
            catalog = rename(catalog, one)
            continue
        items = collect(catalog)
        taken = {name for item in items.values() for name in names_taken(item)}
        after = rename(catalog, one)
        new = _renamed_item(after, items[one.object], one)
        if new.ref in items or not taken.isdisjoint(names_taken(new)):
            return False
        catalog = after
    return True


def _renamed_item(catalog: Catalog, old: Item, one: Rename) -> Item:
    return next(
        item
        for ref, item in collect(catalog).items()
        if ref.kind == one.object.kind and item.kind == old.kind and _at(item, old, one.name)
    )


def _at(new: Item, old: Item, name: str) -> bool:
    same = getattr(new.noun, "schema", None) == getattr(old.noun, "schema", None)
    return new.noun.name == name and new.parent == old.parent and same


def _type_and_label(catalog: Catalog, one: Rename) -> tuple[str, str]:
    return next(
        (type_.qualified, label)
        for type_ in catalog.types
        for label in type_.labels
        if f"{type_.qualified}.{literal(label)}" == one.object.name
    )
