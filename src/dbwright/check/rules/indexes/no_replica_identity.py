"""A published table has no replica identity.

## What it finds

A table in a publication that publishes UPDATE or DELETE, without what tells its rows apart on the
other side: no immediate primary key, `REPLICA IDENTITY NOTHING`, or the index that was chosen is
gone. Partitions are told together at their partitioned table.

## Why it matters

Every UPDATE and DELETE on the table fails: "cannot update table because it does not have a replica
identity and publishes updates".

## How to fix

Give the table a primary key. The fix makes a unique index on NOT NULL columns the replica identity
where there is one; else it is `REPLICA IDENTITY FULL`, which sends the whole old row with each
change.

## When to ignore

Rows are only ever inserted. As long as the counters show nothing else, it is a warning.

## Sources

- PostgreSQL manual, Logical Replication, Publication, Replica Identity.
- PostgreSQL manual, ALTER TABLE, REPLICA IDENTITY.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import (
    Catalog,
    Index,
    Publication,
    ReplicaIdentity,
    Table,
    TableKind,
)
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.names import quote
from dbwright.model.partitions import partition_leaves, partition_root
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE notes (at timestamptz, note text);
CREATE TABLE users (number bigint NOT NULL UNIQUE, name text);
CREATE TABLE coupons (code text PRIMARY KEY DEFERRABLE);
CREATE TABLE visits (at date NOT NULL, page text) PARTITION BY RANGE (at);
CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE visits_2027 PARTITION OF visits FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
CREATE PUBLICATION everything FOR ALL TABLES;
""",
    objects=("public.notes", "public.users", "public.coupons", "public.visits"),
)

GONE = Example(
    """
CREATE TABLE users (number bigint NOT NULL, name text);
CREATE UNIQUE INDEX users_number ON users (number);
ALTER TABLE users REPLICA IDENTITY USING INDEX users_number;
DROP INDEX users_number;
CREATE PUBLICATION changes FOR TABLE users WITH (publish = 'delete');
""",
    objects=("public.users",),
    fix_mends=False,  # it does; but REPLICA IDENTITY USING an INDEX that is gone can't come back
)

GOOD = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE notes (at timestamptz, note text);
CREATE TABLE log (line text);
CREATE TABLE codes (code text NOT NULL UNIQUE);
ALTER TABLE log REPLICA IDENTITY FULL;
ALTER TABLE codes REPLICA IDENTITY USING INDEX codes_code_key;
CREATE PUBLICATION changes FOR TABLE users, log, codes;
CREATE PUBLICATION inserts FOR TABLE notes WITH (publish = 'insert');
"""


@rule(severity=Severity.ERROR, needs=("catalog.publications",), bad=(BAD, GONE), good=GOOD)
def no_replica_identity(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    told: dict[str, tuple[Publication, list[Table]]] = {}
    for publication in catalog.publications:
        if not {"update", "delete"} & set(publication.publishes):
            continue
        for name in publication.tables:
            published = catalog.find_table(name)
            for table in _with_rows(catalog, published) if published else ():
                if not _has_identity(table):
                    top = partition_root(catalog, table).qualified
                    tables = told.setdefault(top, (publication, []))[1]
                    if table not in tables:
                        tables.append(table)
    for top, (publication, tables) in sorted(told.items()):
        yield _fault(catalog.table(top), publication, tables, statistics)


def _with_rows(catalog: Catalog, table: Table) -> Iterator[Table]:
    """The tables that hold the rows: it is their identity that counts."""
    for leaf in (table, *partition_leaves(catalog, table)):
        if leaf.kind is TableKind.TABLE:
            yield leaf


def _has_identity(table: Table) -> bool:
    if table.replica_identity is ReplicaIdentity.FULL:
        return True
    if table.replica_identity is ReplicaIdentity.NOTHING:
        return False
    if table.replica_identity is ReplicaIdentity.INDEX:
        return any(index.replica_identity and index.valid for index in table.indexes)
    return table.primary_key is not None and not table.primary_key.deferrable


def _fault(
    top: Table, publication: Publication, tables: list[Table], statistics: Statistics | None
) -> Fault:
    counted = [statistics.of(table) for table in tables] if statistics else []
    changed = sum(one.updated + one.deleted for one in counted if one)
    inserted = sum(one.inserted for one in counted if one)
    only_inserts = inserted > 0 and changed == 0
    where = f"{len(tables)} partitions of {top.qualified} have" if tables[0] is not top else ""
    return Fault(
        object=top.ref,
        message=f"{where or f'{top.qualified} has'} no replica identity, and "
        f"{quote(publication.name)} publishes {_actions(publication)}: those fail",
        evidence={
            "publication": publication.name,
            "replica_identity": str(tables[0].replica_identity),
            "tables": [table.qualified for table in tables[:20]],
            "inserted_rows": inserted if counted else None,
            "updated_and_deleted_rows": changed if counted else None,
        },
        severity=Severity.WARNING if only_inserts else None,
        fix=_fix(tables),
    )


def _actions(publication: Publication) -> str:
    words = [word.upper() for word in ("update", "delete") if word in publication.publishes]
    return " and ".join(words)


def _fix(tables: list[Table]) -> Fix:
    chosen = [_usable(table) for table in tables]
    up = [
        f"ALTER TABLE {table.qualified} REPLICA IDENTITY "
        + (f"USING INDEX {quote(index.name)};" if index else "FULL;")
        for table, index in zip(tables, chosen, strict=True)
    ]
    down = [
        f"ALTER TABLE {table.qualified} REPLICA IDENTITY "
        + ("NOTHING;" if table.replica_identity is ReplicaIdentity.NOTHING else "DEFAULT;")
        for table in tables
    ]
    return Fix(
        up="\n".join(up),
        down="\n".join(down),
        lock=LockMode.ACCESS_EXCLUSIVE,
        risk=""
        if all(chosen)
        else "FULL writes the whole old row to the write-ahead log with each change, and the "
        "subscriber may read its whole table to find it; a primary key is better",
    )


def _usable(table: Table) -> Index | None:
    """The smallest unique index that ALTER TABLE … REPLICA IDENTITY takes."""
    not_null = {column.name for column in table.columns if column.not_null}
    usable = [
        index
        for index in table.indexes
        if index.unique
        and index.valid
        and index.immediate
        and not index.exclusion
        and not index.partial
        and all(column in not_null for column in index.columns)
    ]
    return min(usable, key=lambda index: (len(index.keys), index.name), default=None)
