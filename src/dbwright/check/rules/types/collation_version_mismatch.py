"""The order of text has changed under existing indexes.

## What it finds

The database's default collation, or a collation that a column or an index names, whose recorded
version is not the one that the operating system (libc) or ICU provides now. The database's own
version is recorded from PostgreSQL 15 on.

## Why it matters

Indexes on text are sorted in the old order and searched in the new one: queries miss rows, and a
unique index takes duplicates. Range partitions by text are affected in the same way.

It comes with an upgrade of the operating system, a new container image, or a standby on another
system.

## How to fix

Rebuild the indexes that sort by the collation; then tell the server that it is done. Look for
duplicates where the rebuild of a unique index fails. `REFRESH VERSION` alone silences the warning
and leaves the damage.

## When to ignore

Never before the indexes were rebuilt, or checked with amcheck.

## Sources

- PostgreSQL manual, ALTER COLLATION, Notes; ALTER DATABASE: REFRESH COLLATION VERSION.
- PostgreSQL wiki, Locale data changes.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Collation, Database, Index, MaterializedView, Table
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.names import quote

BAD = (
    Example(
        """
CREATE TABLE users (id bigint PRIMARY KEY, name text COLLATE pg_catalog.pg_c_utf8 UNIQUE);
UPDATE pg_collation SET collversion = '0' WHERE collname = 'pg_c_utf8';
""",
        oldest=17,
        objects=("pg_catalog.pg_c_utf8",),
    ),
    Example(
        """
CREATE TABLE users (id bigint PRIMARY KEY, name text UNIQUE);
UPDATE pg_database SET datlocprovider = 'b', datlocale = 'C.UTF-8', datcollversion = '0'
WHERE datname = current_database();
""",
        oldest=17,
    ),
)

GOOD = Example(
    """
CREATE TABLE users (id bigint PRIMARY KEY, name text UNIQUE);
UPDATE pg_collation SET collversion = '0' WHERE collname = 'pg_c_utf8';
""",
    oldest=17,
)

RISK = (
    "takes as long as building the indexes; a unique index with duplicates stays invalid until "
    "they are gone"
)


@rule(
    severity=Severity.ERROR,
    needs=("catalog.databases", "catalog.collations"),
    bad=BAD,
    good=GOOD,
)
def collation_version_mismatch(catalog: Catalog) -> Iterator[Fault]:
    database = catalog.database
    if database is not None and _differs(
        database.collation_version, database.actual_collation_version
    ):
        yield _of_database(database)
    broken = {
        _name(collation): collation
        for collation in catalog.collations
        if _differs(collation.version, collation.actual_version)
    }
    if broken:
        for name, (columns, indexes) in _uses(catalog, broken).items():
            if columns or indexes:
                yield _of_collation(broken[name], columns, indexes)


def _differs(recorded: str | None, actual: str | None) -> bool:
    return recorded is not None and actual is not None and recorded != actual


def _name(collation: Collation) -> str:
    """As columns and indexes name it: those of pg_catalog without their schema."""
    return quote(collation.name) if collation.schema == "pg_catalog" else collation.qualified


def _uses(
    catalog: Catalog, broken: dict[str, Collation]
) -> dict[str, tuple[list[str], list[Index]]]:
    """The columns that have such a collation, and the indexes that sort by it."""
    found: dict[str, tuple[list[str], list[Index]]] = {name: ([], []) for name in broken}
    relations: list[Table | MaterializedView] = [*catalog.tables, *catalog.materialized_views]
    for relation in relations:
        own = {
            column.name: column.collation
            for column in relation.columns
            if column.collation in found
        }
        for column, collation in own.items():
            found[collation or ""][0].append(f"{relation.qualified}.{quote(column)}")
        for index in relation.indexes:
            sorted_by = {key.collation or own.get(key.column or "") for key in index.keys}
            for collation in sorted(filter(None, sorted_by)):
                if collation in found and index.method != "hash":
                    found[collation][1].append(index)
    return found


def _of_database(database: Database) -> Fault:
    name = quote(database.name)
    return Fault(
        object=database.ref,
        message=f"the database {name} was made with version {database.collation_version} of its "
        f"collation, and now finds version {database.actual_collation_version}",
        evidence={
            "recorded_version": database.collation_version,
            "actual_version": database.actual_collation_version,
            "provider": database.locale_provider,
            "locale": database.collate,
        },
        fix=Fix(
            up=f"REINDEX DATABASE CONCURRENTLY {name};\n"
            f"ALTER DATABASE {name} REFRESH COLLATION VERSION;",
            down="",
            lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
            scans=True,
            transactional=False,
            risk=RISK,
        ),
    )


def _of_collation(collation: Collation, columns: list[str], indexes: list[Index]) -> Fault:
    steps = [
        f"REINDEX INDEX CONCURRENTLY {index.qualified};"
        for index in indexes
        if not index.partitioned
    ]
    steps.append(f"ALTER COLLATION {collation.qualified} REFRESH VERSION;")
    return Fault(
        object=collation.ref,
        message=f"{collation.qualified} was recorded in version {collation.version} and now has "
        f"version {collation.actual_version}; {len(indexes)} indexes sort by it",
        evidence={
            "recorded_version": collation.version,
            "actual_version": collation.actual_version,
            "provider": collation.provider,
            "columns": columns,
            "indexes": [index.qualified for index in indexes],
        },
        severity=None if indexes else Severity.NOTICE,
        fix=Fix(
            up="\n".join(steps),
            down="",
            lock=LockMode.SHARE_UPDATE_EXCLUSIVE if indexes else None,
            scans=bool(indexes),
            transactional=not indexes,
            risk=RISK if indexes else "",
        ),
    )
