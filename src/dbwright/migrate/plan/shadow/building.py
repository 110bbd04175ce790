"""What hangs on the column, built for the other one a statement at a time, while the application
works: under names that it has until the two change places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from dbwright.migrate.plan.naming import free_name_in
from dbwright.migrate.plan.phrases import add_constraint, drop_constraint, leaves
from dbwright.migrate.plan.shadow.members import Pair
from dbwright.migrate.plan.shadow.sides import Side, Unmovable
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import ForeignKey, Index, Table, TableKind
from dbwright.model.names import qualify, quote
from dbwright.sql.ddl import check_definition, foreign_key_definition
from dbwright.sql.default_names import DefaultNames

__all__ = ["Building", "attached", "not_null_name"]

NOT_VALID_ON_PARTITIONED = 18
"""From which version on a partitioned table takes a foreign key that is NOT VALID."""


def not_null_name(side: Side) -> str:
    """That of the constraint, which is an object of its own since version 18: the server's own
    where nobody gave it one."""
    table, name = side.table, side.column.name
    given = next((one.name for one in table.not_nulls if one.column == name), None)
    return given or DefaultNames().choose(table.name, (name,), "not_null")


def attached(parent: Index, pairs: Sequence[Pair]) -> Iterator[Index]:
    """The partitions' parts of an index, as they are at the end."""
    for pair in pairs:
        for index in pair.there.table.indexes:
            if index.parent == parent.qualified:
                yield index


@dataclass(slots=True)
class Building:
    """For `pairs`, the table itself first and each behind its parent. `coming` is the name of the
    other column, `mark` stands behind the names of what is built."""

    situation: Situation
    pairs: Sequence[Pair]
    coming: str
    mark: str
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    """What was built is called so meanwhile: by kind and lasting name."""

    @property
    def is_tree(self) -> bool:
        return len(self.pairs) > 1

    def statements(self) -> Iterator[str]:
        """Raises Unmovable."""
        for pair in self.pairs:
            yield from self._indexes(pair.there)
        for pair in reversed(self.pairs):
            yield from self._attached(pair.there)
        for pair in self.pairs:
            yield from self._checks(pair.there)
            yield from self._exclusions(pair.there)
        for pair in self.pairs:
            if pair.there.is_not_null_by_itself:
                yield from self._not_null(pair.there)
        for pair in self.pairs:
            yield from self._foreign_keys(pair.there)
        yield f"ANALYZE {self.pairs[0].name}"

    def pointing(self) -> Iterator[tuple[Table, ForeignKey]]:
        """Foreign keys to a key that is made in the moment of the exchange: they hold from then on
        for what is written, and are proven after it. Raises Unmovable."""
        if not self.is_tree:
            return
        found = dict.fromkeys(one for pair in self.pairs for one in pair.there.pointing)
        own = {one for pair in self.pairs for one in pair.there.own_foreign_keys}
        for child, key in found:
            if (child, key) in own:
                raise Unmovable(
                    f"the foreign key {quote(key.name)} of {child.qualified} holds the column, and "
                    "points to it"
                )
            late = self.situation.major < NOT_VALID_ON_PARTITIONED
            if child.kind is TableKind.PARTITIONED and late:
                raise Unmovable(
                    f"the foreign key {quote(key.name)} of {child.qualified}, which is partitioned,"
                    " points to the column, and takes no NOT VALID before version 18"
                )
            yield child, key

    def _indexes(self, there: Side) -> Iterator[str]:
        for index in (i for i in there.table.indexes if there.touches(i)):
            if (index.partitioned and index.backs_constraint) or index.exclusion:
                continue
            name = self.named("index", index.qualified, index.name)
            yield there.index_for(index, name, self.coming)

    def _attached(self, there: Side) -> Iterator[str]:
        for index in there.indexes:
            if not index.partitioned:
                continue
            parent = self._place(index)
            for part in attached(index, self.pairs):
                yield f"ALTER INDEX {parent} ATTACH PARTITION {self._place(part)}"

    def _place(self, index: Index) -> str:
        return qualify(index.schema, self.names[("index", index.qualified)])

    def _checks(self, there: Side) -> Iterator[str]:
        table = there.table.qualified
        for check in there.own_checks:
            name = self.named(table, check.name, check.name)
            definition = check_definition(there.check_for(check, self.coming))
            yield add_constraint(table, name, definition)
            if check.validated:
                yield _validate(table, name)

    def _exclusions(self, there: Side) -> Iterator[str]:
        table = there.table.qualified
        for one in there.exclusions:
            if there.table.kind is TableKind.PARTITIONED:
                raise Unmovable(f"an EXCLUDE constraint of {table} is over the column")
            name = self.named(table, one.name, one.name)
            yield add_constraint(table, name, there.exclusion_for(one, self.coming))

    def _not_null(self, there: Side) -> Iterator[str]:
        table, column = there.table.qualified, quote(self.coming)
        lasting = not_null_name(there)
        own = self.named(table, lasting, lasting)
        if self.situation.major >= 18:
            yield add_constraint(table, own, f"NOT NULL {column} NOT VALID")
            yield _validate(table, own)
            return
        yield add_constraint(table, own, f"CHECK ({column} IS NOT NULL) NOT VALID")
        yield _validate(table, own)
        yield f"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL"
        yield drop_constraint(table, own)

    def _foreign_keys(self, there: Side) -> Iterator[str]:
        keys = there.own_foreign_keys if self.is_tree else there.foreign_keys
        for child, key in keys:
            table = child.qualified
            name = self.named(table, key.name, key.name)
            later = there.foreign_key_for(child, key, self.coming)
            late = self.situation.major < NOT_VALID_ON_PARTITIONED
            if child.kind is TableKind.PARTITIONED and late:
                yield from self._by_leaves(child, later, name)
                continue
            yield add_constraint(table, name, foreign_key_definition(later))
            if key.validated:
                yield _validate(table, name)

    def _by_leaves(self, table: Table, key: ForeignKey, name: str) -> Iterator[str]:
        """Each partition is proven, and the key of the parent takes theirs over."""
        for leaf in leaves(self.situation, table):
            yield add_constraint(leaf.qualified, name, foreign_key_definition(key))
            yield _validate(leaf.qualified, name)
        whole = replace(key, validated=True)
        yield add_constraint(table.qualified, name, foreign_key_definition(whole))

    def below(self, there: Side, table: Table, key: ForeignKey) -> Iterator[tuple[str, str]]:
        """The tables that have the foreign key, from the one that it is of to its partitions, and
        its lasting name there."""
        yield table.qualified, key.name
        for child in there.catalog.children(table):
            for own in child.foreign_keys:
                plain = replace(own, name=key.name, inherited=key.inherited, comment=key.comment)
                if own.inherited and plain == key:
                    yield from self.below(there, child, own)

    def named(self, kind: str, lasting: str, name: str) -> str:
        """The name that something has until it takes the lasting one. `kind`: `index`, or the table
        of a constraint."""
        found, number = free_name_in(name, f"_{self.mark}", ()), 1
        while found in self.names.values():
            number += 1
            found = free_name_in(name, f"_{self.mark}{number}", ())
        self.names[(kind, lasting)] = found
        return found


def _validate(table: str, name: str) -> str:
    return f"ALTER TABLE {table} VALIDATE CONSTRAINT {quote(name)}"
