"""The nouns of a statement: relation uses and what is said about them, conditions and joins."""

from __future__ import annotations

from dbwright.sql.scope.predicate import (
    NOTHING,
    Clause,
    Compared,
    ComparedKind,
    Join,
    JoinKind,
    Predicate,
    PredicateKind,
)
from dbwright.sql.scope.uses import (
    WHOLE_ROW,
    Aggregate,
    ColumnUse,
    Count,
    Key,
    Locking,
    OutputColumn,
    Reference,
    RelationKind,
    RelationUse,
    Role,
    SortKey,
    Unresolved,
    Window,
)

__all__ = [
    "NOTHING",
    "WHOLE_ROW",
    "Aggregate",
    "Clause",
    "ColumnUse",
    "Compared",
    "ComparedKind",
    "Count",
    "Join",
    "JoinKind",
    "Key",
    "Locking",
    "OutputColumn",
    "Predicate",
    "PredicateKind",
    "Reference",
    "RelationKind",
    "RelationUse",
    "Role",
    "SortKey",
    "Unresolved",
    "Window",
]
