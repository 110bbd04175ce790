"""A column on its way into a table with rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dbwright.migrate.plan.columns import drop_column
from dbwright.migrate.plan.move import Manner, Move
from dbwright.migrate.plan.phrases import not_null
from dbwright.migrate.plan.situation import Situation
from dbwright.migrate.plan.steps.add_constraint import constraints_of
from dbwright.model.catalog import Column, Table
from dbwright.model.names import quote

__all__ = ["Adding"]


@dataclass(slots=True)
class Adding:
    """A column on its way into a table with rows."""

    situation: Situation
    table: Table
    later: Table
    column: Column
    moves: list[Move] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.table.qualified

    @property
    def place(self) -> str:
        return f"{self.name}.{quote(self.column.name)}"

    @property
    def words(self) -> str:
        return f"{self.table.name} {self.column.name}"

    def add(self, up: list[str], note: str, down: list[str] | None = None) -> None:
        """The column itself, with what belongs into the same moment."""
        back = [drop_column(self.name, self.column.name)] if down is None else down
        self.moves.append(
            Move(note, tuple(up), tuple(back), table=self.name, words=f"add {self.words}")
        )

    def fill(self, value: str = "DEFAULT") -> None:
        named = quote(self.column.name)
        self.moves.append(
            Move(
                "Rows that were there get their value, some at a time.",
                (f"UPDATE {self.name} SET {named} = {value} WHERE {named} IS NULL",),
                (),
                Manner.ROWS,
                self.name,
                f"fill {self.words}",
            )
        )

    def require(self) -> None:
        """NOT NULL, once all rows have a value."""
        if self.column.not_null and not self._in_new_primary_key():
            facts = {one.column: one.name for one in self.later.not_nulls}
            self.moves += not_null(
                self.situation, self.table, self.column.name, facts.get(self.column.name)
            )

    def _in_new_primary_key(self) -> bool:
        key = self.later.primary_key
        return (
            key is not None and self.table.primary_key is None and self.column.name in key.columns
        )

    def constrain(self) -> None:
        """The constraints that came with the column."""
        there = tuple(one for one in self.later.not_nulls if one.column == self.column.name)
        known = {one.name for one in self.table.not_nulls} | {one.name for one in there}
        rest = tuple(one for one in self.later.not_nulls if one.name not in known)
        later = replace(self.later, not_nulls=rest)
        sequence = constraints_of(self.situation, self.table, later)
        if sequence is not None:
            self.moves += sequence.moves
            self.differs += sequence.differs
            self.left += sequence.left
