"""The file in which the second column takes the place of the first one.

First all that hangs on the column is built for the other one, a statement at a time, while the
application works. Then the two change their names, and everything else its own, in one block that
only writes the catalog: all other sessions see the column before it or after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dbwright.migrate.plan.columns import sequence_options
from dbwright.migrate.plan.dollars import dollars
from dbwright.migrate.plan.phrases import add_constraint, drop_constraint
from dbwright.migrate.plan.shadow.building import Building, attached, not_null_name
from dbwright.migrate.plan.shadow.members import Pair
from dbwright.migrate.plan.shadow.settled import compiled_anew, settled
from dbwright.migrate.plan.shadow.sides import Side
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Key
from dbwright.model.names import literal, qualify, quote
from dbwright.sql.ddl import foreign_key_definition, key_definition

__all__ = ["Exchange"]


@dataclass(slots=True)
class Exchange:
    """From one side to the other. `coming` is the name of the column that takes the place until it
    has it, `going` that of the other one from then on."""

    situation: Situation
    pairs: Sequence[Pair]
    """The table, and all below it that have the column from it."""
    coming: str
    going: str
    function: str
    """CREATE OR REPLACE FUNCTION: what keeps the column that goes in step from then on."""
    mark: str
    """Behind the names of what is built, until it has the lasting ones."""
    building: Building = field(init=False)

    def __post_init__(self) -> None:
        self.building = Building(self.situation, self.pairs, self.coming, self.mark)

    def statements(self) -> tuple[str, ...]:
        """What is built, the exchange itself, and what can be proven only then. Raises
        Unmovable."""
        prepared = tuple(self.building.statements())
        proven = (
            f"ALTER TABLE {child.qualified} VALIDATE CONSTRAINT {quote(key.name)}"
            for child, key in self.building.pointing()
            if key.validated
        )
        return (*self._begun(), *prepared, self._block(), *proven)

    @property
    def _table(self) -> str:
        return self.pairs[0].name

    @property
    def _root(self) -> Pair:
        return self.pairs[0]

    def _block(self) -> str:
        lines = [*self._cleared(), *self._handed_over(), *self._renamed(), *self._settled()]
        steps = "\n".join(f"  {line};" for line in lines)
        declared = "DECLARE\n  at_number bigint;\n  is_used boolean;\n" if self._identity else ""
        tag = dollars("exchange", steps)
        return f"DO {tag}\n{declared}BEGIN\n{steps}\nEND\n{tag}"

    @property
    def _identity(self) -> bool:
        return self._root.here.column.identity is not None

    def _cleared(self) -> Iterator[str]:
        """What hangs on the column that goes."""
        sides = [pair.here for pair in self.pairs]
        keys = dict.fromkeys(
            one for here in sides for one in (*here.own_foreign_keys, *here.pointing)
        )
        tables = dict.fromkeys([self._table, *(child.qualified for child, _ in keys)])
        yield f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE"
        if self.building.is_tree:
            yield self._all_are_known()
        for child, key in keys:
            yield drop_constraint(child.qualified, key.name)
        for here in sides:
            for one in here.own_constraints:
                yield drop_constraint(here.table.qualified, one.name)
        for here in sides:
            for index in here.indexes:
                if index.parent is None:
                    yield f"DROP INDEX {index.qualified}"
            for statistics in here.statistics:
                yield f"DROP STATISTICS {statistics.qualified}"

    def _begun(self) -> Iterator[str]:
        """Before anything is built: an index over partitions that lacks one is never valid."""
        if self.building.is_tree:
            known = f"  {self._all_are_known()};"
            tag = dollars("known", known)
            yield f"DO {tag}\nBEGIN\n{known}\nEND\n{tag}"

    def _all_are_known(self) -> str:
        """A partition that came since the plan was made has neither its rows filled nor its indexes
        built: refused, before anything changes."""
        known = ", ".join(f"{literal(pair.name)}::regclass" for pair in self.pairs)
        return (
            "IF EXISTS (WITH RECURSIVE below AS ("
            f"SELECT {literal(self._table)}::regclass::oid AS oid UNION "
            "SELECT i.inhrelid FROM pg_inherits i JOIN below b ON b.oid = i.inhparent) "
            f"SELECT FROM below WHERE oid <> ALL (ARRAY[{known}]::oid[])) THEN "
            f"RAISE EXCEPTION '%', {literal(self._stranger)}; END IF"
        )

    @property
    def _stranger(self) -> str:
        return (
            f"{self._table} has a partition that it had not when the plan was made: take the files "
            "of the plan back, and plan again"
        )

    def _handed_over(self) -> Iterator[str]:
        """Default and numbers, while the columns have the names of before."""
        here = self._root.here.column
        coming = f"ALTER TABLE {self._table} ALTER COLUMN {quote(self.coming)}"
        sequence = self._root.there.sequence
        if self._identity and sequence is not None:
            place = qualify(sequence.schema, sequence.name)
            yield f"SELECT last_value, is_called INTO at_number, is_used FROM {place}"
            yield f"ALTER TABLE {self._table} ALTER COLUMN {quote(here.name)} DROP IDENTITY"
        for pair in self.pairs:
            yield from self._off(pair)
        if self._identity and sequence is not None:
            options = f"SEQUENCE NAME {place} {sequence_options(sequence)}"
            kind = (self._root.there.column.identity or "").upper()
            yield f"{coming} ADD GENERATED {kind} AS IDENTITY ({options})"
            yield f"PERFORM setval({literal(place)}, at_number, is_used)"
        for pair in self.pairs:
            default = pair.there.column.default
            if default is not None and not self._identity:
                yield f"{self._alter(pair, self.coming)} SET DEFAULT {default}"
        if sequence is not None and not self._identity:
            owner = f"{self._table}.{quote(self.coming)}"
            yield f"ALTER SEQUENCE {qualify(sequence.schema, sequence.name)} OWNED BY {owner}"

    def _off(self, pair: Pair) -> Iterator[str]:
        here = pair.here.column
        if here.default is not None and not self._identity:
            yield f"{self._alter(pair, here.name)} DROP DEFAULT"
        if here.not_null:
            # Of a parent first, and of its children, which may have it by themselves as well.
            yield f"ALTER TABLE {pair.name} ALTER COLUMN {quote(here.name)} DROP NOT NULL"

    def _alter(self, pair: Pair, column: str) -> str:
        only = "ONLY " if self.building.is_tree else ""
        return f"ALTER TABLE {only}{pair.name} ALTER COLUMN {quote(column)}"

    def _renamed(self) -> Iterator[str]:
        lasting = quote(self._root.here.column.name)
        renamed = f"ALTER TABLE {self._table} RENAME COLUMN"
        yield f"{renamed} {lasting} TO {quote(self.going)}"
        yield f"{renamed} {quote(self.coming)} TO {lasting}"
        names = self.building.names
        for pair in reversed(self.pairs):
            yield from self._keys(pair.there)
        for there in (pair.there for pair in self.pairs):
            for index in there.indexes:
                own = qualify(index.schema, names[("index", index.qualified)])
                yield f"ALTER INDEX {own} RENAME TO {quote(index.name)}"
            for check in there.own_checks:
                yield self._rename_constraint(there.table.qualified, check.name)
            for exclusion in there.exclusions:
                yield self._rename_constraint(there.table.qualified, exclusion.name)
            if there.is_not_null_by_itself and self.situation.major >= 18:
                yield self._rename_constraint(there.table.qualified, not_null_name(there))
        yield from self._foreign_keys()

    def _foreign_keys(self) -> Iterator[str]:
        for pair in self.pairs:
            there = pair.there
            for child, key in (
                there.own_foreign_keys if self.building.is_tree else there.foreign_keys
            ):
                found = quote(self.building.names[(child.qualified, key.name)])
                for table, name in self.building.below(there, child, key):
                    yield f"ALTER TABLE {table} RENAME CONSTRAINT {found} TO {quote(name)}"
        for child, key in self.building.pointing():
            side = self._root.there
            later = foreign_key_definition(side.foreign_key_for(child, key, side.column.name))
            yield add_constraint(child.qualified, key.name, later)

    def _rename_constraint(self, table: str, name: str) -> str:
        own = quote(self.building.names[(table, name)])
        return f"ALTER TABLE {table} RENAME CONSTRAINT {own} TO {quote(name)}"

    def _keys(self, there: Side) -> Iterator[str]:
        primary = there.table.primary_key
        for key in there.keys:
            yield from self._key(there, key, primary=primary is not None and key == primary)

    def _key(self, there: Side, key: Key, *, primary: bool) -> Iterator[str]:
        table = there.table.qualified
        index = next(one for one in there.table.indexes if one.name == key.index)
        if index.partitioned:
            definition = key_definition(
                key,
                primary=primary,
                include=index.include,
                options=index.options,
                tablespace=index.tablespace,
            )
            yield add_constraint(f"ONLY {table}", key.name, definition)
            for part in attached(index, self.pairs):
                yield f"ALTER INDEX {index.qualified} ATTACH PARTITION {part.qualified}"
            return
        own = quote(self.building.names[("index", index.qualified)])
        words = [f"{'PRIMARY KEY' if primary else 'UNIQUE'} USING INDEX {own}"]
        words += ["DEFERRABLE"] if key.deferrable else []
        words += ["INITIALLY DEFERRED"] if key.initially_deferred else []
        yield add_constraint(table, key.name, " ".join(words))

    def _settled(self) -> Iterator[str]:
        """What names indexes and columns, now that they have their lasting names."""
        for pair in self.pairs:
            yield from settled(pair.there)
        yield self.function
        yield from compiled_anew(self.situation, self.pairs)
