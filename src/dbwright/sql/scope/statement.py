"""A statement as a tree of scopes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from dbwright.sql.scope.nouns import (
    Aggregate,
    ColumnUse,
    Count,
    Key,
    Locking,
    OutputColumn,
    Reference,
    RelationUse,
    SortKey,
    Unresolved,
    Window,
)
from dbwright.sql.scope.predicate import Join, Predicate

__all__ = ["Distinct", "Scope", "ScopeKind", "Statement", "StatementKind"]


class StatementKind(StrEnum):
    SELECT = "select"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    MERGE = "merge"
    UTILITY = "utility"
    """Anything else. A query inside of it (EXPLAIN, DECLARE, CREATE TABLE AS, COPY) has scopes."""


class ScopeKind(StrEnum):
    STATEMENT = "statement"
    CTE = "cte"
    SUBQUERY = "subquery"
    """In FROM."""
    VIEW = "view"
    """The definition of a view in FROM."""
    ARM = "arm"
    """Of a set operation."""
    SOURCE = "source"
    """The query of an INSERT."""
    EXISTS = "exists"
    IN = "in"
    """Also `= ANY`, `<> ALL` and so on over a subquery."""
    SCALAR = "scalar"
    ARRAY = "array"


class Distinct(StrEnum):
    NO = "no"
    ALL = "all"
    ON = "on"


@dataclass(frozen=True, slots=True)
class Scope:
    """One query level: its own FROM, and names of its own."""

    number: int
    """Its place in `Statement.scopes`."""
    kind: ScopeKind
    parent: int | None
    name: str | None = None
    """The CTE's name; the alias of a subquery in FROM."""
    location: int | None = None
    """Of a subquery in an expression, as the parser gives it (at EXISTS, IN or its parenthesis);
    of a CTE, of its name."""
    correlated: bool = False
    """Does it, or a scope inside it, read a column of a scope around it?"""
    lateral: bool = False
    recursive: bool = False
    materialized: bool | None = None
    """As a CTE says it itself; None: the server decides."""
    referenced: int = 0
    """How many relation uses read this CTE."""
    negated: bool = False
    """NOT EXISTS, NOT IN."""
    changes_rows: bool = False
    """Is it an INSERT, UPDATE, DELETE or MERGE?"""
    relations: tuple[RelationUse, ...] = ()
    predicates: tuple[Predicate, ...] = ()
    joins: tuple[Join, ...] = ()
    group_by: tuple[Key, ...] = ()
    grouping_sets: bool = False
    """Are there several groupings (GROUPING SETS, ROLLUP, CUBE)?"""
    has_having: bool = False
    has_ctes: bool = False
    order_by: tuple[SortKey, ...] = ()
    distinct: Distinct = Distinct.NO
    distinct_on: tuple[Key, ...] = ()
    limit: Count | None = None
    offset: Count | None = None
    with_ties: bool = False
    output: tuple[OutputColumn, ...] = ()
    references: tuple[Reference, ...] = ()
    """Every column of its own relations that is read here or in scopes inside, and what for."""
    star: bool = False
    """Is there a `*` in its target list?"""
    aggregates: tuple[Aggregate, ...] = ()
    windows: tuple[Window, ...] = ()
    set_operation: str | None = None
    """union, intersect, except: its arms are scopes of their own."""
    set_operation_all: bool = False
    arms: tuple[int, ...] = ()
    """The scopes of a set operation's arms."""
    set_returning: bool = False
    """Might a function of its target list return several rows?"""
    volatile: bool = False
    """Does its target list call what gives another value each time?"""
    locking: tuple[Locking, ...] = ()

    @property
    def order_by_one_relation(self) -> RelationUse | None:
        """The relation that all sort keys are of; None where there is not exactly one."""
        return _only({key.relation for key in self.order_by})

    @property
    def group_by_one_relation(self) -> RelationUse | None:
        """The relation that all groups are of; None where there is not exactly one."""
        return _only({key.relation for key in self.group_by})

    @property
    def simple(self) -> bool:
        """Does the planner pull it up into the query around it (no grouping, limit … of its own)?

        After is_simple_subquery of prepjointree.c.
        """
        return not (
            self.changes_rows
            or self.set_operation
            or self.aggregates
            or self.group_by
            or self.grouping_sets
            or self.has_having
            or self.windows
            or self.distinct is not Distinct.NO
            or self.limit
            or self.offset
            or self.locking
            or self.order_by
            or self.has_ctes
            or self.set_returning
            or self.volatile
            or self.recursive
            or not self.relations
            or self.fenced
        )

    @property
    def fenced(self) -> bool:
        """Is it a CTE that the server computes apart from the query that reads it?"""
        if self.kind is not ScopeKind.CTE:
            return False
        if self.changes_rows or self.recursive or self.locking or self.materialized:
            return True
        return self.referenced > 1 and self.materialized is None


@dataclass(frozen=True)
class Statement:
    """One statement: who is who in it."""

    kind: StatementKind
    text: str
    scopes: tuple[Scope, ...] = ()
    """The outermost first; a scope stands after its parent."""
    arms: tuple[int, ...] = ()
    """How many arms the OR of each number has (see `Predicate.path`)."""
    unresolved: tuple[Unresolved, ...] = ()
    modified: RelationUse | None = None
    """The relation that the statement itself changes."""
    set_columns: tuple[str, ...] = ()
    """The columns of it that are written."""
    parameters: int = 0
    """The highest number of a parameter."""

    @cached_property
    def relations(self) -> tuple[RelationUse, ...]:
        """Every relation use, by number."""
        found = (relation for scope in self.scopes for relation in scope.relations)
        return tuple(sorted(found, key=lambda relation: relation.number))

    def scope_of(self, relation: RelationUse) -> Scope:
        return self.scopes[relation.scope]

    def children(self, scope: Scope) -> tuple[Scope, ...]:
        return tuple(inner for inner in self.scopes if inner.parent == scope.number)

    def predicates_on(self, relation: RelationUse) -> tuple[Predicate, ...]:
        """Those of the relation's own scope that are on it, in the order they are written."""
        return self._predicates.get(relation.number, ())

    def base(self, use: ColumnUse) -> ColumnUse | None:
        """The column of a stored relation that a column is, seen through subqueries, CTEs and
        views which the planner pulls up; None where there is none."""
        seen: ColumnUse | None = use
        while seen is not None and not seen.relation.stored:
            scope = self.inner(seen.relation)
            if scope is None or not scope.simple:
                return None
            seen = output_source(scope, seen)
        return seen

    def inner(self, relation: RelationUse) -> Scope | None:
        """The scope that gives the relation's rows."""
        return None if relation.source is None else self.scopes[relation.source]

    @cached_property
    def base_joins(self) -> tuple[Join, ...]:
        """The joins of all scopes between columns of stored relations, those too that are written
        on subqueries, CTEs and views which the planner pulls up."""
        found: dict[Join, None] = {}
        for scope in self.scopes:
            for join in scope.joins:
                left, right = self.base(join.left), self.base(join.right)
                if left is not None and right is not None:
                    traced = left != join.left or right != join.right
                    found[replace(join, left=left, right=right, traced=traced)] = None
        return tuple(found)

    @cached_property
    def _predicates(self) -> dict[int, tuple[Predicate, ...]]:
        found: dict[int, list[Predicate]] = {}
        for scope in self.scopes:
            for predicate in scope.predicates:
                found.setdefault(predicate.relation.number, []).append(predicate)
        return {number: tuple(predicates) for number, predicates in found.items()}


def output_source(scope: Scope, use: ColumnUse) -> ColumnUse | None:
    """The plain column of `scope` that `use`, a column of its result, is."""
    names = use.relation.columns or ()
    place = names.index(use.column) if use.column in names else len(scope.output)
    return scope.output[place].source if place < len(scope.output) else None


def _only(found: set[RelationUse | None]) -> RelationUse | None:
    return found.pop() if len(found) == 1 else None
