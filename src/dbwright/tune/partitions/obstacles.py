"""What a partitioned table can't keep, and what hangs on a table and would not move with its name.

Where there is any of it, the migration is not written: a person has to decide about it first.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog, Index, ReplicaIdentity, Table
from dbwright.model.names import quote
from dbwright.tune.partitions.candidates import Candidate

__all__ = ["lost_keys", "obstacles"]

MADE_BY_DEFAULT = ("nextval(", "gen_random_uuid(", "uuid_generate_v", "uuidv4(", "uuidv7(")
"""How the default of a key begins that never gives a value twice."""


def lost_keys(candidate: Candidate) -> Iterator[str]:
    """Unique constraints and indexes without the partition key: they would hold in each partition,
    and no longer in the table. A primary key whose values are made by the server is none."""
    table, name = candidate.table, candidate.column.name
    for index in table.indexes:
        if not index.unique or not index.valid or name in index.columns:
            continue
        if not index.primary or not _is_made(table, index):
            what = "primary key" if index.primary else "unique"
            columns = ", ".join("(expression)" if c is None else quote(c) for c in index.columns)
            yield f"{what} {quote(index.constraint or index.name)} ({columns})"


def obstacles(catalog: Catalog, candidate: Candidate) -> Iterator[str]:
    """Each as the rest of a sentence that begins with the table."""
    table = candidate.table
    if not candidate.column.not_null:
        yield f"allows NULL in {quote(candidate.column.name)}, for which no partition has a place"
    for lost in lost_keys(candidate):
        yield f"would lose {lost}, which lacks {quote(candidate.column.name)}"
    for key in table.exclusions:
        yield f"would lose the exclusion constraint {quote(key.name)}"
    for other, reference in catalog.referencing(table):
        yield f"is referenced by {quote(reference.name)} of {other.qualified}"
    yield from _followers(catalog, table)
    yield from _own(catalog, table)
    yield from _not_as_they_are(table)


def _is_made(table: Table, index: Index) -> bool:
    columns = [table.column(name) for name in index.columns if name is not None]
    return len(columns) == len(index.columns) and any(
        column.identity or (column.default or "").startswith(MADE_BY_DEFAULT) for column in columns
    )


def _followers(catalog: Catalog, table: Table) -> Iterator[str]:
    """What knows the table by its number would stay with the old part of it."""
    for view in catalog.views:
        if table.qualified in view.depends_on:
            yield f"is read by {view.ref}"
    for stored in catalog.materialized_views:
        if table.qualified in stored.depends_on:
            yield f"is read by {stored.ref}"
    for publication in catalog.publications:
        if not publication.all_tables and table.qualified in publication.tables:
            yield f"is in {publication.ref}"
    for function in catalog.functions:
        if _mentions(function.returns, table) or _mentions(function.declared_arguments, table):
            yield f"gives its row type to {function.ref}"
    for other in catalog.tables:
        if any(column.base_type == table.qualified for column in other.columns):
            yield f"gives its row type to a column of {other.qualified}"


def _mentions(text: str | None, table: Table) -> bool:
    words = (text or "").replace("[", " ").replace(",", " ").split()
    return table.qualified in words


def _own(catalog: Catalog, table: Table) -> Iterator[str]:
    """What LIKE does not copy."""
    for trigger in table.triggers:
        yield f"has the trigger {quote(trigger.name)}"
    for rule in table.rewrite_rules:
        yield f"has the rule {quote(rule.name)}"
    if table.policies or table.row_security:
        yield "has row level security"
    if table.of_type is not None:
        yield f"is of the type {table.of_type}"
    if table.replica_identity is not ReplicaIdentity.DEFAULT:
        yield f"has the replica identity {table.replica_identity}"
    if table.access_method not in (None, "heap"):
        yield f"is stored by {table.access_method}"
    for column in table.columns:
        if column.grants:
            yield f"has privileges on its column {quote(column.name)}"
        if column.identity and catalog.sequence_of(table, column) is None:
            yield f"has an identity column {quote(column.name)} whose sequence is not known"


def _not_as_they_are(table: Table) -> Iterator[str]:
    """What ATTACH PARTITION refuses, or would have to check again."""
    for check in table.checks:
        if not check.validated or not check.enforced or check.no_inherit:
            yield f"has the check {quote(check.name)}, which does not hold for all its rows"
    for key in table.foreign_keys:
        if not key.validated or not key.enforced:
            yield f"has the foreign key {quote(key.name)}, which is not validated"
    for constraint in table.not_nulls:
        if not constraint.validated:
            yield f"has a NOT NULL of {quote(constraint.column)} that is not validated"
    for index in table.indexes:
        readable = not index.partial or index.predicate is not None
        if not readable or not all(key.column or key.expression for key in index.keys):
            yield f"has the index {quote(index.name)}, whose definition could not be read"
        if not index.valid:
            yield f"has the index {quote(index.name)}, which is not valid"
