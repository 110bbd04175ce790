"""Histories of other tools, as they keep them."""

from __future__ import annotations

import psycopg
import pytest

from dbwright.migrate.history.elsewhere import done_elsewhere
from dbwright.model.migration import Migration
from servers.postgresql import Database

MIGRATIONS = [
    Migration(version, name, f"{version}_{name}", "")
    for version, name in (("001", "a"), ("2", "b"), ("1.2", "c"), ("2026-01-01-000000", "d"))
]
TABLES = {
    "CREATE TABLE _prisma_migrations (migration_name text, finished_at timestamptz, "
    "rolled_back_at timestamptz); INSERT INTO _prisma_migrations VALUES ('001_a', now(), NULL), "
    "('2_b', NULL, NULL)": {"001_a"},
    "CREATE TABLE flyway_schema_history (version text, success bool); "
    "INSERT INTO flyway_schema_history VALUES ('1.2', true), ('2', false), (NULL, true)": {"1.2_c"},
    "CREATE TABLE goose_db_version (version_id bigint, is_applied bool); "
    "INSERT INTO goose_db_version VALUES (0, true), (1, true)": {"001_a"},
    "CREATE TABLE __diesel_schema_migrations (version text, run_on timestamp); "
    "INSERT INTO __diesel_schema_migrations VALUES ('20260101000000')": {"2026-01-01-000000_d"},
    "CREATE TABLE schema_migrations (version bigint, dirty bool); "
    "INSERT INTO schema_migrations VALUES (2, false)": {"001_a", "2_b"},
    "CREATE TABLE schema_migrations (version varchar PRIMARY KEY); "
    "INSERT INTO schema_migrations VALUES ('2')": {"2_b"},
}


@pytest.mark.parametrize(("tables", "done"), list(TABLES.items()), ids=range(len(TABLES)))
def test_what_other_tools_remember(tables: str, done: set[str], database: Database) -> None:
    database.execute(tables)
    with psycopg.connect(database.url, autocommit=True) as connection:
        assert done_elsewhere(connection, MIGRATIONS) == done


def test_our_own_history_and_none_at_all(database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        assert done_elsewhere(connection, MIGRATIONS) is None
        connection.execute(
            "CREATE TABLE schema_migrations (version text, checksum text, statements_done int)"
        )
        assert done_elsewhere(connection, MIGRATIONS) is None
