"""What hangs on a column: indexes, keys, checks, foreign keys both ways, statistics, numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dbwright.migrate.plan.batchable import unfillable
from dbwright.migrate.plan.expressions import names_column, renamed, renamed_in_statement
from dbwright.model.catalog import (
    Catalog,
    Check,
    Column,
    Exclusion,
    ExtendedStatistics,
    ForeignKey,
    Index,
    Key,
    Sequence,
    Table,
)
from dbwright.sql.ddl import index_definition

__all__ = ["Side", "Unmovable", "unmovable"]


class Unmovable(ValueError):
    """Something hangs on the column that can't be made for another one; the message says what."""


@dataclass(frozen=True, slots=True)
class Side:
    """The table as it is on one side of the change. `column` has its lasting name."""

    catalog: Catalog
    table: Table
    column: Column

    def touches(self, index: Index) -> bool:
        """Does the index hold the column, or speak of it?"""
        name = self.column.name
        texts = (index.predicate, *(key.expression for key in index.keys))
        return (
            name in index.columns
            or name in index.include
            or any(names_column(text, name) for text in texts)
        )

    @property
    def indexes(self) -> tuple[Index, ...]:
        """Those that back no constraint."""
        return tuple(i for i in self.table.indexes if self.touches(i) and not i.backs_constraint)

    @property
    def keys(self) -> tuple[Key, ...]:
        by_name = {index.name: index for index in self.table.indexes}
        return tuple(key for key in self.table.keys if self.touches(by_name[key.index]))

    @property
    def checks(self) -> tuple[Check, ...]:
        name = self.column.name
        return tuple(check for check in self.table.checks if names_column(check.expression, name))

    @property
    def statistics(self) -> tuple[ExtendedStatistics, ...]:
        own = (s for s in self.catalog.extended_statistics if s.table == self.table.qualified)
        name = self.column.name
        return tuple(s for s in own if name in s.columns or names_column(s.expressions, name))

    @property
    def foreign_keys(self) -> tuple[tuple[Table, ForeignKey], ...]:
        """Those of the column, and those that point to it, each with its own table."""
        name = self.column.name
        own = [(self.table, key) for key in self.table.foreign_keys if name in key.columns]
        return tuple(dict.fromkeys([*own, *self.pointing]))

    @property
    def own_foreign_keys(self) -> tuple[tuple[Table, ForeignKey], ...]:
        """Of the column, without those that come from a parent."""
        own = (key for key in self.table.foreign_keys if not key.inherited)
        return tuple((self.table, key) for key in own if self.column.name in key.columns)

    @property
    def pointing(self) -> tuple[tuple[Table, ForeignKey], ...]:
        return tuple(
            (child, key)
            for child, key in self.catalog.referencing(self.table)
            if self.column.name in key.referenced_columns and not key.inherited
        )

    @property
    def own_checks(self) -> tuple[Check, ...]:
        """Without those that come from a parent."""
        return tuple(check for check in self.checks if not check.inherited)

    @property
    def own_keys(self) -> tuple[Key, ...]:
        """Without those that come from a parent."""
        return tuple(key for key in self.keys if not key.inherited)

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        by_name = {index.name: index for index in self.table.indexes}
        found = (one for one in self.table.exclusions if not one.inherited)
        return tuple(one for one in found if self.touches(by_name[one.index]))

    @property
    def own_constraints(self) -> tuple[Key | Check | Exclusion, ...]:
        """But for NOT NULL and foreign keys; without those that come from a parent."""
        return (*self.own_keys, *self.own_checks, *self.exclusions)

    @property
    def is_not_null_by_itself(self) -> bool:
        """Is it NOT NULL, and in no parent?"""
        parents = (self.catalog.find_table(name) for name in self.table.inherits)
        name = self.column.name
        return self.column.not_null and not any(
            parent is not None and any(one.name == name and one.not_null for one in parent.columns)
            for parent in parents
        )

    @property
    def sequence(self) -> Sequence | None:
        """That which the column owns."""
        return self.catalog.sequence_of(self.table, self.column)

    def index_for(self, index: Index, name: str, column: str) -> str:
        """The same index of another column, built beside running work; of a partitioned table
        the one of the parent alone. Raises Unmovable."""
        plain = replace(index, name=name, primary=False, constraint=None)
        place = f"ONLY {self.table.qualified}" if index.partitioned else self.table.qualified
        try:
            text = index_definition(plain, place, concurrently=not index.partitioned)
        except ValueError as problem:
            raise Unmovable(str(problem)) from None
        found = renamed_in_statement(text, {self.column.name: column})
        if found is None:
            raise Unmovable(f"the index {index.qualified} can't be written for another column")
        return found

    def check_for(self, check: Check, column: str) -> Check:
        """Raises Unmovable."""
        expression = renamed(check.expression or "", {self.column.name: column})
        if expression is None:
            raise Unmovable(f"the check {check.name} can't be written for another column")
        return replace(check, expression=expression, validated=False)

    def exclusion_for(self, exclusion: Exclusion, column: str) -> str:
        """What follows its name. Raises Unmovable."""
        head = "ALTER TABLE t ADD CONSTRAINT c "
        text = f"{head}{exclusion.definition or ''}"
        found = renamed_in_statement(text, {self.column.name: column})
        if exclusion.definition is None or found is None or not found.startswith(head):
            raise Unmovable(f"the constraint {exclusion.name} can't be written for another column")
        return found.removeprefix(head)

    def foreign_key_for(self, child: Table, key: ForeignKey, column: str) -> ForeignKey:
        """NOT VALID at first."""
        names = {self.column.name: column}
        points_here = key.references == self.table.qualified
        return replace(
            key,
            columns=_mapped(key.columns, names if child.qualified == self.table.qualified else {}),
            referenced_columns=_mapped(key.referenced_columns, names if points_here else {}),
            on_delete_columns=_mapped(
                key.on_delete_columns, names if child.qualified == self.table.qualified else {}
            ),
            validated=False,
        )


def unmovable(side: Side) -> str:
    """Why there is no second column; empty where there can be one."""
    table = side.table
    if side.column.generated:
        return "the column is GENERATED, and no other one becomes that without a rewrite"
    if why := unfillable(table):
        return why
    if any(one.expressions is None for one in side.statistics if "expressions" in one.kinds):
        return f"extended statistics of {table.qualified} have expressions that could not be read"
    if any(key.without_overlaps for key in side.keys):
        return f"a key of {table.qualified} is WITHOUT OVERLAPS, and takes no index built before"
    if any(not key.enforced for _, key in side.foreign_keys):
        return "a foreign key of the column is NOT ENFORCED"
    return ""


def _mapped(columns: tuple[str, ...], names: dict[str, str]) -> tuple[str, ...]:
    return tuple(names.get(column, column) for column in columns)
