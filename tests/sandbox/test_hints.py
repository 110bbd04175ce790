from __future__ import annotations

import psycopg
import pytest

from dbwright.model.finding import Location
from dbwright.sandbox.hints import Known, Refusal, hint
from servers.postgresql import Database

KNOWN = Known(
    18,
    frozenset({"citext", "uuid-ossp", "pg_trgm", "btree_gin"}),
    {"table public.later": Location("9.sql", 3)},
    {"table public.broken": Location("1.sql", 7)},
)
SCHEMA = """
CREATE TABLE parent (id int PRIMARY KEY, name text, made timestamptz, u uuid);
CREATE TABLE parts (id int, day date) PARTITION BY RANGE (day);
CREATE SCHEMA taken;
CREATE TYPE mood AS ENUM ('sad');
CREATE FUNCTION known() RETURNS int LANGUAGE sql AS 'SELECT 1';
"""
CASES = [
    ("CREATE TABLE `a` (b int)", "Backticks"),
    ("CREATE TABLE a (b int AUTO_INCREMENT)", "GENERATED ALWAYS AS IDENTITY"),
    ("CREATE TABLE a (b int) ENGINE=InnoDB", "ENGINE"),
    ("CREATE TABLE a (b int UNSIGNED)", "CHECK (column >= 0)"),
    ("CREATE TABLE a (b tinyint)", "smallint"),
    ("CREATE TABLE a (b tinyint(1))", "smallint"),
    ("CREATE TABLE a (b datetime)", "timestamp with time zone"),
    ("CREATE TABLE a (b enum('x', 'y'))", "CREATE TYPE"),
    ("CREATE TABLE a (b int, INDEX (b))", "CREATE INDEX ON a (b);"),
    ("CREATE TABLE IF NOT EXISTS taken.a (b int, INDEX by_b (b))", "ON taken.a (b);"),
    ("CREATE TABLE a (b int, KEY by_b (b, c))", "CREATE INDEX by_b ON a (b, c);"),
    ("CREATE TABLE a (b int, UNIQUE KEY by_b (b))", "CREATE UNIQUE INDEX by_b ON a (b);"),
    ("CREATE TABLE a (b timestamp ON UPDATE CURRENT_TIMESTAMP)", "trigger"),
    ("CREATE TABLE a (b int COMMENT 'x')", "COMMENT ON"),
    ("INSERT IGNORE INTO parent VALUES (1)", "ON CONFLICT DO NOTHING"),
    ("REPLACE INTO parent VALUES (1)", "ON CONFLICT"),
    ("USE shop", "leave it out"),
    ("ALTER TABLE parent MODIFY name text", "ALTER COLUMN"),
    ("DROP INDEX i ON parent", "DROP INDEX"),
    ("CREATE INDEX i ON parent (id) LOCK = NONE", "CONCURRENTLY"),
    ("CREATE TABLE a (b integer PRIMARY KEY AUTOINCREMENT)", "SQLite"),
    ("PRAGMA foreign_keys = OFF", "SQLite"),
    ("INSERT OR REPLACE INTO parent VALUES (1)", "ON CONFLICT"),
    ("CREATE TABLE a (b int) WITHOUT ROWID", "SQLite"),
    ("CREATE TABLE [a] (b int)", "Square brackets"),
    ("CREATE TABLE a (b int IDENTITY(1,1))", "SQL Server"),
    ("CREATE TABLE a (b nvarchar(10))", "SQL Server"),
    ("CREATE TABLE a (b uniqueidentifier)", "uuid"),
    ("GO", "semicolon"),
    ("CREATE TABLE a (b int PRIMARY KEY CLUSTERED)", "SQL Server"),
    ("DECLARE @x int", "@"),
    ("CREATE TABLE a (b varchar2(10))", "Oracle"),
    ("CREATE TABLE a (b number(10))", "numeric"),
    ("CREATE TABLE a (b clob)", "text"),
    ("SELECT :name", "variables"),
    ("SELECT {{ name }}", "template"),
    ("SELECT 'open", "never closes"),
    ("CREATE TABLE a (b citext)", "CREATE EXTENSION IF NOT EXISTS citext;"),
    ("SELECT uuid_generate_v4()", 'CREATE EXTENSION IF NOT EXISTS "uuid-ossp";'),
    ("CREATE INDEX i ON parent USING gin (name gin_trgm_ops)", "pg_trgm"),
    ("CREATE INDEX i ON parent USING gin (id)", "btree_gin"),
    ("CREATE TABLE a (b geometry(Point, 4326))", "postgis, which the sandbox's server does not"),
    ("SELECT create_hypertable('parent', 'made')", "timescaledb"),
    ("SELECT create_distributed_table('parent', 'id')", "citus"),
    ("SELECT cron.schedule('x', 'y', 'z')", "pg_cron"),
    ("CREATE EXTENSION never_heard", "does not have the extension never_heard"),
    ("ALTER TABLE parts ADD PRIMARY KEY (id)", "partition key"),
    ("CREATE TABLE p (a int PRIMARY KEY, b int) PARTITION BY LIST (b)", "(b)"),
    ("ALTER TABLE later ADD a int", "9.sql:3"),
    ("ALTER TABLE broken ADD a int", "refused, at 1.sql:7"),
    ("ALTER TABLE nowhere ADD a int", "file missing"),
    ("CREATE TABLE nowhere.a (b int)", "CREATE SCHEMA"),
    ("CREATE TABLE parent (id int)", "there already"),
    ("CREATE SCHEMA taken", "IF NOT EXISTS"),
    ("CREATE TYPE mood AS ENUM ('x')", "there already"),
    ("CREATE FUNCTION known() RETURNS int LANGUAGE sql AS 'SELECT 1'", "OR REPLACE"),
    ("ALTER TABLE parent ADD id int", "column of that name"),
    ("CREATE TABLE a (b unknown_type)", "Create the type"),
    ("CREATE TABLE a (b text REFERENCES parent (name))", "UNIQUE"),
    ("CREATE TABLE a (b uuid REFERENCES parent)", "same type"),
    ("CREATE INDEX i ON parent (date(made))", "IMMUTABLE"),
    ("ALTER TABLE parent ADD g date GENERATED ALWAYS AS (made::date) STORED", "IMMUTABLE"),
    ("BEGIN; CREATE INDEX CONCURRENTLY i ON parent (id)", "transaction block"),
]


@pytest.mark.parametrize(("statement", "part"), CASES)
def test_hints_for_what_a_server_says(database: Database, statement: str, part: str) -> None:
    database.execute(SCHEMA)
    with pytest.raises(psycopg.Error) as raised:
        database.execute(statement)
    said = raised.value.diag
    refusal = Refusal(
        statement,
        raised.value.sqlstate or "",
        said.message_primary or "",
        said.message_detail or "",
        int(said.statement_position) - 1 if said.statement_position else None,
    )
    assert part in hint(refusal, KNOWN), (refusal.sqlstate, refusal.message)


def test_columns_named_like_words_of_others_are_left_alone() -> None:
    wrong = "CREATE TABLE a (key varchar(10), index int, b nope)"
    refusal = Refusal(wrong, "42704", 'type "nope" does not exist', "", wrong.index("nope"))
    assert "INDEX" not in hint(refusal, KNOWN)


def test_an_unknown_refusal_has_no_hint() -> None:
    assert hint(Refusal("SELECT 1", "XX000", "what?"), KNOWN) == ""
