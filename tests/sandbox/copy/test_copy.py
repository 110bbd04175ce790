"""A copy has the rows of the original, whatever of them this user can read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.errors import ConnectionLost, UsageError
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.sandbox.copy.copy import Copy, copy
from servers.postgresql import OUTER_MAJORS, Database

HERE = Path(__file__).parent
STORED = (
    "shop.users",
    "shop.orders_2024",
    "shop.orders_2025",
    "shop.base",
    "shop.derived",
    "shop.per_user",
)
ASKED = ("shop.sold", "shop.base", "shop.per_user")


def build(database: Database) -> Snapshot:
    database.execute((HERE / "schema.sql").read_text(encoding="utf-8"))
    database.execute("ANALYZE")
    return snapshot_of(database)


def snapshot_of(database: Database) -> Snapshot:
    with Session.open(database.url, 60) as session:
        return read(session, values=None)


def rows(connection: psycopg.Connection[tuple[str, int]], table: str) -> tuple[str, int]:
    """A hash of all rows in their order, and how many there are."""
    found = connection.execute(
        f"SELECT md5(string_agg(t::text, '|' ORDER BY ctid)), count(*) FROM ONLY {table} t".encode()
    ).fetchone()
    assert found is not None
    return found


def about(skipped: tuple[Skipped, ...], table: str) -> list[Skipped]:
    return [each for each in skipped if table in each.objects]


def indexes(made: Copy) -> set[str]:
    with made.connect() as connection:
        return {
            row[0]
            for row in connection.execute(
                "SELECT indexname FROM pg_indexes WHERE schemaname = 'shop'"
            )
        }


def foreign_keys(made: Copy) -> set[str]:
    with made.connect() as connection:
        return {
            row[0]
            for row in connection.execute(
                "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
            )
        }


@pytest.mark.parametrize("any_postgresql", OUTER_MAJORS, indirect=True)
def test_all_rows_on_every_major(any_database: Database) -> None:
    snapshot = build(any_database)
    major = any_database.server.major
    with copy(snapshot, any_database.url, ASKED) as made:
        assert made.server.major == major
        assert [each for each in made.skipped if each.part != "twin.settings"] == []
        with made.connect() as here, psycopg.connect(any_database.url) as there:
            for table in STORED:
                assert rows(here, table) == rows(there, table), table
                if table != "shop.base":  # that of a parent counts those that inherit as well
                    assert made.tables[table].rows == rows(here, table)[1]
                assert not made.tables[table].sampled
            analyzed = here.execute(
                "SELECT count(DISTINCT tablename) FROM pg_stats WHERE schemaname = 'shop'"
            ).fetchone()
            visible = here.execute(
                "SELECT relallvisible = relpages AND relpages > 0 FROM pg_class "
                "WHERE oid = 'shop.orders_2024'::regclass"
            ).fetchone()
            empty = here.execute("SELECT count(*) FROM shop.untouched").fetchone()
        assert analyzed == (len(STORED) + 1,)
        assert visible == (True,)
        assert empty == (0,)
        assert made.tables["shop.orders"].rows == 20000
        assert made.tables["shop.base"].rows == 30
        assert {"users_pkey", "users_email_key", "orders_user_id_idx", "per_user_idx"} <= indexes(
            made
        )
        assert "shop.orders" in foreign_keys(made)


def test_a_sample_is_small_and_the_same_each_time(database: Database) -> None:
    snapshot = build(database)
    seen = []
    for _ in range(2):
        with copy(snapshot, database.url, ["shop.sold"], rows=500) as made:
            with made.connect() as connection:
                seen.append([rows(connection, name) for name in ("shop.users", "shop.orders_2024")])
                sold = connection.execute("SELECT count(*) FROM shop.sold").fetchone()
            users, orders = made.tables["shop.users"], made.tables["shop.orders"]
            assert 400 <= users.rows <= 1000, "500, and those that orders refer to"
            assert 400 <= orders.rows <= 502
            assert sold == (orders.rows,), "each order has its user"
            assert users.sampled and orders.sampled
            assert "shop.orders" not in foreign_keys(made)
            assert made.skipped == ()
    assert seen[0] == seen[1]


def test_the_parents_of_a_sample_come_with_theirs(database: Database) -> None:
    database.execute(
        "CREATE TABLE a (x integer, y text, PRIMARY KEY (x, y)) PARTITION BY HASH (x);"
        "CREATE TABLE a_0 PARTITION OF a FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
        "CREATE TABLE a_1 PARTITION OF a FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
        "CREATE TABLE b (id integer PRIMARY KEY, x integer, y text, FOREIGN KEY (x, y) "
        "REFERENCES a);"
        "CREATE TABLE c (id integer PRIMARY KEY, b_id integer REFERENCES b,"
        " c_id integer REFERENCES c);"
        "INSERT INTO a SELECT i, 'it''s {,\" ' || i FROM generate_series(1, 5000) i;"
        "INSERT INTO b SELECT i, 5001 - i, 'it''s {,\" ' || 5001 - i "
        "FROM generate_series(1, 5000) i;"
        "INSERT INTO c SELECT i, nullif(i, 7), i - 1 + (i = 1)::int "
        "FROM generate_series(1, 5000) i; ANALYZE"
    )
    snapshot = snapshot_of(database)
    names = ["public.a", "public.b", "public.c"]
    with copy(snapshot, database.url, names, rows=100) as made, made.connect() as connection:
        assert made.skipped == ()
        joined = connection.execute(
            "SELECT count(*), count(b.id), count(a.x) FROM c LEFT JOIN b ON b.id = c.b_id "
            "LEFT JOIN a USING (x, y) WHERE b_id IS NOT NULL"
        ).fetchone()
        assert joined is not None and joined[0] == joined[1] == joined[2] > 80
        for name in ("public.a", "public.b"):
            counted = connection.execute(f"SELECT count(*) FROM {name}".encode()).fetchone()
            assert counted == (made.tables[name].rows,)


def test_a_small_table_is_no_sample(database: Database) -> None:
    snapshot = build(database)
    with copy(snapshot, database.url, ["shop.derived"], rows=500) as made:
        assert made.tables["shop.derived"].rows == 20
        assert not made.tables["shop.derived"].sampled


def test_a_locked_table_is_left_out(database: Database) -> None:
    snapshot = build(database)
    with psycopg.connect(database.url) as other:
        other.execute("LOCK TABLE shop.orders_2024 IN ACCESS EXCLUSIVE MODE")
        with copy(snapshot, database.url, ["shop.orders_2024", "shop.base"]) as made:
            (left,) = about(made.skipped, "shop.orders_2024")
            assert "locked" in left.reason
            assert "shop.orders_2024" not in made.tables
            assert made.tables["shop.base"].rows == 30


def test_what_the_user_may_not_read_is_left_out(database: Database) -> None:
    snapshot = build(database)
    database.execute(
        "CREATE ROLE copy_reader LOGIN; GRANT USAGE ON SCHEMA shop TO copy_reader;"
        "GRANT SELECT (id) ON shop.users TO copy_reader;"
        "GRANT SELECT ON shop.base, shop.derived TO copy_reader;"
        "ALTER TABLE shop.derived ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY few ON shop.derived USING (id <= 7)"
    )
    url = database.url.replace("postgresql://dbwright@", "postgresql://copy_reader@")
    try:
        with copy(snapshot, url, ["shop.users", "shop.base"]) as made:
            (left,) = about(made.skipped, "shop.users")
            assert "permission denied" in left.reason
            assert left.remedy == "GRANT SELECT ON shop.users TO copy_reader"
            (partly,) = about(made.skipped, "shop.derived")
            assert "row level security" in partly.reason
            assert made.tables["shop.derived"].rows == 7
            assert made.tables["shop.derived"].sampled
            assert made.tables["shop.base"].rows == 17
    finally:
        database.execute("DROP OWNED BY copy_reader; DROP ROLE copy_reader")


def test_too_large_is_refused_before_it_starts(database: Database, place: Path) -> None:
    snapshot = build(database)
    with (
        pytest.raises(UsageError, match=r"take \d.* MB .*at most 1\.0 MB") as told,
        copy(snapshot, database.url, ["shop.sold"], most_bytes=1 << 20),
    ):
        pass
    assert "--copy-limit" in told.value.next_step
    with (
        pytest.raises(UsageError, match="are free in"),
        copy(enlarged(snapshot), database.url, ["shop.sold"]),
    ):
        pass
    assert list(place.glob("dbwright-*/*")) == []


def enlarged(snapshot: Snapshot) -> Snapshot:
    """As if the tables were larger than any disk."""
    assert snapshot.statistics is not None
    tables = tuple(replace(t, total_bytes=1 << 60) for t in snapshot.statistics.tables)
    return replace(snapshot, statistics=replace(snapshot.statistics, tables=tables))


def test_a_lost_connection_is_told(database: Database, place: Path) -> None:
    snapshot = build(database)

    def cut(doing: str, done: int | None = None, total: int | None = None) -> None:
        if doing == "copying shop.base":
            database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'dbwright' AND datname = current_database()"
            )

    with (
        pytest.raises(ConnectionLost, match="broke while rows were read"),
        copy(snapshot, database.url, ["shop.users", "shop.base"], progress=cut),
    ):
        pass


def test_an_interrupt_leaves_nothing(database: Database, place: Path) -> None:
    snapshot = build(database)

    def interrupt(doing: str, done: int | None = None, total: int | None = None) -> None:
        if doing == "copying shop.base":
            raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        copy(snapshot, database.url, ["shop.users", "shop.base"], progress=interrupt),
    ):
        pass


def test_reading_has_a_time_out(database: Database) -> None:
    database.execute(
        "CREATE TABLE slow (a text); INSERT INTO slow SELECT repeat('x', 2000) "
        "FROM generate_series(1, 30000)"
    )
    snapshot = snapshot_of(database)
    with copy(snapshot, database.url, ["public.slow"], table_seconds=0.001) as made:
        (left,) = about(made.skipped, "public.slow")
        assert "took longer than 0.001 s" in left.reason


def test_foreign_tables_are_left_out(database: Database) -> None:
    database.execute(
        "CREATE EXTENSION postgres_fdw; CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw;"
        "CREATE FOREIGN TABLE far (a integer) SERVER away; CREATE TABLE near (a integer);"
        "CREATE VIEW both_ones AS SELECT a FROM far UNION ALL SELECT a FROM near"
    )
    snapshot = snapshot_of(database)
    with copy(snapshot, database.url, ["public.both_ones", "public.nowhere"]) as made:
        assert "another server" in about(made.skipped, "public.far")[0].reason
        assert "no table of that name" in about(made.skipped, "public.nowhere")[0].reason
        assert set(made.tables) == {"public.near"}
        with made.connect() as connection:
            found = connection.execute("SELECT to_regclass('public.far')").fetchone()
        assert found == (None,)


def test_another_major_where_the_own_is_not_here(database: Database) -> None:
    snapshot = build(database)
    server = replace(snapshot.catalog.server, version="99.1", version_number=990001)
    other = replace(snapshot, catalog=replace(snapshot.catalog, server=server))
    with copy(other, database.url, ["shop.base"]) as made:
        assert made.server.major == database.server.major
        (told,) = [each for each in made.skipped if each.part == "copy.server"]
        assert "99" in told.reason
