"""Constraints of tables: keys, checks, exclusions, foreign keys, NOT NULLs that wait."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from dbwright.diff.item import Item, Property
from dbwright.diff.kinds.kind import Changed, Kind
from dbwright.diff.kinds.options import option_steps
from dbwright.diff.kinds.privileges import COMMENT, plain
from dbwright.diff.step import Step, Unwritable
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog, Check, Exclusion, ForeignKey, Index, Key, Table
from dbwright.model.finding import ObjectRef
from dbwright.model.names import literal, quote
from dbwright.sql.ddl import check_definition, foreign_key_definition, key_definition

__all__ = [
    "CheckKind",
    "ExclusionKind",
    "ForeignKeyKind",
    "KeyKind",
    "KeyWithIndex",
    "NotNullKind",
    "inline_constraints",
]


@dataclass(frozen=True, slots=True)
class KeyWithIndex:
    """A PRIMARY KEY, UNIQUE or EXCLUDE constraint, and the index that enforces it."""

    key: Key | Exclusion
    primary: bool
    index: Index | None

    @property
    def name(self) -> str:
        return self.key.name

    @property
    def comment(self) -> str | None:
        return self.key.comment


def inline_constraints(item: Item, world: World) -> Iterator[str]:
    """Those of a new table that its own statement brings."""
    table: Table = item.noun
    for name in (
        *((table.primary_key.name,) if table.primary_key else ()),
        *(key.name for key in table.unique_constraints),
        *(exclusion.name for exclusion in table.exclusions),
        *(check.name for check in table.checks),
    ):
        ref = table.constraint_ref(name)
        if ref in world.inline:
            found = world.after[ref]
            yield f"CONSTRAINT {quote(name)} {_KINDS[found.kind].definition(found)}"


class ConstraintKind(Kind):
    """What all constraints share."""

    keeps = False

    @abstractmethod
    def definition(self, item: Item) -> str:
        """What follows the name."""

    def create(self, item: Item, world: World) -> Iterable[Step]:
        if item.ref not in world.inline:
            text = f"CONSTRAINT {quote(item.noun.name)} {self.definition(item)}"
            yield Step(f"ALTER TABLE {item.whole.qualified} ADD {text}", item.ref)
        comment = getattr(item.noun, "comment", None)
        if comment is not None:
            yield self.comment(item, comment)

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        sql = f"ALTER TABLE {item.whole.qualified} DROP CONSTRAINT {quote(item.noun.name)}"
        yield Step(sql, item.ref)

    def rename(self, before: Item, name: str) -> Iterable[Step]:
        words = f"{quote(before.noun.name)} TO {quote(name)}"
        yield Step(f"ALTER TABLE {before.whole.qualified} RENAME CONSTRAINT {words}", before.ref)

    def comment_target(self, item: Item) -> str:
        return f"CONSTRAINT {quote(item.noun.name)} ON {item.whole.qualified}"

    def _validate(self, after: Item) -> list[Step]:
        words = f"VALIDATE CONSTRAINT {quote(after.noun.name)}"
        return [Step(f"ALTER TABLE {after.whole.qualified} {words}", after.ref)]


def _of_index(item: Item, name: str, without: Any) -> Any:
    index = item.noun.index
    return without if index is None else getattr(index, name)


class IndexedKind(ConstraintKind):
    """Constraints that an index enforces."""

    properties: ClassVar[tuple[Property, ...]] = (
        Property("deferrable", lambda item: item.noun.key.deferrable),
        Property("initially deferred", lambda item: item.noun.key.initially_deferred),
        Property("storage parameters", lambda item: frozenset(_of_index(item, "options", ()))),
        Property("tablespace", lambda item: _of_index(item, "tablespace", None)),
        Property("index's comment", lambda item: _of_index(item, "comment", None)),
        Property("attached to", lambda item: _of_index(item, "parent", None)),
        COMMENT,
    )

    def create(self, item: Item, world: World) -> Iterable[Step]:
        yield from super().create(item, world)
        comment = _of_index(item, "comment", None)
        if comment is not None:
            yield self._index_comment(item, comment)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        rest = changed.keys() - {"storage parameters", "tablespace", "index's comment"}
        if rest - {"attached to"} or ("attached to" in rest and after.noun.index is None):
            return None
        return self._alter(after, changed, world)

    def _alter(self, after: Item, changed: Changed, world: World) -> Iterator[Step]:
        index: Index = after.noun.index
        head = f"ALTER INDEX {index.qualified}"
        if "storage parameters" in changed:
            yield from option_steps(head, after.ref, *changed["storage parameters"])
        if "tablespace" in changed:
            yield Step(
                f"{head} SET TABLESPACE {quote(index.tablespace or 'pg_default')}", after.ref
            )
        if "index's comment" in changed:
            yield self._index_comment(after, index.comment)

    def _index_comment(self, item: Item, text: str | None) -> Step:
        told = "NULL" if text is None else literal(text)
        return Step(f"COMMENT ON INDEX {item.noun.index.qualified} IS {told}", item.ref)


def _with_index(table: Table, key: Key | Exclusion) -> KeyWithIndex:
    index = next((i for i in table.indexes if i.name == key.index), None)
    return KeyWithIndex(key, key is table.primary_key, index)


class KeyKind(IndexedKind):
    key = "key"
    rank = 80
    properties = (
        Property("columns", lambda item: item.noun.key.columns),
        Property("primary", lambda item: item.noun.primary),
        Property("included columns", lambda item: _of_index(item, "include", ())),
        Property("nulls not distinct", lambda item: item.noun.key.nulls_not_distinct),
        Property("without overlaps", lambda item: item.noun.key.without_overlaps),
        *IndexedKind.properties,
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for table in catalog.tables:
            for key in table.keys:
                noun = _with_index(table, key)
                yield Item(table.constraint_ref(key.name), self.key, noun, table.ref, table)

    def definition(self, item: Item) -> str:
        return key_definition(
            item.noun.key,
            primary=item.noun.primary,
            include=_of_index(item, "include", ()),
            options=_of_index(item, "options", ()),
            tablespace=_of_index(item, "tablespace", None),
        )


class ExclusionKind(IndexedKind):
    key = "exclusion"
    rank = 82
    properties = (
        Property("definition", lambda item: item.noun.key.definition or item.noun.key.operators),
        Property("columns", lambda item: item.noun.key.columns),
        *IndexedKind.properties,
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for table in catalog.tables:
            for key in table.exclusions:
                noun = _with_index(table, key)
                yield Item(table.constraint_ref(key.name), self.key, noun, table.ref, table)

    def definition(self, item: Item) -> str:
        if item.noun.key.definition is None:
            raise Unwritable("its definition could not be read")
        return str(item.noun.key.definition)


class CheckKind(ConstraintKind):
    key = "check"
    rank = 79
    properties = (*plain("expression", "validated", "enforced", "no_inherit"), COMMENT)

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for table in catalog.tables:
            for check in table.checks:
                yield Item(table.constraint_ref(check.name), self.key, check, table.ref, table)

    def definition(self, item: Item) -> str:
        check: Check = item.noun
        if check.expression is None:
            raise Unwritable("its expression could not be read")
        return check_definition(check)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        handed_down = item.noun.inherited and item.whole.inherits and item.ref not in world.inline
        if not handed_down or _tied_later(item, world):
            yield from super().create(item, world)
        elif item.noun.comment is not None:
            yield self.comment(item, item.noun.comment)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        if changed.keys() == {"validated"} and after.noun.validated:
            return self._validate(after)
        return () if not changed else None


def _tied_later(item: Item, world: World) -> bool:
    """Does the table get all parents that hand it down only then? It must have it before."""
    table: Table = item.whole
    parents = [world.target.find_table(name) for name in table.inherits]
    giving = [
        p for p in parents if p is not None and any(c.name == item.noun.name for c in p.checks)
    ]
    links = {
        ref
        for parent in giving
        for ref in (
            ObjectRef("partition", table.qualified),
            ObjectRef("inheritance", f"{table.qualified} of {parent.qualified}"),
        )
        if ref in world.after
    }
    return table.ref not in world.created and bool(links) and links <= world.created


class NotNullKind(ConstraintKind):
    """NOT NULLs that hold for new rows only, so far (PostgreSQL 18 and later)."""

    key = "not null"
    rank = 81
    properties = plain("column", "validated")

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for table in catalog.tables:
            for found in table.not_nulls:
                if not found.validated and not found.inherited:
                    ref = table.constraint_ref(found.name)
                    yield Item(ref, self.key, found, table.ref, table)

    def definition(self, item: Item) -> str:
        return f"NOT NULL {quote(item.noun.column)} NOT VALID"


class ForeignKeyKind(ConstraintKind):
    key = "foreign key"
    rank = 110
    properties = (
        *plain("columns", "references", "referenced_columns", "on_update", "on_delete"),
        *plain("on_delete_columns", "match_full", "period", "deferrable", "initially_deferred"),
        *plain("validated", "enforced"),
        COMMENT,
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        """Those that a partitioned table gave its partitions are its own matter."""
        for table in catalog.tables:
            for key in table.foreign_keys:
                if not key.inherited:
                    ref = table.constraint_ref(key.name)
                    yield Item(ref, self.key, key, table.ref, table)

    def definition(self, item: Item) -> str:
        return foreign_key_definition(item.noun)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        before = world.catalog.find_table(item.whole.qualified)
        kept = replace(item.noun, inherited=True, comment=None)
        if before is None or kept not in (
            replace(key, comment=None) for key in before.foreign_keys
        ):
            yield from super().create(item, world)
        elif item.noun.comment is not None:  # a partition that is detached has kept it
            yield self.comment(item, item.noun.comment)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        key: ForeignKey = after.noun
        if changed.keys() == {"validated"} and key.validated:
            return self._validate(after)
        if changed and changed.keys() <= {"deferrable", "initially deferred"}:
            words = "DEFERRABLE" if key.deferrable else "NOT DEFERRABLE"
            words += " INITIALLY DEFERRED" if key.initially_deferred else ""
            head = f"ALTER TABLE {after.whole.qualified} ALTER CONSTRAINT {quote(key.name)}"
            return [Step(f"{head} {words}", after.ref)]
        return () if not changed else None


_KINDS: dict[str, ConstraintKind] = {
    kind.key: kind for kind in (KeyKind(), ExclusionKind(), CheckKind())
}
