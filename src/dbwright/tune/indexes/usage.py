"""What an index on one relation of a query could serve."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbwright.model.catalog import Column, MaterializedView, Table
from dbwright.model.statistics import ColumnStatistics
from dbwright.sql.scope.nouns import RelationUse
from dbwright.sql.scope.predicate import Predicate, PredicateKind
from dbwright.tune.indexes.candidate import CandidateKey

__all__ = ["Condition", "Usage", "is_ordered"]

B_TREE_LESS = frozenset("json xml point line lseg box path polygon circle txid_snapshot".split())
"""Types without an order."""
SINGLE = (PredicateKind.EQUALITY, PredicateKind.BOOLEAN)
"""What leaves the rows in the order of the keys behind (of IS NULL the planner does not see it)."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that a B-tree could look up: one key, and the share of rows that it leaves."""

    key: CandidateKey
    share: float
    reason: str
    predicate: Predicate | None = None
    partner: int | None = None
    """Of a join: the number of the other relation use."""


@dataclass(slots=True)
class Usage:
    """One relation of the catalog in one statement."""

    relation: RelationUse
    table: Table | MaterializedView
    rows: float | None
    pages: int | None
    statistics: dict[str, ColumnStatistics]
    """By column; only those that have any."""
    fixed: list[Condition] = field(default_factory=list)
    """Compared for equality with what is known before the scan; the most selective first."""
    ranges: list[Condition] = field(default_factory=list)
    joins: list[Condition] = field(default_factory=list)
    orders: list[tuple[tuple[CandidateKey, ...], str]] = field(default_factory=list)
    """Sequences of keys that would spare a sort, and why."""
    arms: list[list[Condition]] = field(default_factory=list)
    """The arms of ORs of which every arm can be looked up."""
    predicates: list[Predicate] = field(default_factory=list)
    """All that must hold for its rows."""
    needed: tuple[str, ...] = ()
    whole_row: bool = False
    """Is the row itself fetched, whatever an index holds?"""
    limited: bool = False
    """Does the query around it read only the first rows?"""

    def column(self, name: str) -> Column | None:
        return next((column for column in self.table.columns if column.name == name), None)

    def single(self, condition: Condition) -> bool:
        """Does it leave exactly one value of its key, so that the keys behind stay sorted?"""
        predicate = condition.predicate
        return predicate is not None and predicate.kind in SINGLE


def is_ordered(column: Column) -> bool:
    """Has its type an order, so that a B-tree can hold it?"""
    return column.is_array or column.base_type not in B_TREE_LESS
