"""What a statement says about the relations it reads: their uses, what it sorts and groups by.

A relation use is one appearance of a relation in a FROM clause (or as the target of a change): the
same table twice is two uses. Everything else points at a use and names its column. Locations are
byte offsets into the statement's text, as the parser gives them; None where it gives none, and for
what stands in the definition of a view.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dbwright.model.names import qualify

__all__ = [
    "WHOLE_ROW",
    "Aggregate",
    "ColumnUse",
    "Count",
    "Key",
    "Locking",
    "OutputColumn",
    "Reference",
    "RelationKind",
    "RelationUse",
    "Role",
    "SortKey",
    "Unresolved",
    "Window",
]

WHOLE_ROW = "*"
"""The column name that stands for a reference to the whole row."""


class RelationKind(StrEnum):
    TABLE = "table"
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized view"
    CTE = "cte"
    SUBQUERY = "subquery"
    FUNCTION = "function"
    VALUES = "values"
    UNKNOWN = "unknown"
    """No relation of that name is known: its columns are not, either."""


@dataclass(frozen=True, slots=True)
class RelationUse:
    """One appearance of a relation in a scope."""

    number: int
    """Unique in the statement."""
    scope: int
    """The number of the scope that it stands in."""
    alias: str
    """What the query calls it: the alias, else the relation's name."""
    kind: RelationKind
    schema: str | None = None
    name: str | None = None
    """Of a table or view, as the catalog holds it; of a CTE, its name; of a function, its name."""
    columns: tuple[str, ...] | None = None
    """The relation's own names of its columns (not the alias's); None where they are not known."""
    nullable: bool = False
    """Does it stand on a side of an outer join that may be filled with NULLs?"""
    lateral: bool = False
    """Does it read what stands to its left?"""
    source: int | None = None
    """The number of the scope that gives its rows (subquery, CTE, view that was expanded)."""
    target: bool = False
    """Is it what the statement changes?"""
    location: int | None = None

    @property
    def qualified(self) -> str | None:
        """`schema.name` as SQL writes it; None where it is no relation of the catalog."""
        if self.schema is None or self.name is None:
            return None
        return qualify(self.schema, self.name)

    @property
    def stored(self) -> bool:
        """Can it have an index?"""
        return self.kind in (RelationKind.TABLE, RelationKind.MATERIALIZED_VIEW)


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A column of a relation use, by the relation's own name of it."""

    relation: RelationUse
    column: str


class Role(StrEnum):
    """What a scope needs a column for."""

    OUTPUT = "output"
    FILTER = "filter"
    JOIN = "join"
    GROUP = "group"
    HAVING = "having"
    ORDER = "order"
    DISTINCT = "distinct"
    WINDOW = "window"
    LIMIT = "limit"
    FROM = "from"
    """An argument of a function in FROM."""
    SET = "set"
    """A value that is written."""
    RETURNING = "returning"
    CONFLICT = "conflict"
    OUTER = "outer"
    """A subquery inside the scope refers to it."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that a scope's query reads, and what for. The column may be WHOLE_ROW."""

    relation: RelationUse
    column: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Key:
    """A column or expression that rows are grouped by, or distinct by."""

    relation: RelationUse | None
    """None where it is not of exactly one relation use."""
    column: str | None = None
    expression: str | None = None
    location: int | None = None


@dataclass(frozen=True, slots=True)
class SortKey:
    """A key of ORDER BY."""

    relation: RelationUse | None
    column: str | None = None
    expression: str | None = None
    descending: bool = False
    nulls_first: bool = False
    """As it is in effect: by default NULLs are the largest values."""
    location: int | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """LIMIT or OFFSET."""

    value: int | None = None
    """None where it is a parameter or an expression."""
    parameter: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A call that reads many rows: of an aggregate by its name, filter or ORDER BY within."""

    name: str
    column: ColumnUse | None = None
    """Its only argument, where that is a column."""
    star: bool = False
    distinct: bool = False
    filtered: bool = False
    ordered: bool = False
    location: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A window: of an OVER clause or of the WINDOW clause."""

    partition_by: tuple[Key, ...] = ()
    order_by: tuple[SortKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Locking:
    """FOR UPDATE and its relatives."""

    strength: str
    """update, no key update, share, key share."""
    aliases: tuple[str, ...] = ()
    """Empty: all relations."""
    wait: str = "block"
    """block, skip, error."""


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of a scope's result."""

    name: str
    source: ColumnUse | None = None
    """Where it is a plain column."""
    uses: tuple[ColumnUse, ...] = ()
    """All columns that it is made of."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A name that no relation in scope is known to have."""

    name: str
    reason: str
    scope: int
    location: int | None = None
