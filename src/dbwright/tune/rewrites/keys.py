"""What the catalog promises of the rows that are there: keys, references."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbwright.model.catalog import Catalog, ForeignKey, Table, TableKind

__all__ = ["holds", "is_inherited", "never_null", "never_null_keys", "unique_by"]


def never_null(catalog: Catalog, table: Table, name: str) -> bool:
    """Is the column NOT NULL for every row that a query of the table sees?

    A foreign server promises nothing, a constraint that is NOT VALID only speaks of new rows, and
    before PostgreSQL 18 a table that inherits may do without the constraint.
    """
    if table.kind is TableKind.FOREIGN:
        return False
    pending = {c.column for c in table.not_nulls if not c.validated}
    if not table.column(name).not_null or name in pending:
        return False
    if not is_inherited(catalog, table):
        return True
    return all(never_null(catalog, child, name) for child in catalog.children(table))


def is_inherited(catalog: Catalog, table: Table) -> bool:
    """Do tables inherit from it that are no partitions? Its constraints don't hold for all rows
    that a query of it sees then."""
    return table.kind is not TableKind.PARTITIONED and bool(catalog.children(table))


def unique_by(catalog: Catalog, table: Table) -> Iterator[tuple[str, ...]]:
    """The sets of columns no two rows share, as far as none of their values is NULL.

    A deferrable constraint may be broken for a while inside of a transaction, and one of a
    partitioned table (made with ONLY) does not hold before all partitions have theirs.
    """
    if table.kind is TableKind.FOREIGN or is_inherited(catalog, table):
        return
    constraints = {key.index for key in table.keys if key.deferrable or key.without_overlaps}
    invalid = {index.name for index in table.indexes if not index.valid}
    for key in table.keys:
        if not key.deferrable and not key.without_overlaps and key.index not in invalid:
            yield key.columns
    for index in table.indexes:
        whole = index.unique and index.valid and index.immediate and not index.partial
        whole = whole and all(k.default_operator_class and k.collation is None for k in index.keys)
        if whole and index.name not in constraints and not index.exclusion:
            names = tuple(name for name in index.columns if name is not None)
            if len(names) == len(index.columns):
                yield names


def never_null_keys(catalog: Catalog, table: Table) -> list[tuple[str, ...]]:
    """Sets of columns that tell every row from every other."""
    return [
        columns
        for columns in dict.fromkeys(unique_by(catalog, table))
        if all(never_null(catalog, table, name) for name in columns)
    ]


def holds(catalog: Catalog, table: Table, key: ForeignKey) -> bool:
    """Has every row, at every moment, the row that it refers to (where no column is NULL)?"""
    other = catalog.find_table(key.references)
    return (
        other is not None
        and key.validated
        and key.enforced
        and not key.deferrable
        and not key.match_full
        and not _is_temporal(other, key)
        and _whole(catalog, (table, other))
    )


def _is_temporal(other: Table, key: ForeignKey) -> bool:
    """Is a part of it a PERIOD, which several rows may cover together, and none has as it is?"""
    referred = sorted(key.referenced_columns)
    return any(own.without_overlaps and sorted(own.columns) == referred for own in other.keys)


def _whole(catalog: Catalog, tables: Iterable[Table]) -> bool:
    """Do constraints speak of all rows, and does a query see all of them?"""
    return not any(
        is_inherited(catalog, table) or table.kind is TableKind.FOREIGN or table.row_security
        for table in tables
    )
