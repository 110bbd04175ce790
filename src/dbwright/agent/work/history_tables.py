"""The tables in which tools remember what was run: no model declares them, and they stay small."""

from __future__ import annotations

__all__ = ["HISTORY", "HISTORY_ROWS", "is_history"]

HISTORY = frozenset(
    """
    schema_migrations _prisma_migrations alembic_version django_migrations goose_db_version
    gorp_migrations flyway_schema_history knex_migrations knex_migrations_lock sequelizemeta
    migrations dbwright_migrations ar_internal_metadata __diesel_schema_migrations
    __efmigrationshistory databasechangelog databasechangeloglock
    """.split()
)
HISTORY_ROWS = 500
"""Assumed of one."""


def is_history(table: str) -> bool:
    """By its name alone, with or without its schema and quotes."""
    return table.rpartition(".")[2].strip('"').lower() in HISTORY
