"""Statements in batches, by the command line, on real servers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dbwright.migrate.backfill.key import keys_of
from dbwright.migrate.backfill.pressure import Pressure
from servers.command_line import Done
from servers.postgresql import OUTER_MAJORS, Database

Run = Callable[..., Done]


@pytest.fixture
def up(dbwright: Run, database: Database, tmp_path: Path) -> Callable[..., Done]:
    """Writes a file, and runs it."""
    numbers = iter(range(1, 1000))

    def run(text: str, *options: str, again: bool = False) -> Done:
        folder = tmp_path / "migrations"
        folder.mkdir(exist_ok=True)
        if again:
            path = max(folder.glob("*.sql"))
        else:
            for old in folder.glob("*.sql"):
                old.unlink()
            path = folder / f"{next(numbers):03}_fill.sql"
        path.write_text(text)
        return dbwright("migrate", "up", database.url, "--allow-gaps", *options)

    return run


KEYS = {
    "bigint": ("id bigint PRIMARY KEY", "n", "id"),
    "text": ('"The Key" text PRIMARY KEY', "md5(n::text) || '''\\%s'", '"The Key"'),
    "uuid": ("id uuid PRIMARY KEY", "md5(n::text)::uuid", "id"),
    "timestamptz": ("at timestamptz PRIMARY KEY", "'2024-03-31 00:00+00'::timestamptz "
                    "+ n * interval '61.000001 s'", "at"),
    "numeric": ("v numeric(20,5) PRIMARY KEY", "n / 7.0", "v"),
    "float8": ("v float8 PRIMARY KEY", "sqrt(n) - 20", "v"),
    "character": ("c char(9) PRIMARY KEY", "n::text", "c"),
    "two columns": ("tenant int, id int, PRIMARY KEY (tenant, id)", "n % 3, n", "tenant"),
    "three columns": ("a text, b date, c int, PRIMARY KEY (a, b, c)",
                      "'x' || n % 2, date '2024-01-01' + n / 10 % 5, n", "a"),
    "descending": ("id int NOT NULL", "n", "id"),
    "bytea": ("b bytea PRIMARY KEY", "decode(md5(n::text), 'hex')", "b"),
    "enum and domain": ("e mood, d code, PRIMARY KEY (e, d)",
                        "(ARRAY['sad', 'ok', 'happy'])[n % 3 + 1]::mood, 'c' || n", "e"),
    "collation": ('k text COLLATE "C" PRIMARY KEY', "chr(65 + n % 50) || 'ä' || n", "k"),
    "interval": ("i interval PRIMARY KEY", "n * interval '1 month 2 days 3.5 s'", "i"),
    "array": ("a int[] PRIMARY KEY", "ARRAY[n % 7, n]", "a"),
}  # fmt: skip
ROWS = 997


def test_every_row_once_whatever_the_key(up: Callable[..., Done], database: Database) -> None:
    database.execute(
        "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE DOMAIN code AS text CHECK "
        "(value LIKE 'c%');"
        f"ALTER DATABASE {database.name} SET DateStyle = 'German, DMY';"
        f"ALTER DATABASE {database.name} SET IntervalStyle = 'sql_standard';"
        f"ALTER DATABASE {database.name} SET TimeZone = 'Europe/Berlin'"
    )
    for number, (name, (columns, values, _)) in enumerate(KEYS.items()):
        table = f'"Shop {number}"."Orders of {number}"'
        database.execute(
            f'CREATE SCHEMA "Shop {number}"; CREATE TABLE {table} ({columns}, hits int DEFAULT 0);'
            f"INSERT INTO {table} SELECT {values} FROM generate_series(1, {ROWS}) n"
        )
        if name == "descending":
            database.execute(f"CREATE UNIQUE INDEX ON {table} (id DESC)")
        done = up(
            f"-- batches: {table}\n-- batch-size: 100\n-- batch-time: 1h\n"
            f"UPDATE {table} SET hits = hits + 1 -- all of them"
        )
        assert (done.status, done.err.count("error")) == (0, 0), (name, done.err)
        assert database.execute(f"SELECT hits, count(*) FROM {table} GROUP BY 1") == [(1, ROWS)]
        # Of 100, 200, 400 rows, and the rest.
        assert database.execute(f"SELECT count(DISTINCT xmin::text) FROM {table}") == [(4,)], name


def test_what_is_cut_and_what_runs_as_it_is(up: Callable[..., Done], database: Database) -> None:
    database.execute(
        "CREATE TABLE orders (id int PRIMARY KEY, v int, day date);"
        "INSERT INTO orders SELECT n, n, date '2024-01-01' + n % 9 FROM generate_series(1, 900) n;"
        "CREATE TABLE names (v int, name text); INSERT INTO names SELECT n, 'n' || n % 5 "
        "FROM generate_series(1, 900) n; ALTER TABLE orders ADD name text;"
        "CREATE TABLE kept (LIKE orders INCLUDING ALL); INSERT INTO kept SELECT * FROM orders "
        "WHERE id = 17; CREATE TABLE empty (id int PRIMARY KEY, v int)"
    )
    head = "-- batches: orders\n-- batch-size: 100\n-- batch-time: 1h\n"
    done = up(
        head + "SET search_path = public;\n"
        "WITH few AS (SELECT * FROM names WHERE v % 2 = 0) UPDATE public.orders AS o\n"
        "  SET name = few.name FROM few WHERE few.v = o.v OR false;\n"
        "CREATE INDEX CONCURRENTLY orders_name ON orders (name);\n"
        "INSERT INTO kept SELECT o.* FROM orders o LEFT JOIN names ON names.v = o.v\n"
        "  WHERE o.id <= 300 OR o.id > 800 ON CONFLICT DO NOTHING;\n"
        "DELETE FROM orders WHERE id BETWEEN 100 AND 300\n;"
        "-- DOWN\nUPDATE orders SET name = NULL -- %s {} $1\n;"
    )
    assert done.status == 0, done.err
    assert database.execute("SELECT count(*), count(name) FROM orders") == [(699, 349)]
    assert database.execute("SELECT count(*), count(name) FROM kept") == [(400, 200)]
    assert database.execute("SELECT count(DISTINCT xmin::text) FROM kept") == [(4,)]
    assert up("-- batches: empty\nUPDATE empty SET v = 1").status == 0


@pytest.mark.parametrize("kind", ["range", "list in hash"])
def test_partitions(up: Callable[..., Done], database: Database, kind: str) -> None:
    database.execute(
        "CREATE TABLE log (id int, day int, v int, PRIMARY KEY (id, day)) PARTITION BY "
        + ("RANGE (day)" if kind == "range" else "HASH (id)")
    )
    if kind == "range":
        database.execute(
            # The second one has its columns in another order, and one that was dropped.
            "CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10);"
            "CREATE TABLE log_2 (gone int, v int, day int NOT NULL, id int NOT NULL);"
            "ALTER TABLE log_2 DROP gone; ALTER TABLE log ATTACH PARTITION log_2 DEFAULT"
        )
    else:
        database.execute(
            "CREATE TABLE log_1 PARTITION OF log FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
            "CREATE TABLE log_2 PARTITION OF log FOR VALUES WITH (MODULUS 2, REMAINDER 1) "
            "PARTITION BY LIST (day); CREATE TABLE log_2_a PARTITION OF log_2 FOR VALUES IN (1, 2);"
            "CREATE TABLE log_2_b PARTITION OF log_2 DEFAULT"
        )
    for number in range(10, 20):  # whose names and oids have another order
        split = f"CREATE TABLE log_{29 - number} PARTITION OF log FOR VALUES FROM ({number})"
        if kind == "range":
            database.execute(f"{split} TO ({number + 1})")
    database.execute(
        "INSERT INTO log SELECT n, n % 22, 0 FROM generate_series(1, 800) n;"
        "CREATE TABLE copied (a int, b int, c int)"
    )
    head = "-- batches: log\n-- batch-size: 100\n-- batch-time: 1h\n"
    assert up(head + "UPDATE log SET v = v + 1;INSERT INTO copied SELECT * FROM log").status == 0
    assert database.execute("SELECT v, count(*) FROM log GROUP BY 1") == [(1, 800)]
    database.execute("ALTER TABLE log ADD CHECK (id <> 679 OR v < 2)")
    done = up(head + "UPDATE log SET v = v + 1")
    assert (done.status, "violates check constraint" in done.err) == (4, True), done.err
    assert ("in batch 14 in log_10: " in done.err) == (kind == "range"), done.err
    database.execute("ALTER TABLE log DROP CONSTRAINT log_check")
    assert up(head + "UPDATE log SET v = v + 1", again=True).status == 0
    assert database.execute("SELECT v, count(*) FROM log GROUP BY 1") == [(2, 800)]
    database.execute("UPDATE log SET v = 1")
    same = "SELECT count(*) FROM copied JOIN log ON (a, b, c) = (log.id, log.day, log.v)"
    assert database.execute(same) == [(800,)]
    done = up(head + "UPDATE ONLY log SET v = 1")
    assert (done.status, "ONLY public.log has no rows" in done.err) == (3, True)
    assert up("-- batches: log_1\nUPDATE log_1 SET v = 5").status == 0
    done = up("-- batches: log\nUPDATE log SET v = 1 WHERE EXISTS (SELECT FROM log_1)")
    assert (done.status, "reads public.log a second time, by log_1" in done.err) == (3, True)


@pytest.mark.parametrize("any_postgresql", OUTER_MAJORS, indirect=True)
def test_each_major(dbwright: Run, any_database: Database, tmp_path: Path) -> None:
    any_database.execute(
        "CREATE TABLE log (tenant text, id int, v int DEFAULT 0, PRIMARY KEY (tenant, id)) "
        "PARTITION BY LIST (tenant); CREATE TABLE log_a PARTITION OF log FOR VALUES IN ('a', 'b');"
        "CREATE TABLE log_c PARTITION OF log DEFAULT; CREATE TABLE copied (LIKE log);"
        "INSERT INTO log SELECT chr(97 + n % 5), n FROM generate_series(1, 500) n"
    )
    with psycopg.connect(any_database.url, autocommit=True) as connection:
        pressure = Pressure(connection.info.backend_pid, [1259])
        pressure.look(connection)
        generated = "CREATE TABLE g (a int, b int, g int GENERATED ALWAYS AS (a + 1) STORED, c int)"
        connection.execute(generated)
        connection.execute("ALTER TABLE g ADD PRIMARY KEY (g, c)")
        row = connection.execute("SELECT 'g'::regclass::oid").fetchone()
        assert row is not None
        assert [key.computed_from for key in keys_of(connection, row[0])] == [{"a"}]
        assert (pressure.problem, pressure.age() is None, pressure.lag) == ("", False, ("", 0.0))
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "001_log.sql").write_text(
        "-- batches: log\n-- batch-size: 30\n-- batch-time: 1h\n"
        "UPDATE log SET v = v + 1; INSERT INTO copied SELECT * FROM log; DELETE FROM log"
    )
    done = dbwright("migrate", "up", any_database.url)
    assert done.status == 0, done.err
    assert any_database.execute("SELECT count(*) FROM log") == [(0,)]
    found = any_database.execute(
        "SELECT v, count(*), count(DISTINCT (tenant, id)) FROM copied GROUP BY 1"
    )
    assert found == [(1, 500, 500)]


REFUSED = [
    ("SELECT 1", 2, "no UPDATE, DELETE or INSERT … SELECT is about t"),
    ("UPDATE other SET v = 1", 2, "no UPDATE, DELETE or INSERT … SELECT is about t"),
    ("DELETE FROM t RETURNING v", 2, "line 2: it can't run in batches, for it has RETURNING"),
    ("UPDATE t SET v = 1 WHERE id IN (SELECT id FROM t LIMIT 9)", 2, "names t a second time"),
    ("UPDATE t SET v = 1; UPDATE t SET WHERE", 2, "can't be parsed"),
    ("UPDATE t SET id = id + 1", 3, "it changes id, the key that batches over public.t follow"),
    ("UPDATE t SET v = 1 FROM shown s WHERE s.id = t.id", 3, "reads public.t a second time, by"),
    ("INSERT INTO other SELECT max(v), id % 2 FROM t", 3, "its SELECT has an aggregate"),
    ("UPDATE s.t SET v = 1", 3, "s.t is not the table public.t"),
    ("UPDATE t SET nothing = 1", 3, 'column "nothing" of relation "t" does not exist'),
    ("UPDATE t SET v = 1 / (v - 7)", 3, "in batch 1: division by zero"),
]
OTHERS = [
    ("nowhere", "UPDATE nowhere SET v = 1", "there is no table nowhere"),
    ("shown", "UPDATE shown SET v = 1", "public.shown is no table"),
    ("keyless", "UPDATE keyless SET v = 1", "has no primary key, and no unique index over"),
    ("parent", "UPDATE parent SET v = 1", "other tables inherit from public.parent"),
]


def test_what_can_not_be_cut_is_refused(up: Callable[..., Done], database: Database) -> None:
    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT n, n "
        "FROM generate_series(1, 9) n; CREATE TABLE other (v int, w int); CREATE SCHEMA s;"
        "CREATE TABLE s.t (id int PRIMARY KEY, v int);"
        "CREATE VIEW below AS SELECT * FROM t; CREATE VIEW shown AS SELECT * FROM below;"
        "CREATE TABLE keyless (id int UNIQUE, v int, w int NOT NULL, x int NOT NULL);"
        "CREATE UNIQUE INDEX ON keyless (w) WHERE v > 0; CREATE UNIQUE INDEX ON keyless ((x + 1));"
        "CREATE TABLE parent (id int PRIMARY KEY, v int); CREATE TABLE child () INHERITS (parent);"
        "INSERT INTO parent VALUES (1, 1); INSERT INTO child VALUES (1, 1)"
    )
    cases = [("t", *case) for case in REFUSED]
    cases += [(table, text, 3, message) for table, text, message in OTHERS]
    for table, text, status, message in cases:
        done = up(f"-- batches: {table}\n{text}")
        assert (done.status, message in done.err) == (status, True), (text, done.err)
        assert len(done.err.strip().splitlines()) == 2
    assert database.execute("SELECT sum(v), count(*) FROM t") == [(45, 9)]
    # The same text with one of them alone, and with another key.
    assert up("-- batches: parent\nUPDATE ONLY parent SET v = 2").status == 0
    assert database.execute("SELECT array_agg(v ORDER BY v) FROM parent") == [([1, 2],)]
    database.execute("ALTER TABLE t ADD other uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE")
    assert up("-- batches: t\nUPDATE t SET id = id + 100").status == 0
    assert database.execute("SELECT min(id), max(id) FROM t") == [(101, 109)]


def test_a_failure_on_the_way_and_what_goes_on_after_it(
    up: Callable[..., Done], database: Database, dbwright: Run
) -> None:
    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, v text, n int DEFAULT 0, hits int DEFAULT 0);"
        "INSERT INTO t SELECT n, CASE n WHEN 350 THEN 'x' ELSE n::text END "
        "FROM generate_series(1, 900) n"
    )
    head = "-- batches: t\n-- batch-size: 100\n-- batch-time: 1h\n-- UP\nSELECT 1;\n"
    text = head + "UPDATE t SET n = v::int, hits = hits + 1;\n-- DOWN\nUPDATE t SET hits = 0"
    done = up(text)
    assert done.status == 4
    assert "line 6, in batch 3 behind id = 300: invalid input syntax" in done.err
    assert "1 of 2 statements and 2 batches (33% of its rows) of the next" in done.err
    status = dbwright("migrate", "status", database.url)
    assert "and 2 batches (33% of its rows) of the next one, up to id = 300" in status.out
    found = dbwright("migrate", "status", database.url, "--format", "json")
    assert found.report["migrations"][0]["batches"] == {
        "done": 2, "rows_passed": 300, "rows_estimated": 900, "partition": None,
        "key": {"id": "300"}, "last_key": {"id": "900"},
    }  # fmt: skip
    done = dbwright("migrate", "down", database.url)
    assert (done.status, "applied in part" in done.err) == (2, True)
    done = up(text.replace("v::int", "nullif(v, 'x')::int"), again=True)
    assert done.status == 2
    assert "another text of it was run for 2 batches (33% of its rows)" in done.err
    done = up(text.replace("-- batches: t\n", "").replace("-- batch", "-- no batch"), again=True)
    assert (done.status, "now is one transaction" in done.err) == (2, True)
    done = up(text.replace("v::int", "nullif(v, 'x')::int"), "--cut-off", "done", again=True)
    assert done.status == 0, done.err
    assert database.execute("SELECT hits, count(n), count(*) FROM t GROUP BY 1") == [(1, 899, 900)]
    # The way back is in batches too, and stops, and goes on.
    database.execute("ALTER TABLE t ADD CHECK (id <> 555 OR hits > 0)")
    done = dbwright("migrate", "down", database.url)
    assert (done.status, "in batch 3 behind id = 300" in done.err) == (4, True)
    database.execute("ALTER TABLE t DROP CONSTRAINT t_check")
    assert dbwright("migrate", "up", database.url).status == 2
    assert dbwright("migrate", "down", database.url).status == 0
    assert database.execute("SELECT hits, count(*) FROM t GROUP BY 1") == [(0, 900)]
    assert database.execute("SELECT batches FROM schema_migrations") == [("",)]


def test_from_the_first_row_again(up: Callable[..., Done], database: Database) -> None:
    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, v int DEFAULT 0, CHECK (id <> 250 OR v = 0));"
        "INSERT INTO t SELECT n FROM generate_series(1, 300) n"
    )
    head = "-- batches: t\n-- batch-size: 100\n-- batch-time: 1h\n"
    assert up(head + "UPDATE t SET v = v + 1").status == 4
    assert database.execute("SELECT sum(v) FROM t") == [(100,)]
    database.execute("ALTER TABLE t DROP CONSTRAINT t_check")
    done = up(head + "UPDATE t SET v = v + 10", "--cut-off", "again", again=True)
    assert done.status == 0
    assert database.execute("SELECT v, count(*) FROM t GROUP BY 1 ORDER BY 1") == [
        (10, 200),
        (11, 100),
    ]
    # What was a batch before, and now is none.
    database.execute("ALTER TABLE t ADD CHECK (id <> 250 OR v < 20)")
    assert up(head + "UPDATE t SET v = v + 10").status == 4
    later = head + "-- UP\nSELECT 2;\n-- DOWN\nUPDATE t SET v = 0"
    done = up(later, again=True)
    assert (done.status, "does not run in batches" in done.err) == (2, True)
    assert up(later, "--cut-off", "again", again=True).status == 0
