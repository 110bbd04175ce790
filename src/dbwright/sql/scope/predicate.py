"""Conditions and joins, turned so that each stands at the relation use that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dbwright.sql.scope.uses import ColumnUse, RelationUse

__all__ = [
    "NOTHING",
    "Clause",
    "Compared",
    "ComparedKind",
    "Join",
    "JoinKind",
    "Predicate",
    "PredicateKind",
]


class Clause(StrEnum):
    WHERE = "where"
    ON = "on"
    HAVING = "having"


class PredicateKind(StrEnum):
    EQUALITY = "equality"
    IN_LIST = "in-list"
    RANGE = "range"
    LIKE = "like"
    """The pattern is not known (a parameter)."""
    LIKE_PREFIX = "like-prefix"
    LIKE_INFIX = "like-infix"
    NULL_TEST = "null-test"
    BOOLEAN = "boolean"
    """The column itself is the condition (negated: NOT column)."""
    CONTAINS = "contains"
    """An operator of arrays, jsonb, text search or ranges: see `operator`."""
    ANY_ARRAY = "any-array"
    """`column = ANY (array)`."""
    NOT_EQUAL = "not-equal"
    OTHER = "other"


class ComparedKind(StrEnum):
    NOTHING = "nothing"
    CONSTANT = "constant"
    PARAMETER = "parameter"
    LIST = "list"
    COLUMN = "column"
    """A column of another relation use of the same scope: a join."""
    OUTER = "outer"
    """A column of an enclosing scope: the subquery is correlated."""
    SUBQUERY = "subquery"
    EXPRESSION = "expression"


@dataclass(frozen=True, slots=True)
class Compared:
    """The other side of a predicate."""

    kind: ComparedKind = ComparedKind.NOTHING
    texts: tuple[str, ...] = ()
    """Constants as written (all of a list), or the expression as SQL. Never altered."""
    parameter: int | None = None
    column: ColumnUse | None = None
    scope: int | None = None
    """Of a subquery."""
    depends_on: tuple[ColumnUse, ...] = ()
    """The columns that an expression or subquery reads."""

    @property
    def text(self) -> str | None:
        return self.texts[0] if len(self.texts) == 1 else None

    @property
    def before_scan(self) -> bool:
        """Is its value known before any row of the statement is read?"""
        if self.kind in (ComparedKind.COLUMN, ComparedKind.OUTER):
            return False
        return not self.depends_on


NOTHING = Compared()
"""Of a predicate without another side, such as IS NULL."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition on one relation use, turned so that the relation stands on the left."""

    relation: RelationUse
    kind: PredicateKind
    column: str | None = None
    """None where it is on an expression."""
    expression: str | None = None
    """As CREATE INDEX on the relation would take it (columns unqualified); None where it can't be
    written, or would not be the same for every execution (a parameter, a subquery)."""
    columns: tuple[str, ...] = ()
    """The relation's columns in it, each once."""
    operator: str = ""
    """With the relation on its left: `=`, `<`, `~~`, `@>` …"""
    compared: Compared = NOTHING
    negated: bool = False
    clause: Clause = Clause.WHERE
    path: tuple[tuple[int, int], ...] = ()
    """Empty: it must hold. Else the ORs it stands in, outermost first: (number, arm) of each."""
    restricts: bool = True
    """May it be applied when the relation is read (and not only after an outer join)?"""
    traced: bool = False
    """Was it written on a subquery, CTE or view that gives this relation's column?"""
    implied: bool = False
    """Does it follow from what is written, without being written?"""
    row: tuple[str, ...] = ()
    """The further columns of a row comparison, `(a, b) < (1, 2)`."""
    location: int | None = None

    @property
    def key(self) -> str | None:
        """What an index would have as its key: column or expression."""
        return self.column if self.column is not None else self.expression


class JoinKind(StrEnum):
    INNER = "inner"
    LEFT = "left"
    RIGHT = "right"
    FULL = "full"
    SEMI = "semi"
    """EXISTS, IN."""
    ANTI = "anti"
    """NOT EXISTS."""


@dataclass(frozen=True, slots=True)
class Join:
    """Two columns that a join compares for equality. Of a SEMI or ANTI join the right one stands
    in the subquery's scope."""

    left: ColumnUse
    right: ColumnUse
    kind: JoinKind = JoinKind.INNER
    implied: bool = False
    """By USING, NATURAL or IN; or because it stands in every arm of an OR."""
    traced: bool = False
    """Written on a subquery, CTE or view that gives a column of one of these relations."""
