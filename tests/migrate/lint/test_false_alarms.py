"""What a linter that only reads SQL gets wrong, measured with squawk 2.70: seven statements that do
nothing heavy, and must be silent; 28 that do, and must be told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.migrate.lint.examples import Bench, bench

from dbwright.migrate.lint.engine import run_hazards
from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.registry import all_hazards
from dbwright.model.finding import Finding, Severity
from dbwright.sandbox import Server

HEAVY = 80 * 10**9


@pytest.fixture(scope="module")
def newest(postgresql: Server) -> Iterator[Bench]:
    with bench(postgresql) as found:
        yield found


def findings(example: MigrationExample, newest: Bench) -> tuple[Finding, ...]:
    found = run_hazards(newest.judged(example), all_hazards())
    assert found.skipped == ()
    return found.findings


HARMLESS = """-- no-transaction
SET lock_timeout = '500ms';
SET TimeZone = 'UTC';
ALTER TABLE t1 ALTER COLUMN v TYPE varchar(20);
ALTER TABLE t2 ALTER COLUMN v TYPE text;
ALTER TABLE t3 ALTER COLUMN at TYPE timestamptz;
ALTER TABLE t4 ALTER COLUMN v SET NOT NULL;
ALTER TABLE t5 ADD COLUMN n integer NOT NULL DEFAULT always_one();
ALTER TABLE t6 ADD COLUMN h text NOT NULL DEFAULT md5('a');
CREATE TABLE fresh (id bigint PRIMARY KEY, v text);
CREATE INDEX fresh_v ON fresh (v);
"""
BEFORE = """
CREATE FUNCTION always_one() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE TABLE t1 (v varchar(10)); CREATE INDEX t1_v ON t1 (v);
CREATE TABLE t2 (v varchar(10)); CREATE TABLE t3 (at timestamp);
CREATE TABLE t4 (v text CONSTRAINT t4_v CHECK (v IS NOT NULL));
CREATE TABLE t5 (id bigint); CREATE TABLE t6 (id bigint);
"""


def test_harmless_statements_are_silent_on_the_largest_tables(newest: Bench) -> None:
    sizes = {f"public.t{n}": HEAVY for n in range(1, 7)}
    found = findings(MigrationExample(HARMLESS, BEFORE, sizes), newest)
    assert [one.message for one in found] == []


def test_small_tables_are_silent_where_large_ones_are_not(newest: Bench) -> None:
    statements = """-- no-transaction
SET lock_timeout = '500ms';
ALTER TABLE users ALTER COLUMN id TYPE bigint;
ALTER TABLE users ALTER COLUMN name SET NOT NULL;
CREATE INDEX users_name ON users (name);
UPDATE users SET name = '';
"""
    before = "CREATE TABLE users (id integer, name text);"
    small = findings(MigrationExample(statements, before, {"public.users": 81920}), newest)
    assert small == ()
    large = findings(MigrationExample(statements, before, {"public.users": HEAVY}), newest)
    assert [one.severity for one in large] == [Severity.CRITICAL] * 4
    unknown = findings(MigrationExample(statements, before), newest)
    assert [one.severity for one in unknown] == [Severity.WARNING] * 4
    seconds = [one.evidence["estimated_blocking_seconds"] for one in large]
    assert all(isinstance(one, float) and one > 60 for one in seconds)


OF_TRANSACTIONS = {
    "ALTER TABLE users ADD COLUMN a int; ALTER TABLE orders ADD COLUMN a int;"
    "ALTER TABLE events ADD COLUMN a int;": "locks-several-tables",
    "ALTER TABLE users ADD COLUMN a text; UPDATE users SET a = 'b';": "waits-with-locks-held",
    "ALTER TABLE users ADD a int; DO $$ BEGIN UPDATE users SET a = 1; END $$;": "changes-rows-of-"
    "a-whole-table",
    "ALTER TABLE users ADD a int; ALTER TABLE users ALTER a TYPE text;": "rewrites-a-table",
    "ALTER TYPE mood ADD VALUE 'new'; INSERT INTO moods VALUES ('new');": "enum-value-used-before-"
    "commit",
}
ALONE = {
    "ALTER TABLE a1 ADD COLUMN n int CHECK (n > 0)": "scans-under-a-lock",
    "ALTER TABLE a2 ADD COLUMN n positive": "rewrites-a-table",
    "ALTER TABLE a3 ADD COLUMN n bigserial": "rewrites-a-table",
    "ALTER TABLE a4 ADD PRIMARY KEY USING INDEX a4_id": "scans-under-a-lock",
    "ALTER TABLE events ATTACH PARTITION e26 FOR VALUES FROM (26) TO (27)": "scans-under-a-lock",
    "ALTER TABLE logs ATTACH PARTITION l26 FOR VALUES FROM (26) TO (27)": "scans-under-a-lock",
    "CREATE TABLE e30 PARTITION OF events FOR VALUES FROM (30) TO (31)": "partition-made-under-a-"
    "lock",
    "CREATE TABLE fresh (user_id bigint REFERENCES users)": "locks-another-table",
    "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID": "adds-foreign-key-without-index",
    "CREATE INDEX CONCURRENTLY e_id ON events (id)": "refused-by-the-server",
    "VACUUM FULL a5": "rewrites-a-table",
    "CLUSTER a4 USING a4_id2": "rewrites-a-table",
    "TRUNCATE a6": "empties-a-table",
    "UPDATE a7 SET id = 1": "changes-rows-of-a-whole-table",
    "DELETE FROM a7": "changes-rows-of-a-whole-table",
    "ALTER TABLE a8 SET UNLOGGED": "makes-a-table-unlogged",
    "ALTER TABLE a9 SET ACCESS METHOD heap": "",
    "REFRESH MATERIALIZED VIEW totals": "rewrites-a-table",
    "LOCK TABLE a1": "locks-a-table-by-hand",
    "ALTER TABLE users REPLICA IDENTITY NOTHING": "weakens-replica-identity",
    "ALTER TABLE users DISABLE TRIGGER ALL": "disables-triggers",
    "ALTER TABLE users ENABLE ROW LEVEL SECURITY": "enables-row-security-without-policy",
    "DO $$ BEGIN ALTER TABLE a9 ALTER COLUMN id TYPE text; END $$": "rewrites-a-table",
    "INSERT INTO a10 SELECT id FROM users": "changes-rows-of-a-whole-table",
    "DO $$ BEGIN UPDATE a7 SET id = 1; END $$": "changes-rows-of-a-whole-table",
    "WITH gone AS (DELETE FROM a7 RETURNING id) SELECT * FROM gone": "changes-rows-of-a-whole-"
    "table",
    "CREATE TABLE copies AS SELECT id FROM users": "changes-rows-of-a-whole-table",
    "DROP DATABASE shop": "drops-what-clients-use",
    "DROP FUNCTION touch() CASCADE": "drops-what-clients-use",
}
"""Each by itself, and the rule that tells of it; SET ACCESS METHOD to the one that is there does
nothing."""
SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE TYPE mood AS ENUM ('good'); CREATE TABLE moods (mood mood);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE events (id int) PARTITION BY RANGE (id); CREATE TABLE e26 (id int);
CREATE TABLE logs (id int) PARTITION BY RANGE (id); CREATE TABLE l26 (id int, CHECK (id = 26));
CREATE TABLE logs_rest PARTITION OF logs DEFAULT;
CREATE TABLE a4 (id bigint); CREATE UNIQUE INDEX a4_id ON a4 (id);
CREATE INDEX a4_id2 ON a4 (id);
CREATE MATERIALIZED VIEW totals AS SELECT id FROM users;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
""" + "".join(f"CREATE TABLE a{n} (id bigint);" for n in (1, 2, 3, 5, 6, 7, 8, 9, 10))


def test_what_is_heavy_is_told(newest: Bench) -> None:
    lines = [f"{text};" for text in ALONE]
    text = "\n".join(["-- no-transaction", *lines])
    found = findings(MigrationExample(text, SCHEMA), newest)
    told: dict[int, set[str]] = {}
    for one in found:
        assert one.location is not None
        told.setdefault(one.location.line, set()).add(one.rule.partition("/")[2])
    missing = {
        statement: rule
        for line, (statement, rule) in enumerate(ALONE.items(), start=2)
        if rule and rule not in told.get(line, set())
    }
    assert not missing


@pytest.mark.parametrize(("statements", "rule"), list(OF_TRANSACTIONS.items()))
def test_what_is_heavy_in_one_transaction_is_told(
    statements: str, rule: str, newest: Bench
) -> None:
    found = findings(MigrationExample(statements, SCHEMA), newest)
    assert f"migrations/{rule}" in {one.rule for one in found}


def test_a_name_that_changes_hands(newest: Bench) -> None:
    """What is done to a table under the name that another one has in the end, or had before."""
    before = "CREATE TABLE users (id integer, name text); CREATE TABLE notes (id integer);"
    text = """-- no-transaction
SET lock_timeout = '500ms';
ALTER TABLE users ALTER id TYPE bigint;
CREATE TABLE users_next (id bigint);
ALTER TABLE users RENAME TO users_old;
ALTER TABLE users_next RENAME TO users;
ALTER TABLE users ALTER id TYPE numeric;
ALTER TABLE users_old ALTER name SET NOT NULL;
DROP TABLE notes;
CREATE TABLE notes (id bigint);
ALTER TABLE notes ALTER id TYPE integer;
ALTER TABLE users_old DROP COLUMN name;
"""
    sizes = {"public.users": HEAVY, "public.notes": HEAVY}
    told = {
        one.location.line: (one.rule.partition("/")[2], one.severity.value)
        for one in findings(MigrationExample(text, before, sizes), newest)
        if one.location is not None
    }
    assert told == {
        3: ("rewrites-a-table", "critical"),
        8: ("scans-under-a-lock", "critical"),
        9: ("drops-a-table", "warning"),
        12: ("drops-a-column", "warning"),
    }


def test_what_nobody_waits_for(newest: Bench) -> None:
    """Only a REFRESH writes a materialized view, only the session itself a temporary table; and
    what fails on the first row does not read them all."""
    before = """
CREATE TABLE users (id bigint PRIMARY KEY, name text);
CREATE MATERIALIZED VIEW totals AS SELECT id FROM users; CREATE UNIQUE INDEX ON totals (id);
"""
    text = """-- no-transaction
CREATE INDEX more ON totals (id);
REFRESH MATERIALIZED VIEW CONCURRENTLY totals;
CREATE TEMP TABLE users (id bigint, name text);
ALTER TABLE users ALTER id TYPE integer;
UPDATE users SET name = '';
DROP TABLE users;
ALTER TABLE public.users ADD age integer NOT NULL;
"""
    sizes = {"public.users": HEAVY, "public.totals": HEAVY}
    found = findings(MigrationExample(text, before, sizes), newest)
    told = {one.rule.partition("/")[2] for one in found}
    assert told == {"not-null-without-default", "no-lock-timeout"}


def test_no_advice_is_impossible(newest: Bench) -> None:
    """NOT VALID does not exist for keys and exclusion constraints."""
    text = (
        "-- no-transaction\nALTER TABLE users ADD UNIQUE (id, name);"
        "ALTER TABLE notes ADD PRIMARY KEY (id); ALTER TABLE notes ADD EXCLUDE (id WITH =);"
    )
    before = "CREATE TABLE users (id bigint, name text); CREATE TABLE notes (id bigint);"
    found = findings(MigrationExample(text, before), newest)
    builds = [one for one in found if one.rule == "migrations/builds-an-index-under-a-lock"]
    assert len(builds) == 3
    for one in builds:
        said = " ".join((one.message, one.advice, one.fix.up if one.fix else ""))
        keys = [part for part in said.split(";") if "UNIQUE" in part or "EXCLUDE" in part]
        assert not any("NOT VALID" in part for part in keys)


def test_names_that_need_quotes(newest: Bench) -> None:
    before = 'CREATE SCHEMA "My Shop"; CREATE TABLE "My Shop"."Order ""s" ("Id" integer, "é" text);'
    text = (
        '-- no-transaction\nSET search_path = "My Shop";\n'
        'ALTER TABLE "Order ""s" ALTER COLUMN "Id" TYPE bigint;\n'
        'ALTER TABLE "Order ""s" DROP COLUMN "é";\n'
        'ALTER TABLE "Order ""s" RENAME TO "Orders";'
    )
    found = {
        one.rule.partition("/")[2]: one
        for one in findings(
            MigrationExample(text, before, {'"My Shop"."Order ""s"': HEAVY}), newest
        )
    }
    table = '"My Shop"."Order ""s"'
    assert found["rewrites-a-table"].object.name == table
    assert found["rewrites-a-table"].severity is Severity.CRITICAL
    assert found["drops-a-column"].object.name == f'{table}."é"'
    assert found["renames-what-clients-use"].object.name == table
