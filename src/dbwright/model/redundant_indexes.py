"""Which index does all that another one does.

An index is told as redundant once, for the best reason: a key that stands over the same columns,
a twin, or a longer index that begins with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from dbwright.model.catalog import Catalog, Index, IndexColumn, MaterializedView, Table

__all__ = [
    "REFERENCED",
    "Reason",
    "Redundant",
    "may_be_referenced",
    "may_go",
    "redundant_among",
    "redundant_beside",
    "redundant_indexes",
    "replaces",
]

REFERENCED = (
    "A foreign key references these columns and may rest on this one: where the server refuses to "
    "drop it, drop the foreign key first and make it again after, so that it rests on the one that "
    "stays."
)
"""Advice where `may_be_referenced`."""


class Reason(IntEnum):
    """Why the other one is enough; the best reason first."""

    KEY = 1
    """The other one is the index of a constraint, or unique, over the same columns."""
    TWIN = 2
    """The other one is the same, and neither belongs to a constraint."""
    LONGER = 3
    """The other one begins with the same keys and holds more."""


@dataclass(frozen=True, slots=True)
class Redundant:
    """`index` of `table` does nothing that `keeper` doesn't do."""

    table: Table | MaterializedView
    index: Index
    keeper: Index
    reason: Reason


def redundant_indexes(catalog: Catalog, reason: Reason) -> Iterator[Redundant]:
    """Those that are redundant for this reason, and for no better one."""
    for table, alike in catalog.indexes_that_start_alike:
        for found in redundant_among(table, alike):
            if found.reason is reason:
                yield found


def redundant_among(
    table: Table | MaterializedView, indexes: Sequence[Index]
) -> Iterator[Redundant]:
    """Which of these indexes of the table another one of them makes redundant, each told once."""
    for index in indexes:
        found = redundant_beside(table, index, [k for k in indexes if _keep(k, index)])
        if found is not None:
            yield found


def redundant_beside(
    table: Table | MaterializedView, index: Index, others: Sequence[Index]
) -> Redundant | None:
    """Does one of these other indexes of the table make this one redundant? The best reason."""
    keepers = [other for other in others if replaces(other, index)]
    if not keepers:
        return None
    best = min(keepers, key=lambda keeper: (_reason(keeper, index), _rank(keeper)))
    return Redundant(table, index, best, _reason(best, index))


def may_be_referenced(catalog: Catalog, found: Redundant) -> bool:
    """May a foreign key rest on the redundant one? Which of the two it is, the model can't tell."""
    if not found.index.unique or not isinstance(found.table, Table):
        return False
    columns = set(found.index.columns)
    keys = catalog.referencing(found.table)
    return any(set(key.referenced_columns) == columns for _, key in keys)


def _keep(keeper: Index, index: Index) -> bool:
    """Can `keeper` stay and `index` go? Where each could replace the other, the rank decides."""
    return (
        keeper is not index
        and replaces(keeper, index)
        and not (replaces(index, keeper) and _rank(index) < _rank(keeper))
    )


def replaces(keeper: Index, index: Index) -> bool:
    """Does `keeper` serve every query, and refuse every row, that `index` does? Both are of the
    same table. Operator classes, expressions and predicates are compared as they are written."""
    if not keeper.valid or not may_go(index):
        return False
    if index.constraint is not None and keeper.constraint is None:
        return False
    if index.unique and not _enforces(keeper, index):
        return False
    return _reads_as_well(keeper, index)


def may_go(index: Index) -> bool:
    """Has it no duty beside reading, but to refuse rows twice (unique)? An invalid one is another
    fault."""
    return (
        index.valid
        and index.parent is None
        and not index.primary
        and not index.exclusion
        and not index.replica_identity
        and not index.clustered
    )


def _enforces(keeper: Index, index: Index) -> bool:
    """Does the keeper refuse every row, and as early, that the unique index refuses?"""
    return (
        keeper.unique
        and not keeper.exclusion
        and len(keeper.keys) == len(index.keys)
        and (keeper.immediate or not index.immediate)
        and (keeper.nulls_not_distinct or not index.nulls_not_distinct)
    )


def _reads_as_well(keeper: Index, index: Index) -> bool:
    count = len(index.keys)
    if keeper.method != index.method:
        return False
    if keeper.partial != index.partial or keeper.predicate != index.predicate:
        return False
    if not _is_known(index) or not _included(index) <= _included(keeper) | set(keeper.columns):
        return False
    if index.method != "btree":
        # Storage parameters of other methods change what the index can do (bloom, BRIN …).
        return keeper.keys == index.keys and (
            index.method == "hash" or sorted(keeper.options) == sorted(index.options)
        )
    start = keeper.keys[:count]
    # A b-tree is read in both directions: (a, b DESC) does what (a DESC, b) does.
    return start == index.keys or start == tuple(_reversed(key) for key in index.keys)


def _reason(keeper: Index, index: Index) -> Reason:
    if len(keeper.keys) != len(index.keys):
        return Reason.LONGER
    same = _included(keeper) == _included(index)
    if keeper.backs_constraint or (keeper.unique and not (index.unique and same)):
        return Reason.KEY
    return Reason.TWIN if same else Reason.LONGER


def _rank(index: Index) -> tuple[bool | int, ...]:
    """Of two that could replace each other, the lower one stays."""
    return (
        not index.primary,
        index.constraint is None,
        not index.unique,
        index.parent is None,
        not index.replica_identity,
        not index.clustered,
        index.oid,
    )


def _is_known(index: Index) -> bool:
    if index.partial and index.predicate is None:
        return False
    return all(key.column is not None or key.expression is not None for key in index.keys)


def _included(index: Index) -> set[str | None]:
    return {column for column in index.include if column not in index.columns}


def _reversed(key: IndexColumn) -> IndexColumn:
    return replace(key, descending=not key.descending, nulls_first=not key.nulls_first)
