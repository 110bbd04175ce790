"""The file in which the second column takes the place of the first one.

First all that hangs on the column is built for the other one, a statement at a time, while the
application works. Then the two change their names, and everything else its own, in one block that
only writes the catalog: all other sessions see the column before it or after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dbwright.migrate.plan.columns import sequence_options
from dbwright.migrate.plan.dollars import dollars
from dbwright.migrate.plan.phrases import add_constraint, drop_constraint
from dbwright.migrate.plan.shadow.sides import Side
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import ExtendedStatistics, Key, Table
from dbwright.model.names import literal, qualify, quote
from dbwright.sql.ddl import check_definition, foreign_key_definition
from dbwright.sql.default_names import DefaultNames

__all__ = ["Exchange"]


@dataclass(slots=True)
class Exchange:
    """From one side to the other. `coming` is the name of the column that takes the place until it
    has it, `going` that of the other one from then on."""

    situation: Situation
    here: Side
    there: Side
    coming: str
    going: str
    function: str
    """CREATE OR REPLACE FUNCTION: what keeps the column that goes in step from then on."""
    mark: str
    """Behind the names of what is built, until it has the lasting ones."""
    names: dict[tuple[str, str], str] = field(default_factory=dict)

    def statements(self) -> tuple[str, ...]:
        """What is built, and the exchange itself. Raises Unmovable."""
        prepared = tuple(self._prepared())
        return (*prepared, self._block())

    @property
    def _table(self) -> str:
        return self.here.table.qualified

    def _prepared(self) -> Iterator[str]:
        there = self.there
        for index in (i for i in there.table.indexes if there.touches(i)):
            yield there.index_for(index, self._named("index", index.name), self.coming)
        for check in there.checks:
            name = self._named("constraint", check.name)
            definition = check_definition(there.check_for(check, self.coming))
            yield add_constraint(self._table, name, definition)
            if check.validated:
                yield self._validate(self._table, name)
        if there.column.not_null:
            yield from self._not_null()
        for child, key in there.foreign_keys:
            name = self._named(f"constraint of {child.qualified}", key.name)
            definition = foreign_key_definition(there.foreign_key_for(child, key, self.coming))
            yield add_constraint(child.qualified, name, definition)
            if key.validated:
                yield self._validate(child.qualified, name)
        yield f"ANALYZE {self._table}"

    def _not_null(self) -> Iterator[str]:
        column = quote(self.coming)
        own = self._named("constraint", self._not_null_name())
        if self.situation.major >= 18:
            yield add_constraint(self._table, own, f"NOT NULL {column} NOT VALID")
            yield self._validate(self._table, own)
            return
        yield add_constraint(self._table, own, f"CHECK ({column} IS NOT NULL) NOT VALID")
        yield self._validate(self._table, own)
        yield f"ALTER TABLE {self._table} ALTER COLUMN {column} SET NOT NULL"
        yield drop_constraint(self._table, own)

    def _not_null_name(self) -> str:
        """That of the constraint, which is an object of its own since version 18: the server's own
        where nobody gave it one."""
        table, name = self.there.table, self.there.column.name
        given = next((one.name for one in table.not_nulls if one.column == name), None)
        return given or DefaultNames().choose(table.name, (name,), "not_null")

    def _validate(self, table: str, name: str) -> str:
        return f"ALTER TABLE {table} VALIDATE CONSTRAINT {quote(name)}"

    def _named(self, kind: str, name: str) -> str:
        """The name that something has until it takes the lasting one."""
        ending = f"_{self.mark}"
        found = name.encode()[: 63 - len(ending.encode())].decode(errors="ignore") + ending
        while found in self.names.values():
            found = f"{found[:-1]}x"
        self.names[(kind, name)] = found
        return found

    def _block(self) -> str:
        lines = [*self._cleared(), *self._handed_over(), *self._renamed(), *self._settled()]
        steps = "\n".join(f"  {line};" for line in lines)
        declared = "DECLARE\n  at_number bigint;\n  is_used boolean;\n" if self._identity else ""
        tag = dollars("exchange", steps)
        return f"DO {tag}\n{declared}BEGIN\n{steps}\nEND\n{tag}"

    @property
    def _identity(self) -> bool:
        return self.here.column.identity is not None

    def _cleared(self) -> Iterator[str]:
        """What hangs on the column that goes."""
        here = self.here
        tables = dict.fromkeys([self._table, *(c.qualified for c, _ in here.foreign_keys)])
        yield f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE"
        for child, key in here.foreign_keys:
            yield drop_constraint(child.qualified, key.name)
        for name in [*(key.name for key in here.keys), *(check.name for check in here.checks)]:
            yield drop_constraint(self._table, name)
        for index in here.indexes:
            yield f"DROP INDEX {index.qualified}"
        for statistics in here.statistics:
            yield f"DROP STATISTICS {statistics.qualified}"

    def _handed_over(self) -> Iterator[str]:
        """Default and numbers, while the columns have the names of before."""
        here, there = self.here.column, self.there.column
        going = f"ALTER TABLE {self._table} ALTER COLUMN {quote(here.name)}"
        coming = f"ALTER TABLE {self._table} ALTER COLUMN {quote(self.coming)}"
        sequence = self.there.sequence
        if self._identity and sequence is not None:
            place = qualify(sequence.schema, sequence.name)
            yield f"SELECT last_value, is_called INTO at_number, is_used FROM {place}"
            yield f"{going} DROP IDENTITY"
        elif here.default is not None:
            yield f"{going} DROP DEFAULT"
        if here.not_null:
            yield f"{going} DROP NOT NULL"
        if self._identity and sequence is not None:
            options = f"SEQUENCE NAME {place} {sequence_options(sequence)}"
            yield (
                f"{coming} ADD GENERATED {(there.identity or '').upper()} AS IDENTITY ({options})"
            )
            yield f"PERFORM setval({literal(place)}, at_number, is_used)"
        elif there.default is not None:
            yield f"{coming} SET DEFAULT {there.default}"
        if sequence is not None and not self._identity:
            owner = f"{self._table}.{quote(self.coming)}"
            yield f"ALTER SEQUENCE {qualify(sequence.schema, sequence.name)} OWNED BY {owner}"

    def _renamed(self) -> Iterator[str]:
        lasting = quote(self.here.column.name)
        renamed = f"ALTER TABLE {self._table} RENAME COLUMN"
        yield f"{renamed} {lasting} TO {quote(self.going)}"
        yield f"{renamed} {quote(self.coming)} TO {lasting}"
        there = self.there
        primary = there.table.primary_key
        for key in there.keys:
            yield self._key(key, primary=primary is not None and key.name == primary.name)
        for index in there.indexes:
            own = qualify(index.schema, self.names[("index", index.name)])
            yield f"ALTER INDEX {own} RENAME TO {quote(index.name)}"
        for check in there.checks:
            yield self._rename_constraint(self._table, "constraint", check.name)
        if there.column.not_null and self.situation.major >= 18:
            yield self._rename_constraint(self._table, "constraint", self._not_null_name())
        for child, reference in there.foreign_keys:
            kind = f"constraint of {child.qualified}"
            yield self._rename_constraint(child.qualified, kind, reference.name)

    def _rename_constraint(self, table: str, kind: str, name: str) -> str:
        own = quote(self.names[(kind, name)])
        return f"ALTER TABLE {table} RENAME CONSTRAINT {own} TO {quote(name)}"

    def _key(self, key: Key, *, primary: bool) -> str:
        word = "PRIMARY KEY" if primary else "UNIQUE"
        index = quote(self.names[("index", key.index)])
        words = [f"{word} USING INDEX {index}"]
        if key.deferrable:
            words.append("DEFERRABLE")
        if key.initially_deferred:
            words.append("INITIALLY DEFERRED")
        return add_constraint(self._table, key.name, " ".join(words))

    def _settled(self) -> Iterator[str]:
        """What names indexes and columns, now that they have their lasting names."""
        table = self.there.table
        for index in table.indexes:
            if self.there.touches(index) and index.replica_identity:
                yield (
                    f"ALTER TABLE {self._table} REPLICA IDENTITY USING INDEX {quote(index.name)}"
                )
            if self.there.touches(index) and index.clustered:
                yield f"ALTER TABLE {self._table} CLUSTER ON {quote(index.name)}"
            if self.there.touches(index) and index.comment is not None:
                yield f"COMMENT ON INDEX {index.qualified} IS {literal(index.comment)}"
        yield from self._comments(table)
        for statistics in self.there.statistics:
            yield from _statistics(statistics)
        yield self.function
        yield from self._compiled_anew()

    def _compiled_anew(self) -> Iterator[str]:
        """Sessions keep what functions of triggers were compiled to, with the type of before, and
        refuse each row then: a function that was altered in nothing is compiled anew."""
        table = self.there.table
        called = {one.function for one in table.triggers}
        for function in self.situation.before.functions:
            if function.language != "plpgsql" or function.qualified not in called:
                continue
            if self.situation.has_same_owner(function, table):
                words = "STRICT" if function.strict else "CALLED ON NULL INPUT"
                yield f"ALTER FUNCTION {function.signature} {words}"

    def _comments(self, table: Table) -> Iterator[str]:
        here = self.there
        own = [(key.name, key.comment) for key in here.keys]
        own += [(check.name, check.comment) for check in here.checks]
        for name, comment in own:
            if comment is not None:
                place = f"{quote(name)} ON {table.qualified}"
                yield f"COMMENT ON CONSTRAINT {place} IS {literal(comment)}"
        for child, key in here.foreign_keys:
            if key.comment is not None:
                place = f"{quote(key.name)} ON {child.qualified}"
                yield f"COMMENT ON CONSTRAINT {place} IS {literal(key.comment)}"


def _statistics(statistics: ExtendedStatistics) -> Iterator[str]:
    kinds = ", ".join(kind for kind in statistics.kinds if kind != "expressions")
    columns = ", ".join(quote(column) for column in statistics.columns)
    yield f"CREATE STATISTICS {statistics.qualified} ({kinds}) ON {columns} FROM {statistics.table}"
    if statistics.statistics_target is not None:
        target = statistics.statistics_target
        yield f"ALTER STATISTICS {statistics.qualified} SET STATISTICS {target}"
    if statistics.comment is not None:
        comment = literal(statistics.comment)
        yield f"COMMENT ON STATISTICS {statistics.qualified} IS {comment}"
