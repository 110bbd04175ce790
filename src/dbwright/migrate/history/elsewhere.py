"""What the histories of other tools say a database has run. Only read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.model.migration import Migration

__all__ = ["HISTORIES", "OtherHistory", "done_elsewhere"]


@dataclass(frozen=True, slots=True)
class OtherHistory:
    """Where one tool remembers what it ran."""

    tool: str
    table: str
    """As SQL; unqualified where the session's search_path finds it."""
    columns: frozenset[str]
    """By which it is told from another tool's table of the same name."""
    query: str
    """Texts, one a row: versions, or names of whole migrations."""
    is_last: bool = False
    """Does it only hold the version of the last one?"""


def _columns(*names: str) -> frozenset[str]:
    return frozenset(names)


HISTORIES = (
    OtherHistory(
        "Prisma",
        "_prisma_migrations",
        _columns("migration_name", "finished_at", "rolled_back_at"),
        "SELECT migration_name FROM _prisma_migrations "
        "WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL",
    ),
    OtherHistory(
        "Flyway",
        "flyway_schema_history",
        _columns("version", "success"),
        "SELECT version FROM flyway_schema_history WHERE success AND version IS NOT NULL",
    ),
    OtherHistory(
        "goose",
        "goose_db_version",
        _columns("version_id", "is_applied"),
        "SELECT version_id::text FROM goose_db_version WHERE is_applied",
    ),
    OtherHistory(
        "sqlx",
        "_sqlx_migrations",
        _columns("version", "success"),
        "SELECT version::text FROM _sqlx_migrations WHERE success",
    ),
    OtherHistory(
        "Diesel",
        "__diesel_schema_migrations",
        _columns("version", "run_on"),
        "SELECT version FROM __diesel_schema_migrations",
    ),
    OtherHistory(
        "Supabase",
        "supabase_migrations.schema_migrations",
        _columns("version", "statements"),
        "SELECT version FROM supabase_migrations.schema_migrations",
    ),
    OtherHistory(
        "node-pg-migrate",
        "pgmigrations",
        _columns("name", "run_on"),
        "SELECT name FROM pgmigrations",
    ),
    OtherHistory(
        "golang-migrate",
        "schema_migrations",
        _columns("version", "dirty"),
        "SELECT version::text FROM schema_migrations WHERE NOT dirty",
        is_last=True,
    ),
    OtherHistory(
        "dbmate or Rails",
        "schema_migrations",
        _columns("version"),
        "SELECT version::text FROM schema_migrations",
    ),
)
FOUND = """
SELECT array_agg(attname::text) FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
"""


def done_elsewhere(
    connection: psycopg.Connection[Any], migrations: Iterable[Migration]
) -> frozenset[str] | None:
    """The paths of those that another tool's history has; None where there is none.

    Raises psycopg.Error where it may not be read.
    """
    for history in HISTORIES:
        row = connection.execute(FOUND, (history.table,)).fetchone()
        columns = frozenset(row[0] or ()) if row is not None else frozenset()
        if not history.columns <= columns or (_is_ours(columns)):
            continue
        told = [str(value) for (value,) in connection.execute(history.query.encode())]
        return frozenset(one.path for one in migrations if _is_done(one, told, history))
    return None


def _is_ours(columns: frozenset[str]) -> bool:
    return {"checksum", "statements_done"} <= columns


def _is_done(migration: Migration, told: list[str], history: OtherHistory) -> bool:
    version = migration.version
    if history.is_last:
        last = max((int(one) for one in told if one.isdecimal()), default=-1)
        return version.isdecimal() and int(version) <= last
    whole = f"{version}_{migration.name}" if migration.name else version
    plain = {_plain(version), _plain(version.replace("-", ""))}
    return whole in told or any(_plain(one) in plain for one in told)


def _plain(version: str) -> str:
    """Without zeros before it, as tools that hold it as a number do."""
    return version.lstrip("0") or "0"
