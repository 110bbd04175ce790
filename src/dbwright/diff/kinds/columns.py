"""Columns of tables, and their defaults. Their order is not compared: it can't be changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from operator import attrgetter
from typing import Any

from dbwright.diff.item import Item, Property, shown
from dbwright.diff.kinds.column_settings import SETTINGS, setting_steps
from dbwright.diff.kinds.kind import Changed, Kind
from dbwright.diff.kinds.narrowing import castable, narrows, spelled_alike
from dbwright.diff.kinds.not_null_names import NAMED, given_name
from dbwright.diff.kinds.options import foreign_options, options_text
from dbwright.diff.kinds.privileges import COMMENT, plain, privileges
from dbwright.diff.step import Step, Unwritable
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog, Column, Table, TableKind, View
from dbwright.model.finding import ObjectRef
from dbwright.model.names import literal, qualify, quote
from dbwright.sql.ddl_objects import sequence_options

__all__ = ["ColumnKind", "DefaultKind", "column_definition", "default_expression"]


def _generated(item: Item) -> str | None:
    column: Column = item.noun
    return f"{column.generated} as {column.default}" if column.generated else None


def column_definition(item: Item, world: World, *, default: bool) -> str:
    """As in CREATE TABLE and ADD COLUMN; `default`: with its default, where it has one."""
    column: Column = item.noun
    words = [quote(column.name), column.type]
    if column.foreign_options:
        words.append(options_text(column.foreign_options))
    words += [f"COLLATE {column.collation}"] if column.collation is not None else []
    if column.generated is not None:
        if column.default is None:
            raise Unwritable("the expression that generates it could not be read")
        words.append(f"GENERATED ALWAYS AS ({column.default}) {column.generated.upper()}")
    elif column.identity is not None and not item.whole.is_partition:
        # A partition has it from its parent, and one with its own is not attached.
        words.append(_identity(item, world))
    elif default and column.default is not None:
        words.append(f"DEFAULT {default_expression(column)}")
    if column.not_null:
        name = given_name(item.whole, column.name) if world.major >= NAMED else None
        words += [] if name is None else [f"CONSTRAINT {quote(name)}"]
        words.append("NOT NULL")
    return " ".join(words)


def default_expression(column: Column) -> str:
    if column.default is None:
        raise Unwritable("its default could not be read")
    return column.default


def _identity(item: Item, world: World) -> str:
    column, table = item.noun, item.whole
    words = f"GENERATED {column.identity.upper()} AS IDENTITY"
    sequence = world.target.sequence_of(table, column)
    if sequence is None:
        return words
    options = sequence_options(sequence)
    usual = ("smallint", "integer", "bigint")
    if column.type in usual and options and options[0] == f"AS {column.type}":
        options = options[1:]  # the column's type is the sequence's
    if sequence.name != f"{table.name}_{column.name}_seq" or sequence.schema != table.schema:
        options.insert(0, f"SEQUENCE NAME {sequence.qualified}")
    return f"{words} ({' '.join(options)})" if options else words


class ColumnKind(Kind):
    key = "column"
    rank = 75
    grant_word = "TABLE"
    keeps = True
    properties = (
        *plain("type", "collation", "not_null", "identity"),
        Property("generated", _generated),
        *SETTINGS,
        Property("foreign options", attrgetter("noun.foreign_options")),
        COMMENT,
        privileges(frozenset()),
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for table in catalog.tables:
            ref = table.ref
            pending = {one.column for one in table.not_nulls if not one.validated}
            for column in table.columns:
                if column.name in pending:
                    column = replace(column, not_null=False)
                yield Item(table.column_ref(column), self.key, column, ref, table)

    def comment_target(self, item: Item) -> str:
        return f"COLUMN {item.ref.name}"

    def grant_target(self, item: Item) -> tuple[str, str]:
        return f" ({quote(item.noun.name)})", f"TABLE {item.whole.qualified}"

    def loses(self, item: Item) -> str:
        kept = item.noun.generated is None and item.whole.kind is not TableKind.FOREIGN
        return "the column's values" if kept else ""

    def create(self, item: Item, world: World) -> Iterable[Step]:
        column: Column = item.noun
        if item.parent not in world.created and item.ref not in world.inline:
            default = ObjectRef("default", item.ref.name) in world.inline
            text = column_definition(item, world, default=default)
            yield Step(f"ALTER TABLE {item.whole.qualified} ADD COLUMN {text}", item.ref)
        elif item.parent in world.created and item.whole.inherits and not item.whole.is_partition:
            yield from _beside_parents(item, world)
        yield from self._settings(item, None, column)
        yield from self.extras(item, world)

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        sql = f"ALTER TABLE {item.whole.qualified} DROP COLUMN {quote(item.noun.name)}"
        yield Step(sql, item.ref, self.loses(item))

    def rename(self, before: Item, name: str) -> Iterable[Step]:
        old, new = quote(before.noun.name), quote(name)
        sql = f"ALTER TABLE {before.whole.qualified} RENAME COLUMN {old} TO {new}"
        yield Step(sql, before.ref)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        old, new = before.noun, after.noun
        if old.generated or new.generated:
            dropped = old.generated == "stored" and not new.generated and world.major >= 13
            same = old.generated == new.generated
            if not (dropped or same) or (same and changed.keys() & {"type", "collation"}):
                return None
            if same and "generated" in changed and (world.major < 17 or new.generated == "virtual"):
                return None  # a virtual one has no values, and can't change where it is checked
        return self._alter(before, after, changed, world)

    def _alter(self, before: Item, after: Item, changed: Changed, world: World) -> Iterator[Step]:
        old, new = before.noun, after.noun
        head = f"ALTER TABLE {after.whole.qualified} ALTER COLUMN {quote(new.name)}"
        if "generated" in changed:
            set_ = f"SET EXPRESSION AS ({new.default})" if new.generated else "DROP EXPRESSION"
            yield Step(f"{head} {set_}", after.ref)
        if "identity" in changed and new.identity is None:
            yield Step(f"{head} DROP IDENTITY", after.ref)
        if after.ref in world.retyped or changed.keys() & {"type", "collation"}:
            yield self._retype(before, after, head, world)
        if "not null" in changed:
            verb = "SET" if new.not_null else "DROP"
            yield Step(f"{head} {verb} NOT NULL", after.ref)
        if "identity" in changed and new.identity is not None:
            if old.identity is None:
                yield from _add_identity(after, head, world)
            else:
                yield Step(f"{head} SET GENERATED {new.identity.upper()}", after.ref)
        retyped = replace(old, storage=new.type_storage or new.storage)
        yield from self._settings(after, retyped if "type" in changed else old, new)

    def _retype(self, before: Item, after: Item, head: str, world: World) -> Step:
        old, new = before.noun, after.noun
        collate = f" COLLATE {new.collation}" if new.collation is not None else ""
        using = ""
        name = quote(new.name)
        if after.whole.kind is TableKind.FOREIGN:  # its rows are elsewhere: nothing to convert
            return Step(f"{head} TYPE {new.type}{collate}", after.ref)
        key = after.whole.partition_key
        if key is not None and new.name in key.columns:
            raise Unwritable("a column of a partition key can't change its type")
        if after.ref in world.retyped:
            brackets = "[]" if old.is_array and new.is_array else ""
            using = f" USING {name}::text{brackets}::{new.type}"
        elif not spelled_alike(old, new):
            # Else the cast of an assignment, which refuses values that don't fit: an explicit one
            # would cut them.
            using = f" USING {name}{'' if castable(old, new) else '::text'}::{new.type}"
        loses = narrows(old, new) if old.type != new.type else ""
        return Step(f"{head} TYPE {new.type}{collate}{using}", after.ref, loses)

    def _settings(self, item: Item, old: Column | None, new: Column) -> Iterator[Step]:
        head = f"ALTER TABLE ONLY {item.whole.qualified} ALTER COLUMN {quote(new.name)}"
        yield from setting_steps(head, item.ref, old, new)
        if old is not None and old.foreign_options != new.foreign_options:
            options = foreign_options(old.foreign_options, new.foreign_options)
            sql = f"ALTER FOREIGN TABLE {item.whole.qualified} ALTER COLUMN {quote(new.name)}"
            yield Step(f"{sql} {options}", item.ref)


def _beside_parents(item: Item, world: World) -> Iterator[Step]:
    """Where a new child's column is not as its parents have it."""
    column, table = item.noun, item.whole
    names = (f"{parent}.{quote(column.name)}" for parent in table.inherits)
    parents = [world.after.get(ObjectRef("column", name)) for name in names]
    given = next((parent.noun for parent in parents if parent is not None), column)
    head = f"ALTER TABLE {table.qualified} ALTER COLUMN {quote(column.name)}"
    if column.not_null and not any(p is not None and p.noun.not_null for p in parents):
        yield Step(f"{head} SET NOT NULL", item.ref)
    if column.default is None and given.default is not None and not given.generated:
        yield Step(f"{head} DROP DEFAULT", item.ref)


def _add_identity(after: Item, head: str, world: World) -> Iterator[Step]:
    """The sequence goes on behind the values that are there."""
    yield Step(f"{head} ADD {_identity(after, world)}", after.ref)
    sequence = world.target.sequence_of(after.whole, after.noun)
    if sequence is not None:
        name, best = quote(after.noun.name), "max" if sequence.increment > 0 else "min"
        sql = (
            f"SELECT pg_catalog.setval({literal(sequence.qualified)}, {best}({name})) "
            f"FROM {after.whole.qualified} HAVING {best}({name}) IS NOT NULL"
        )
        yield Step(sql, after.ref)


class DefaultKind(Kind):
    key = "default"
    rank = 78
    properties = (Property("default", lambda item: item.noun.default),)

    def items(self, catalog: Catalog) -> Iterable[Item]:
        relations: tuple[Table | View, ...] = catalog.tables
        relations += catalog.views
        for relation in relations:
            whole = relation.qualified
            for column in relation.columns:
                if column.default is not None and column.generated is None:
                    name = f"{whole}.{quote(column.name)}"
                    parent = ObjectRef("column", name)
                    yield Item(ObjectRef("default", name), self.key, column, parent, relation)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        if item.ref not in world.inline:
            yield self._set(item)

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        yield Step(f"{_head(item)} DROP DEFAULT", item.ref)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        return [self._set(after)] if changed else []

    def _set(self, item: Item) -> Step:
        return Step(f"{_head(item)} SET DEFAULT {default_expression(item.noun)}", item.ref)

    def said(self, item: Item, name: str, old: Any, new: Any) -> str:
        return super().said(item._replace(ref=ObjectRef("column", item.ref.name)), name, old, new)

    def said_of_all(self, item: Item, change: str) -> str:
        value = shown(item.noun.default)
        if value is None:
            return f"column {item.ref.name}: default {change}"
        told = f"default {value}, was none" if change == "added" else f"default none, was {value}"
        return f"column {item.ref.name}: {told}"


def _head(item: Item) -> str:
    relation = item.whole
    words = "VIEW" if isinstance(relation, View) else "TABLE ONLY"
    name = qualify(relation.schema, relation.name)
    return f"ALTER {words} {name} ALTER COLUMN {quote(item.noun.name)}"
