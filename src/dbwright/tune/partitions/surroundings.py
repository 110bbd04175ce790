"""The part of a catalog that the queries of one table are about."""

from __future__ import annotations

from dataclasses import replace

from dbwright.model.catalog import Catalog, Table
from dbwright.sql.scope.uses import RelationKind
from dbwright.tune.partitions.candidates import Candidate

__all__ = ["free_oid", "surroundings"]


def surroundings(catalog: Catalog, candidate: Candidate) -> Catalog:
    """The catalog without the relations that no query of the candidate reads.

    Foreign keys to what is left out are gone, and those to the candidate by a key that a
    partitioned table can't have.
    """
    names = {
        use.qualified
        for query in candidate.queries
        for use in query.scoped.relations
        if use.qualified is not None
    }
    views = _views(catalog, candidate)
    names |= {name for view in catalog.views if view.qualified in views for name in view.depends_on}
    tables = _with_relatives(catalog, names | {candidate.table.qualified})
    kept = {table.qualified for table in tables}
    return replace(
        catalog,
        tables=tuple(_references(table, kept, candidate) for table in tables),
        views=tuple(view for view in catalog.views if view.qualified in views),
        materialized_views=tuple(v for v in catalog.materialized_views if v.qualified in names),
        extended_statistics=tuple(s for s in catalog.extended_statistics if s.table in kept),
    )


def free_oid(catalog: Catalog) -> int:
    """From here on no relation of the catalog has the oid."""
    used = [table.oid for table in catalog.tables]
    used += [index.oid for table in catalog.tables for index in table.indexes]
    used += [view.oid for view in catalog.materialized_views]
    used += [index.oid for view in catalog.materialized_views for index in view.indexes]
    return max(used, default=0) + 1


def _views(catalog: Catalog, candidate: Candidate) -> set[str]:
    """Those that the queries name, and those that these are made of."""
    pending = [
        use.qualified
        for query in candidate.queries
        for use in query.scoped.relations
        if use.kind is RelationKind.VIEW and use.qualified is not None
    ]
    known = {view.qualified: view for view in catalog.views}
    found: set[str] = set()
    while pending:
        name = pending.pop()
        if name in known and name not in found:
            found.add(name)
            pending += known[name].depends_on
    return found


def _with_relatives(catalog: Catalog, names: set[str]) -> list[Table]:
    """The tables of these names, and all that they are partitions or parents of."""
    wanted: set[str] = set()
    pending = list(names)
    while pending:
        table = catalog.find_table(pending.pop())
        if table is None or table.qualified in wanted:
            continue
        wanted.add(table.qualified)
        pending += [*table.inherits, *(child.qualified for child in catalog.children(table))]
    return [table for table in catalog.tables if table.qualified in wanted]


def _references(table: Table, kept: set[str], candidate: Candidate) -> Table:
    keys = tuple(
        key
        for key in table.foreign_keys
        if key.references in kept
        and (
            key.references != candidate.table.qualified
            or candidate.column.name in key.referenced_columns
        )
    )
    return replace(table, foreign_keys=keys)
