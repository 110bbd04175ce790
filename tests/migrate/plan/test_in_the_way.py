"""What a file does not say, and its plan has to: what stands in the way of a change of type goes and
comes again, and what the throw-away server lacks of a table is no reason to call it safe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from dbwright.configuration import Configuration
from dbwright.errors import BadMigration
from dbwright.migrate.files.script import script
from dbwright.migrate.plan.planner import Plan, plan
from dbwright.migrate.plan.told import names_of, text_of_plan
from dbwright.model.migration import Migration, ReadMigration
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.target import opened, resolve
from migrate.plan.test_applications import running
from migrate.plan.test_forms import catalog, unlike
from servers.postgresql import Database

KEYED = """
CREATE SCHEMA "My Shop"; SET search_path = "My Shop";
CREATE TABLE t (id integer PRIMARY KEY, a integer NOT NULL, b text, at timestamp);
CREATE INDEX of_b ON t (b);
INSERT INTO t SELECT n, n, n, '2026-01-01' FROM generate_series(1, 300) n;
"""
WATCHED = """
CREATE VIEW "V" WITH (security_barrier) AS SELECT id, a FROM t;
COMMENT ON VIEW "V" IS 'it''s one'; COMMENT ON COLUMN "V".a IS 'cents';
CREATE VIEW w AS SELECT a * 2 AS d FROM "V"; GRANT SELECT ON w TO PUBLIC;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER "T" BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (NEW.a > 1) EXECUTE FUNCTION f();
ALTER TABLE t DISABLE TRIGGER "T";
CREATE POLICY p ON t USING (a > 3); COMMENT ON POLICY p ON t IS 'few';
"""


def _asked(sql: str) -> ReadMigration:
    return ReadMigration(Migration("2", "x", "2.sql", ""), script(sql, "2.sql"))


def planned(
    database: Database, sql: str, change: Callable[[Snapshot], Snapshot] = lambda one: one
) -> Plan:
    with opened(resolve(database.url, Configuration()), values=None) as source:
        snapshot = change(source.snapshot)
    return plan(_asked(sql), snapshot=snapshot, server=database.server, small=0)


def test_what_the_server_refuses_for_a_view(database: Database, tmp_path: Path) -> None:
    """Nothing of it is away for longer than the exchange, and all of it is as it was."""
    database.execute(KEYED + WATCHED)
    start = catalog(database.url)
    sql = 'ALTER TABLE "My Shop".t ALTER a TYPE bigint'
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        database.execute(sql)
    run = running(database, sql, tmp_path)
    assert run.found.is_proven
    assert 'policy "My Shop".t.p' in run.found.minds[0]
    for number in range(len(run.paths)):
        database.execute('SELECT d FROM "My Shop".w; SELECT a FROM "My Shop"."V"')
        run.up(number)
    end = catalog(database.url)
    assert end.table('"My Shop".t').column("a").type == "bigint"
    assert {one.partition(":")[0] for one in unlike(start, end)} == {
        'column "My Shop".t.a',
        'view "My Shop"."V"',
        'view "My Shop".w',
    }
    for number in reversed(range(len(run.paths))):
        run.down(number)
    assert unlike(start, catalog(database.url)) == []


def test_views_where_the_rows_stay(database: Database, tmp_path: Path) -> None:
    """Without a second column they go and come in the transaction of the type."""
    database.execute(f"{KEYED} CREATE VIEW v AS SELECT at, b FROM t")
    start = catalog(database.url)
    sql = (
        'SET search_path = "My Shop"; ALTER TABLE t ALTER at TYPE timestamptz USING at AT TIME ZONE '
        "'UTC', ALTER b TYPE text COLLATE \"C\""
    )
    run = running(database, sql, tmp_path)
    assert run.found.is_proven
    for number in range(len(run.paths)):
        database.execute('SELECT at, b FROM "My Shop".v')
        run.up(number)
    for number in reversed(range(len(run.paths))):
        run.down(number)
    assert unlike(start, catalog(database.url)) == []


@pytest.mark.parametrize(
    ("also", "refusal"),
    [
        ("ALTER TABLE t ADD g integer GENERATED ALWAYS AS (a * 2) STORED", 'generated column "g"'),
        ("CREATE RULE r AS ON UPDATE TO t WHERE NEW.a = 9 DO INSTEAD NOTHING", "rule r on table"),
    ],
)
def test_what_can_not_go(also: str, refusal: str, database: Database) -> None:
    database.execute(KEYED + also)
    with pytest.raises(BadMigration) as told:
        planned(database, 'ALTER TABLE "My Shop".t ALTER a TYPE bigint')
    assert refusal in told.value.message and "take away in the file" in told.value.next_step


def test_rows_that_nobody_fills(database: Database) -> None:
    """A rule or a policy keeps rows from being filled, without a word of the server."""
    database.execute(
        f"{KEYED} CREATE RULE r AS ON UPDATE TO t WHERE NEW.id = 9 DO INSTEAD NOTHING; "
        "CREATE TABLE u (LIKE t INCLUDING ALL); "
        "ALTER TABLE u ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
    )
    typed = planned(database, 'ALTER TABLE "My Shop".t ALTER a TYPE bigint')
    assert "the rule r ON UPDATE" in typed.left[0]
    added = planned(database, 'ALTER TABLE "My Shop".u ADD x uuid DEFAULT gen_random_uuid()')
    assert "FORCE ROW LEVEL SECURITY" in added.left[0]


def test_partitions_that_are_named_by_themselves(database: Database) -> None:
    database.execute(
        "CREATE TABLE p (id integer, a integer) PARTITION BY LIST (id); "
        'CREATE TABLE "P 1" PARTITION OF p FOR VALUES IN (1)'
    )
    found = planned(database, "ALTER TABLE p RENAME a TO z")
    assert found.is_proven and 'public."P 1"' in found.minds[0]
    assert "-- Mind - the view has the table's name alone" in text_of_plan(found, ["1", "2"])


def _of_unknown_type(snapshot: Snapshot) -> Snapshot:
    """As if `b` were of an extension's type that this machine does not have."""
    tables = tuple(
        replace(
            table,
            columns=tuple(
                replace(c, type="geometry(Point,4326)") if c.name == "b" else c
                for c in table.columns
            ),
        )
        for table in snapshot.catalog.tables
    )
    return replace(snapshot, catalog=replace(snapshot.catalog, tables=tables))


def test_a_table_that_could_not_be_made(database: Database) -> None:
    database.execute(
        f"{KEYED} CREATE TABLE other (id integer PRIMARY KEY, a integer DEFAULT 3, c text); "
        "COMMENT ON COLUMN other.a IS 'cents'; CREATE VIEW v AS SELECT a FROM other"
    )
    sql = 'ALTER TABLE "My Shop".t ADD x integer'
    assert not planned(database, sql).files
    lame = planned(database, sql, _of_unknown_type)
    assert not lame.files and not lame.is_proven
    assert 'column "My Shop".t.b' in lame.left[0]
    said = text_of_plan(lame, ())
    assert "safe as it is" not in said and "-- Not safe - column" in said
    # What has nothing to do with it has all that it has on the target.
    change = 'ALTER TABLE "My Shop".other ALTER a TYPE bigint'
    other = planned(database, change, _of_unknown_type)
    texts = [
        [text for file in one.files for text in file.statements]
        for one in (other, planned(database, change))
    ]
    assert other.is_proven and texts[0] == texts[1]
    assert "Not looked at - schema: this server has no type" in text_of_plan(
        other, names_of(other, ())
    )
    # A statement that is refused for it says so.
    with pytest.raises(BadMigration) as told:
        planned(database, 'ALTER TABLE "My Shop".t ADD CHECK (ST_IsValid(b))', _of_unknown_type)
    assert "lacks column" in told.value.next_step


def test_a_target_that_was_not_read_whole(database: Database) -> None:
    """What nobody read can't be planned for: a trigger may stand in the way."""
    database.execute(KEYED)
    part = Skipped("catalog.triggers", "the time was up")
    found = planned(
        database,
        'ALTER TABLE "My Shop".t ADD x integer',
        lambda one: replace(one, skipped=(*one.skipped, part)),
    )
    assert not found.files and "catalog.triggers of the target could not be read" in found.left[0]
