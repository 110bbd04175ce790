"""An index that does not exist yet, and why it might help."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbwright.model.catalog import Index, IndexColumn
from dbwright.model.names import qualify, quote
from dbwright.sql.ddl import index_definition
from dbwright.tune.indexes.computed import Computed

__all__ = ["CandidateIndex", "CandidateKey", "Partial"]


@dataclass(frozen=True, slots=True)
class CandidateKey:
    """One key: a column, or an expression as SQL."""

    column: str | None = None
    expression: str | None = None
    operator_class: str = ""
    """Empty for the type's default."""
    descending: bool = False
    nulls_first: bool = False
    computed: Computed | None = field(default=None, compare=False)
    """Of an expression: what is known of its values."""

    @property
    def text(self) -> str:
        """The column (quoted where it must be) or the expression."""
        return quote(self.column) if self.column is not None else str(self.expression)


@dataclass(frozen=True, slots=True)
class Partial:
    """The predicate of a partial index, and what it says about the rows that are in it."""

    predicate: str
    """As after WHERE, without parentheses around it."""
    share: float | None = field(default=None, compare=False)
    """Of the table's rows, 0 to 1; None without statistics."""
    fixed: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    """Columns that have one value, with that value as text."""
    present: tuple[str, ...] = field(default=(), compare=False)
    """Columns that are not NULL."""


@dataclass(frozen=True, slots=True)
class CandidateIndex:
    """An index that might serve a query. Equal where CREATE INDEX would say the same."""

    table_oid: int
    schema: str
    table: str
    keys: tuple[CandidateKey, ...]
    include: tuple[str, ...] = ()
    partial: Partial | None = None
    method: str = "btree"
    options: tuple[tuple[str, str], ...] = ()
    requires: tuple[str, ...] = ()
    """Extensions that must be created first."""
    reasons: tuple[str, ...] = field(default=(), compare=False)
    """What the query does with its columns: `equality`, `range`, `join`, `order by` …"""
    read_share: float = field(default=1.0, compare=False)
    """The share of the table's rows that would be read through it, as far as one column's
    statistics tell."""
    lead_share: float = field(default=1.0, compare=False)
    """The same of its first key alone."""

    @property
    def qualified(self) -> str:
        """The table's qualified name."""
        return qualify(self.schema, self.table)

    @property
    def where(self) -> str | None:
        """The predicate of a partial index."""
        return None if self.partial is None else self.partial.predicate

    @property
    def covering(self) -> bool:
        """Was it made so that the query need not read the table?"""
        return "covering" in self.reasons

    @property
    def computed(self) -> dict[str, Computed]:
        """What is known of the values of its expressions."""
        return {
            key.expression: key.computed
            for key in self.keys
            if key.expression is not None and key.computed is not None
        }

    @property
    def order(self) -> tuple[object, ...]:
        """What candidates are sorted by, so that their order depends on nothing else."""
        keys = tuple(
            (key.text, key.operator_class, key.descending, key.nulls_first) for key in self.keys
        )
        return self.schema, self.table, keys, self.include, self.where or "", self.method

    @property
    def signature(self) -> str:
        """`shop.orders USING btree (user_id, placed_at DESC) INCLUDE (total)`: unique."""
        return self.definition("x").removeprefix("CREATE INDEX x ON ")

    def index(self, name: str, oid: int = 0) -> Index:
        """The index as the catalog would hold it."""
        return Index(
            oid=oid,
            schema=self.schema,
            name=name,
            method=self.method,
            keys=tuple(
                IndexColumn(
                    column=key.column,
                    expression=key.expression,
                    operator_class=key.operator_class,
                    default_operator_class=not key.operator_class,
                    descending=key.descending,
                    nulls_first=key.nulls_first,
                )
                for key in self.keys
            ),
            include=self.include,
            partial=self.partial is not None,
            predicate=self.where,
            options=self.options,
        )

    def definition(self, name: str, *, concurrently: bool = False) -> str:
        """The CREATE INDEX statement."""
        return index_definition(self.index(name), self.qualified, concurrently=concurrently)
