"""Columns that a type rule may speak of, and changing the type of one.

ALTER COLUMN TYPE is refused or goes wrong where something else depends on the column: what the
catalog tells about that is looked up before a change is offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from dbwright.check.fixes import scan_seconds
from dbwright.model.catalog import (
    Catalog,
    Column,
    Index,
    MaterializedView,
    Policy,
    Table,
    TableKind,
    View,
)
from dbwright.model.finding import Fix, LockMode
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics
from dbwright.sql.lexer import significant

__all__ = ["TypeChanges", "by_hand", "is_own", "mentions", "other_type", "own_columns"]


def own_columns(
    pairs: Iterable[tuple[Table, Column]],
) -> Iterator[tuple[Table, Column]]:
    """Those that are declared where they are, and stay: not the columns of partitions, inherited
    ones, those of foreign tables (their type is the other server's affair) and temporary ones."""
    for table, column in pairs:
        if is_own(table, column):
            yield table, column


def is_own(table: Table, column: Column) -> bool:
    """Is it one that `own_columns` lets pass?"""
    return (
        not column.inherited
        and not table.is_partition
        and table.kind is not TableKind.FOREIGN
        and table.persistence != "temporary"
    )


def by_hand(obstacle: str | None, type_: str) -> str:
    """Advice where the change can't be offered as SQL; empty where it can."""
    if obstacle is None:
        return ""
    return f"Change the type to {type_} by hand, because {obstacle}."


def other_type(column: Column, old: str, new: str) -> str:
    """The column's type with `new` instead of `old`, modifiers and brackets kept."""
    return new if column.domain else column.type.replace(old, new)


def mentions(expression: str | None, name: str) -> bool:
    """Does the expression name the column? What could not be read might."""
    if expression is None:
        return True
    if name not in expression and '"' not in expression:
        return False
    wanted = quote(name)
    return any(
        token.text == wanted or token.text == f'"{name}"'
        for token in significant(expression)
        if token.kind in ("word", "identifier")
    )


class TypeChanges:
    """Judges and writes changes of column types; one for a run of a rule."""

    def __init__(self, catalog: Catalog, statistics: Statistics | None = None) -> None:
        self._catalog = catalog
        self._statistics = statistics

    def obstacle(
        self,
        table: Table,
        column: Column,
        *,
        widening: bool = False,
        breaks: Callable[[str], bool] | None = None,
    ) -> str | None:
        """What stands in the way, as the end of a sentence; None where nothing is known.

        `widening`: the new type takes every value and operator of the old one (integer to
        bigint), so keys, checks and expressions survive. `breaks` says of an expression that
        names the column whether the new type would break it; without it, each does.
        """
        if column.generated:
            return "it is a generated column"
        if column.domain:
            return f"its type is the domain {column.domain}"
        if table.of_type:
            return f"the table is of the type {table.of_type}"
        if self._partitions_by(table, column):
            return "it is part of a partition key"
        reader = next(
            (
                v
                for v in self._readers.get(table.qualified, ())
                if mentions(v.definition, column.name)
            ),
            None,
        )
        if reader is not None:
            return f"the {reader.ref} reads it"
        if any(_reads(policy, column.name) for policy in table.policies):
            return "a row security policy reads it"
        if table.rewrite_rules or any(trigger.conditional for trigger in table.triggers):
            return "a rewrite rule or a trigger's condition may read it"
        if any(c.generated and mentions(c.default, column.name) for c in table.columns):
            return "a generated column reads it"
        if widening:
            return None
        if self._is_in_foreign_key(table, column):
            return "it takes part in a foreign key, whose other side must change with it"
        return self._expression(table, column, breaks)

    def fix(
        self,
        table: Table,
        column: Column,
        type_: str,
        *,
        using: str = "",
        back: str = "",
        default: str | None = None,
        keeps_default: bool = False,
        keeps_collation: bool = False,
        risk: str = "",
    ) -> Fix:
        """ALTER COLUMN TYPE and back, each with the ANALYZE that it makes necessary.

        `using` and `back` are expressions; without them a cast. `default` is the new default's
        expression; without it the old one, cast. `keeps_default`: the server takes it along.
        """
        name = quote(column.name)
        collate = f" COLLATE {column.collation}" if column.collation else ""
        up = f"TYPE {type_}{collate if keeps_collation else ''}"
        up += f" USING {using or f'{name}::{type_}'}"
        down = f"TYPE {column.type}{collate} USING {back or f'{name}::{column.type}'}"
        if column.default is None or keeps_default:
            new = old = None
        else:
            old = column.default
            new = default or f"CAST({old} AS {type_})"
        counted = self._statistics.of(table) if self._statistics else None
        return Fix(
            up=_alter(table, name, up, new),
            down=_alter(table, name, down, old),
            lock=LockMode.ACCESS_EXCLUSIVE,
            rewrites=True,
            scans=True,
            seconds=scan_seconds(2 * counted.total_bytes)
            if counted and counted.total_bytes is not None
            else None,
            risk=risk or "the whole table and its indexes are written again while nobody can read",
        )

    def size_bytes(self, table: Table) -> int | None:
        """The heap's size; None where it is not known."""
        counted = self._statistics.of(table) if self._statistics else None
        return counted.heap_bytes if counted else None

    def rows(self, table: Table) -> float | None:
        """The table's rows; None where they were never counted."""
        counted = self._statistics.of(table) if self._statistics else None
        return counted.best_rows if counted else None

    @cached_property
    def _readers(self) -> dict[str, list[View | MaterializedView]]:
        """Views by the relations that they read."""
        found: dict[str, list[View | MaterializedView]] = {}
        views: list[View | MaterializedView] = [*self._catalog.views]
        for view in [*views, *self._catalog.materialized_views]:
            for relation in view.depends_on:
                found.setdefault(relation, []).append(view)
        return found

    def _partitions_by(self, table: Table, column: Column) -> bool:
        key = table.partition_key
        if key is not None and (column.name in key.columns or None in key.columns):
            return True
        return any(
            self._partitions_by(child, column)
            for child in self._catalog.children(table)
            if child.partition_key is not None
        )

    def _is_in_foreign_key(self, table: Table, column: Column) -> bool:
        return any(column.name in key.columns for key in table.foreign_keys) or any(
            column.name in key.referenced_columns for _, key in self._catalog.referencing(table)
        )

    def _expression(
        self, table: Table, column: Column, breaks: Callable[[str], bool] | None
    ) -> str | None:
        def in_the_way(expression: str | None) -> bool:
            survives = expression == f"({quote(column.name)} IS NOT NULL)"
            if survives or not mentions(expression, column.name):
                return False
            return expression is None or breaks is None or breaks(expression)

        for check in table.checks:
            if in_the_way(check.expression):
                return f"the check {quote(check.name)} names it"
        if any(column.name in exclusion.columns for exclusion in table.exclusions):
            return "an exclusion constraint names it"
        for index in table.indexes:
            if _ties(index, column, in_the_way):
                return f"the index {index.qualified} is made for its type"
        return None


def _reads(policy: Policy, name: str) -> bool:
    return (policy.has_using and mentions(policy.using, name)) or (
        policy.has_check and mentions(policy.check, name)
    )


def _ties(index: Index, column: Column, in_the_way: Callable[[str | None], bool]) -> bool:
    """Would the index not survive the change (an expression, a class or a collation)?"""
    for key in index.keys:
        if key.column is None and in_the_way(key.expression):
            return True
        own_class = not key.default_operator_class or key.collation is not None
        if key.column == column.name and own_class:
            return True
    return index.partial and in_the_way(index.predicate)


def _alter(table: Table, name: str, change: str, default: str | None) -> str:
    steps = [f"ALTER COLUMN {name} {change}"]
    if default is not None:
        drop, set_ = f"ALTER COLUMN {name} DROP DEFAULT", f"ALTER COLUMN {name} SET DEFAULT"
        steps = [drop, *steps, f"{set_} {default}"]
    # The change throws the column's statistics away; the planner would guess until the next one.
    return f"ALTER TABLE {table.qualified} {', '.join(steps)};\nANALYZE {table.qualified} ({name});"
