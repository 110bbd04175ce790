"""Tables, partitioned tables, foreign tables: themselves, without their parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter

from dbwright.diff.item import Item, Property
from dbwright.diff.kinds.columns import column_definition
from dbwright.diff.kinds.constraints import inline_constraints
from dbwright.diff.kinds.kind import Changed, Kind
from dbwright.diff.kinds.options import (
    foreign_options,
    option_steps,
    options_text,
    parameters,
)
from dbwright.diff.kinds.privileges import COMMENT, OWNER, plain, privileges
from dbwright.diff.step import Step, Unwritable
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog, Table, TableKind
from dbwright.model.finding import ObjectRef
from dbwright.model.names import quote

__all__ = ["TABLE_PRIVILEGES", "TableItems"]

TABLE_PRIVILEGES = frozenset(
    "SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER MAINTAIN".split()
)
PERSISTENCE = {"permanent": "LOGGED", "unlogged": "UNLOGGED"}


def _partition_key(item: Item) -> str | None:
    key = item.noun.partition_key
    return None if key is None else (key.definition or key.strategy)


class TableItems(Kind):
    key = "table"
    rank = 70
    grant_word = "TABLE"
    keeps = True
    properties = (
        *plain("persistence"),
        Property("partition key", _partition_key),
        *plain("row_security", "force_row_security", "foreign_server", "tablespace"),
        Property("storage parameters", lambda item: frozenset(item.noun.options)),
        Property("storage parameters of TOAST", lambda item: frozenset(item.noun.toast_options)),
        Property("options", attrgetter("noun.foreign_options")),
        Property("access method", lambda item: item.noun.access_method or "heap"),
        OWNER,
        COMMENT,
        privileges(TABLE_PRIVILEGES),
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        return (Item(table.ref, self.key, table) for table in catalog.tables)

    def words(self, item: Item) -> str:
        return "FOREIGN TABLE" if item.noun.kind is TableKind.FOREIGN else "TABLE"

    def loses(self, item: Item) -> str:
        return "" if item.noun.kind is TableKind.FOREIGN else "all its rows"

    def create(self, item: Item, world: World) -> Iterable[Step]:
        yield Step(_create(item, world), item.ref)
        table: Table = item.noun
        for on, words in (
            (table.row_security, "ENABLE ROW LEVEL SECURITY"),
            (table.force_row_security, "FORCE ROW LEVEL SECURITY"),
        ):
            if on:
                yield Step(f"ALTER TABLE {item.ref.name} {words}", item.ref)
        yield from self.extras(item, world)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        again = {"partition key", "foreign server"}
        if changed.keys() & again or "temporary" in changed.get("persistence", ()):
            return None
        return self._alter(after, changed, world)

    def _alter(self, after: Item, changed: Changed, world: World) -> Iterator[Step]:
        table: Table = after.noun
        head = f"ALTER {self.words(after)} {after.ref.name}"
        actions: list[str] = []
        if "persistence" in changed:
            actions.append(f"SET {PERSISTENCE[table.persistence]}")
        if "tablespace" in changed:
            actions.append(f"SET TABLESPACE {quote(table.tablespace or 'pg_default')}")
        if "access method" in changed:
            if world.major < 15:
                raise Unwritable("before version 15 a table can't change its access method")
            actions.append(f"SET ACCESS METHOD {quote(table.access_method or 'heap')}")
        if "row security" in changed:
            verb = "ENABLE" if table.row_security else "DISABLE"
            actions.append(f"{verb} ROW LEVEL SECURITY")
        if "force row security" in changed:
            verb = "FORCE" if table.force_row_security else "NO FORCE"
            actions.append(f"{verb} ROW LEVEL SECURITY")
        for action in actions:
            yield Step(f"{head} {action}", after.ref)
        for name, prefix in (
            ("storage parameters", ""),
            ("storage parameters of TOAST", "toast."),
        ):
            if name in changed:
                yield from option_steps(head, after.ref, *changed[name], prefix)
        if "options" in changed:
            yield Step(f"{head} {foreign_options(*changed['options'])}", after.ref)


def _create(item: Item, world: World) -> str:
    table: Table = item.noun
    lines = list(_lines(item, world))
    body = "(" + ",".join(f"\n    {line}" for line in lines) + ("\n)" if lines else ")")
    words = ["CREATE"]
    words += ["UNLOGGED"] if table.persistence == "unlogged" else []
    words += ["FOREIGN TABLE"] if table.kind is TableKind.FOREIGN else ["TABLE"]
    words.append(table.qualified)
    if table.of_type is not None:
        words += ["OF", table.of_type, *([body] if lines else [])]
    else:
        words.append(body)
    if table.inherits and not table.is_partition:
        words.append(f"INHERITS ({', '.join(table.inherits)})")
    if table.partition_key is not None:
        if table.partition_key.definition is None:
            raise Unwritable("its partition key could not be read")
        words.append(f"PARTITION BY {table.partition_key.definition}")
    if table.kind is TableKind.FOREIGN:
        words.append(f"SERVER {quote(table.foreign_server or '')}")
        words += [options_text(table.foreign_options)] if table.foreign_options else []
    elif table.access_method not in (None, "heap"):
        words.append(f"USING {quote(str(table.access_method))}")
    pairs = [*table.options, *((f"toast.{n}", value) for n, value in table.toast_options)]
    if pairs:
        words.append(f"WITH ({parameters(pairs)})")
    if table.tablespace is not None:
        words.append(f"TABLESPACE {quote(table.tablespace)}")
    return " ".join(words)


def _lines(item: Item, world: World) -> Iterator[str]:
    """Columns and constraints. What is inherited comes from the parent."""
    table: Table = item.noun
    inherits = bool(table.inherits) and not table.is_partition
    for column in table.columns:
        if inherits and column.inherited:
            continue
        ref = ObjectRef("column", f"{table.qualified}.{quote(column.name)}")
        text = column_definition(
            world.after[ref], world, default=ObjectRef("default", ref.name) in world.inline
        )
        if table.of_type is None:
            yield text
        else:
            rest = text[len(f"{quote(column.name)} {column.type}") :].strip()
            if rest:
                yield f"{quote(column.name)} WITH OPTIONS {rest}"
    yield from inline_constraints(item, world)
