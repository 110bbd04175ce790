"""The way to a partitioned table and back, on every major: nothing is lost, nothing is copied on
the way there, and everything is as it was on the way back."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest
from tests.tune.partitions.place import EVENTS, candidate_in, execute, snapshot_of

from dbwright.model.catalog import Table
from dbwright.model.finding import Fix, LockMode
from dbwright.model.snapshot import Snapshot
from dbwright.sql.split import split
from dbwright.tune.partitions.axis import number_of
from dbwright.tune.partitions.intervals import CALENDAR
from dbwright.tune.partitions.layout import Layout, attached
from dbwright.tune.partitions.migration import migration
from servers.postgresql import OUTER_MAJORS, Database

ALL = 'SELECT id, code, at, user_id, kind, "Note", long FROM log.events ORDER BY id'


def _planned(database: Database) -> tuple[Fix, Layout, Snapshot]:
    snapshot = snapshot_of(database.url)
    candidate = candidate_in(database.url, snapshot)
    month = CALENDAR["month"]
    ahead = month.ahead(number_of(snapshot.catalog.captured_at), 3)
    layout = attached(candidate, month, ahead)
    return migration(snapshot.catalog, layout), layout, snapshot


def _shape(table: Table) -> Table:
    """Without numbers that a new object has."""
    indexes = sorted((replace(index, oid=0) for index in table.indexes), key=lambda i: i.name)
    checks = sorted(table.checks, key=lambda check: check.name)
    return replace(
        table,
        oid=0,
        indexes=tuple(indexes),
        checks=tuple(checks),
        not_nulls=(),
        foreign_keys=tuple(sorted(table.foreign_keys, key=lambda key: key.name)),
    )


@pytest.mark.parametrize("any_postgresql", OUTER_MAJORS, indirect=True)
def test_there_and_back(any_database: Database) -> None:
    execute(any_database.url, EVENTS)
    any_database.execute(
        "GRANT SELECT, INSERT ON log.events TO pg_monitor;"
        "ALTER TABLE log.events SET (fillfactor = 90, toast.autovacuum_enabled = off)"
    )
    fix, layout, before = _planned(any_database)
    rows = any_database.execute(ALL)
    execute(any_database.url, fix.up)
    assert any_database.execute(ALL) == rows
    parts = any_database.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits "
        "WHERE inhparent = 'log.events'::regclass ORDER BY 1"
    )
    assert len(parts) == 4
    assert any_database.execute(
        "SELECT DISTINCT c.reloptions, t.reloptions FROM pg_inherits "
        "JOIN pg_class c ON c.oid = inhrelid JOIN pg_class t ON t.oid = c.reltoastrelid "
        "WHERE inhparent = 'log.events'::regclass"
    ) == [(["fillfactor=90"], ["autovacuum_enabled=off"])]
    middle = snapshot_of(any_database.url)
    table = middle.catalog.table("log.events")
    assert table.primary_key is not None and table.primary_key.columns == ("id", "at")
    assert {key.name for key in table.keys} == {"events_pkey", "once"}
    assert table.comment == "what happened" and table.column("Note").comment == "in words"
    assert [grant.grantee for grant in table.grants if grant.grantee == "pg_monitor"]
    assert {index.method for index in table.indexes} == {"btree"}
    assert len(table.indexes) == len(before.catalog.table("log.events").indexes)
    assert all(index.valid for index in table.indexes)

    # One in the old rows' partition, one in a later one; ids and codes go on.
    later = layout.candidate.line.axis.literal(layout.parts[2].start or 0)
    any_database.execute(
        "INSERT INTO log.events (user_id, kind) VALUES (1, 'now');"
        f"INSERT INTO log.events (at, user_id, kind) VALUES ({later}, 2, 'later');"
    )
    assert any_database.execute("SELECT id, code FROM log.events WHERE id > 5000") == [
        (5001, 5001),
        (5002, 5002),
    ]
    counts = any_database.execute("SELECT count(*) FROM log.events GROUP BY tableoid ORDER BY 1")
    assert counts == [(1,), (5001,)]
    rows = any_database.execute(ALL)

    execute(any_database.url, fix.down)
    assert any_database.execute(ALL) == rows
    after = snapshot_of(any_database.url).catalog
    assert _shape(after.table("log.events")) == _shape(before.catalog.table("log.events"))
    assert {t.qualified for t in after.tables} == {t.qualified for t in before.catalog.tables}
    assert {s.qualified for s in after.sequences} == {s.qualified for s in before.catalog.sequences}
    assert [s.qualified for s in after.extended_statistics] == ["log.kinds"]
    any_database.execute("INSERT INTO log.events (user_id, kind) VALUES (1, 'again')")
    assert any_database.execute("SELECT max(id), max(code) FROM log.events") == [(5003, 5003)]


@pytest.mark.parametrize("any_postgresql", OUTER_MAJORS, indirect=True)
def test_the_switch_reads_and_copies_nothing(any_database: Database) -> None:
    execute(any_database.url, EVENTS)
    fix, layout, _ = _planned(any_database)
    *beside, switch = (statement.text for statement in split(fix.up))
    execute(any_database.url, ";".join(beside))
    files = "SELECT pg_relation_filenode(%s::regclass)"
    notices: list[str] = []
    with psycopg.connect(any_database.url) as connection:
        connection.add_notice_handler(lambda said: notices.append(said.message_primary or ""))
        before = connection.execute(files, ["log.events"]).fetchone()
        connection.execute("SET client_min_messages = debug1")
        connection.execute(switch.encode())
        name = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid "
            "WHERE inhparent = 'log.events'::regclass AND relname LIKE '%before%'"
        ).fetchone()
        assert name is not None
        assert connection.execute(files, [name[0]]).fetchone() == before
        connection.rollback()
    told = " ".join(notices)
    assert "is implied by existing constraints" in told
    assert "rewriting table" not in told and "building index" not in told
    assert "verifying table" not in told and "validating foreign key" not in told
    assert fix.lock is LockMode.ACCESS_EXCLUSIVE and not fix.transactional
    assert len(layout.parts) == 4


def test_nobody_waits_for_what_comes_before_the_switch(database: Database) -> None:
    """Locks on the table that reads or writes would wait for: only the check's, for a moment."""
    execute(database.url, EVENTS)
    fix, _, _ = _planned(database)
    *beside, _ = (statement.text for statement in split(fix.up))
    blocking: list[str] = []
    for statement in beside:
        if "CONCURRENTLY" in statement:
            execute(database.url, statement)
            continue
        with psycopg.connect(database.url) as connection:
            connection.execute(statement.encode())
            modes = connection.execute(
                "SELECT mode FROM pg_locks WHERE relation = 'log.events'::regclass"
            ).fetchall()
            if any(LockMode(mode).blocks_writes for (mode,) in modes):
                blocking.append(statement)
    assert [" NOT VALID" in statement for statement in blocking] == [True]


def test_a_second_way_there_after_the_way_back(database: Database) -> None:
    execute(database.url, EVENTS)
    for _ in range(2):
        fix, _, _ = _planned(database)
        execute(database.url, fix.up)
        execute(database.url, fix.down)
    assert database.execute("SELECT count(*) FROM log.events") == [(5000,)]


def test_it_can_be_given_up_before_the_switch(database: Database) -> None:
    execute(database.url, EVENTS)
    fix, _, before = _planned(database)
    *beside, _ = (statement.text for statement in split(fix.up))
    execute(database.url, ";".join(beside))
    abandon = fix.risk.partition("to give up before the last block: ")[2].rpartition(";")[0]
    execute(database.url, abandon.partition("; taking it back")[0])
    after = snapshot_of(database.url).catalog
    assert _shape(after.table("log.events")) == _shape(before.catalog.table("log.events"))
    assert {t.qualified for t in after.tables} == {t.qualified for t in before.catalog.tables}


def test_a_block_that_gets_no_lock_gives_up(database: Database) -> None:
    execute(database.url, EVENTS)
    fix, _, _ = _planned(database)
    *beside, switch = (statement.text for statement in split(fix.up))
    execute(database.url, ";".join(beside))
    with psycopg.connect(database.url) as reader:
        reader.execute("SELECT count(*) FROM log.events")
        try:
            execute(database.url, switch.replace("'5s'", "'50ms'"))
        except psycopg.errors.LockNotAvailable:
            pass
        else:
            raise AssertionError("it must give up")
    execute(database.url, switch)
    execute(database.url, fix.down)
    assert database.execute("SELECT count(*) FROM log.events") == [(5000,)]
