"""Files that leave the beaten track, on a real server."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dbwright.sandbox import start
from servers.command_line import Done
from servers.observe import wait_for
from servers.postgresql import Database

Run = Callable[..., Done]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "migrations"
    place.mkdir()
    return place


def states(database: Database) -> list[tuple[str, str]]:
    return database.execute("SELECT version, state FROM schema_migrations ORDER BY 1")


def test_whoever_a_file_becomes_the_history_is_ones_own(
    dbwright: Run, database: Database, folder: Path
) -> None:
    role = f"app_{database.execute('SELECT pg_backend_pid()')[0][0]}"
    database.execute(f"CREATE ROLE {role}; CREATE SCHEMA {role} AUTHORIZATION {role}")
    (folder / "001_a.sql").write_text(f"SET ROLE {role}; CREATE TABLE {role}.a ();")
    (folder / "002_b.sql").write_text(f"SET SESSION AUTHORIZATION {role}; CREATE TABLE {role}.b ()")
    (folder / "003_c.sql").write_text(
        f"-- no-transaction\nSET ROLE {role}; CREATE TABLE {role}.c (); CREATE TABLE {role}.d ();"
    )
    (folder / "004_d.sql").write_text("CREATE TEMP TABLE t (); CREATE TABLE e ()")
    (folder / "005_e.sql").write_text("CREATE TEMP TABLE t (); COPY pg_temp.t FROM stdin;\n\\.\n")
    (folder / "006_f.sql").write_text("-- no-transaction\nDISCARD ALL; SELECT 1; CREATE TABLE f ()")
    (folder / "007_g.sql").write_text("SET client_encoding = 'LATIN1'; CREATE TABLE \"ä\" ()")
    assert dbwright("migrate", "up", database.url).err == ""
    owners = database.execute(
        "SELECT relname, relowner::regrole::text FROM pg_class WHERE relkind = 'r' AND "
        "length(relname) = 1 AND relnamespace::regnamespace::text !~ '^pg' ORDER BY 1"
    )
    mine = database.execute("SELECT current_user::text")[0][0]
    assert owners == [*((name, role) for name in "abcd"), ("e", mine), ("f", mine), ("ä", mine)]
    database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_settings_are_made_again_before_the_rest(
    dbwright: Run, database: Database, folder: Path
) -> None:
    database.execute(
        "CREATE SCHEMA s; CREATE TABLE x (a integer); CREATE TABLE s.x (a integer);"
        "INSERT INTO s.x VALUES (1), (1)"
    )
    (folder / "001_a.sql").write_text(
        "-- no-transaction\nSET search_path = s;\nCREATE UNIQUE INDEX CONCURRENTLY i ON x (a);"
    )
    assert dbwright("migrate", "up", database.url).status == 4
    database.execute("TRUNCATE s.x")
    assert dbwright("migrate", "up", database.url).status == 0
    assert database.execute("SELECT to_regclass('s.i')::text, to_regclass('public.i')") == [
        ("s.i", None)
    ]


def test_invalid_indexes(dbwright: Run, database: Database, folder: Path) -> None:
    database.execute(
        "CREATE TABLE c (a integer); INSERT INTO c VALUES (1), (1); CREATE TABLE d (a integer);"
        "CREATE UNIQUE INDEX d_a ON d (a); CREATE TABLE taken ()"
    )
    for name in ("left_behind", "others_ccnew"):
        with pytest.raises(psycopg.errors.UniqueViolation):
            database.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON c (a)")
    (folder / "001_a.sql").write_text(
        "-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS left_behind ON c (a);\n"
        "REINDEX INDEX CONCURRENTLY d_a;\nCREATE UNIQUE INDEX CONCURRENTLY ON c (a);"
    )
    done = dbwright("migrate", "up", database.url)
    assert (done.status, "2 of 3 statements are done" in done.err) == (4, True)
    # What was left behind is built anew; the one without a name is cleared away; that of others
    # stays, though its name is like one of REINDEX.
    found = "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = 'c'::regclass ORDER BY 1"
    assert database.execute(found) == [("left_behind", True), ("others_ccnew", False)]
    (folder / "001_a.sql").write_text(
        (folder / "001_a.sql")
        .read_text()
        .replace("CREATE UNIQUE INDEX CONCURRENTLY ON", "SELECT 1; --")
    )
    assert dbwright("migrate", "up", database.url).status == 0
    (folder / "002_b.sql").write_text(
        "-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS taken ON c (a)"
    )
    done = dbwright("migrate", "up", database.url)
    assert (done.status, "taken is there already, and is no index of c" in done.err) == (3, True)


def test_another_index_of_the_name(dbwright: Run, database: Database, folder: Path) -> None:
    database.execute(
        "CREATE TABLE t (a integer, b text); CREATE INDEX i ON t (a DESC);"
        "CREATE INDEX j ON t USING btree (lower(b) ASC, a NULLS LAST) WHERE a > 0;"
    )
    step = "-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS "
    (folder / "001_a.sql").write_text(f"{step} i ON t (a)")
    done = dbwright("migrate", "up", database.url)
    assert done.status == 3
    assert "another index: CREATE INDEX i ON public.t USING btree (a DESC)" in done.err
    same = "i ON t (a DESC NULLS FIRST);\nCREATE INDEX CONCURRENTLY IF NOT EXISTS "
    (folder / "001_a.sql").write_text(f"{step} {same} j ON t (lower(b), a) WHERE (a > 0)")
    assert dbwright("migrate", "up", database.url).status == 0


def test_what_can_not_go_on_says_why(dbwright: Run, database: Database, folder: Path) -> None:
    database.execute(
        "CREATE TABLE a (x integer PRIMARY KEY);"
        "CREATE TABLE b (x integer REFERENCES a DEFERRABLE INITIALLY DEFERRED);"
        "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; PERFORM 1 / 0; END'"
    )
    wants = {
        "INSERT INTO b VALUES (1)": (3, 'at its end: insert or update on table "b" violates'),
        "DROP TABLE schema_migrations": (3, 'relation "public.schema_migrations" does not exist'),
        "CREATE INDEX CONCURRENTLY ON a (x)": (3, "say `-- no-transaction` at the head"),
        "BEGIN; CREATE TABLE c (); ROLLBACK": (2, "has no BEGIN or COMMIT within"),
        "-- no-transaction\nBEGIN; SELECT 1; COMMIT": (2, "BEGIN and COMMIT do nothing"),
        "-- no-transaction\nCALL p()": (4, "what it had committed before stays"),
        "COPY a TO stdout": (2, "nobody who reads it"),
        "": (2, "has no statement to run"),
    }
    for text, (status, message) in wants.items():
        (folder / "001_a.sql").write_text(text)
        done = dbwright("migrate", "up", database.url)
        assert (done.status, message in done.err) == (status, True), done.err
    for table in ("a b", "", "x.y.z.w", "x; DROP TABLE a"):
        done = dbwright("migrate", "status", database.url, "--table", table)
        assert (done.status, "is no name of a table" in done.err) == (2, True), done.err
    readonly = f"{database.url}&options=-c%20default_transaction_read_only%3Don"
    done = dbwright("migrate", "up", readonly)
    assert (done.status, "is read-only for this user" in done.err) == (3, True), done.err
    done = dbwright("migrate", "up", database.url, "--table", "nowhere.t")
    assert (done.status, 'schema "nowhere" does not exist' in done.err) == (3, True)


def test_a_way_back_that_fails(dbwright: Run, database: Database, folder: Path) -> None:
    text = "-- no-transaction\n-- UP\nCREATE TABLE c ();\n-- DOWN\nDROP INDEX CONCURRENTLY nope;"
    (folder / "001_a.sql").write_text(text)
    assert dbwright("migrate", "up", database.url).status == 0
    assert dbwright("migrate", "down", database.url).status == 3
    assert states(database) == [("001", "applied")]
    assert "could not be taken back" in dbwright("migrate", "status", database.url).out
    # A name with another number of zeros is the same version.
    (folder / "001_a.sql").rename(folder / "1_a.sql")
    (folder / "1_a.sql").write_text("-- UP\nCREATE TABLE c ();\n-- DOWN\nDROP TABLE c;")
    assert dbwright("migrate", "down", database.url).status == 0
    assert states(database) == [("1", "rolled back")]
    assert "- 1 a" in dbwright("migrate", "baseline", database.url, "1").out
    assert states(database) == [("1", "baseline")]


def test_python_that_does_not_do_what_it_seems(
    dbwright: Run, database: Database, folder: Path
) -> None:
    wants = {
        "async def up(c): pass": (3, "async function"),
        "def up(c): yield": (3, "has a yield"),
        "def up(c): c.execute('COMMIT')": (4, "it ended the transaction"),
        "# no-transaction\ndef up(c): c.execute('BEGIN')": (4, "it left a transaction open"),
        "# no-transaction\ndef up(c): 1 / 0": (4, "ZeroDivisionError"),
        "import sys\nsys.exit(3)": (2, "can't be loaded: SystemExit"),
        "import sys\ndef up(c):\n  sys.exit(0)": (3, "001_a.py, line 3: SystemExit: 0"),
        "def up(c):\n  raise OSError('postgresql://me:sesame@h')": (3, "postgresql://me:…@h"),
    }
    for text, (status, message) in wants.items():
        (folder / "001_a.py").write_text(text)
        done = dbwright("migrate", "up", database.url)
        assert (done.status, message in done.err) == (status, True), done.err
    (folder / "001_a.py").write_text(
        "from __future__ import annotations\nimport functools\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass Row:\n    n: int\nup = functools.partial(lambda c: c.execute('SELECT 1'))\n"
    )
    assert dbwright("migrate", "up", database.url).status == 0
    (folder / "002_b.py").write_text("# no-transaction\ndef up(c): raise KeyboardInterrupt")
    done = dbwright("migrate", "up", database.url)
    assert (done.status, "run it with --cut-off done or" in done.err) == (4, True), done.err


def test_rows_that_nobody_reads(dbwright: Run, database: Database, folder: Path) -> None:
    """Of a query they come a few at a time; what makes a table of them is none."""
    (folder / "001_a.sql").write_text(
        "SELECT 1 AS a INTO t; SELECT 1 INTO t2 UNION SELECT 2; VALUES (1); TABLE t; SELECT;"
        "WITH i AS (INSERT INTO t VALUES (3) RETURNING a) SELECT * FROM i;"
        "WITH i AS (SELECT 9) INSERT INTO t SELECT * FROM i; (SELECT '%s') UNION (SELECT '{}');"
        "SELECT repeat('x', 1000) FROM generate_series(1, 3000)"
    )
    assert dbwright("migrate", "up", database.url).status == 0
    assert database.execute("SELECT a FROM t ORDER BY 1") == [(1,), (3,), (9,)]
    (folder / "002_b.sql").write_text("SELECT 1 / (2500 - n) FROM generate_series(1, 3000) n")
    done = dbwright("migrate", "up", database.url)
    assert (done.status, "division by zero" in done.err) == (3, True)


def test_a_history_that_is_locked(dbwright: Run, database: Database, folder: Path) -> None:
    (folder / "001_a.sql").write_text("SELECT 1")
    assert dbwright("migrate", "up", database.url).status == 0
    with psycopg.connect(database.url) as other:
        other.execute("LOCK TABLE schema_migrations")
        done = dbwright("migrate", "status", database.url)
    assert (done.status, "history's table is locked by another session" in done.err) == (3, True)


def test_a_step_in_python_waits_no_longer(dbwright: Run, database: Database, folder: Path) -> None:
    """Also outside of a transaction: who comes after it waits behind it."""
    database.execute("CREATE TABLE t ()")
    step = (
        "# no-transaction\n# lock-timeout: 100ms\ndef up(c): c.execute('ALTER TABLE t ADD a int')"
    )
    (folder / "001_a.py").write_text(step)
    with psycopg.connect(database.url) as other:
        other.execute("SELECT FROM t")
        done = dbwright("migrate", "up", database.url)
    assert (done.status, "due to lock timeout, once" in done.err) == (4, True), done.err


def test_a_prepared_transaction_and_a_full_disk(dbwright: Run, folder: Path) -> None:
    with start(settings={"max_prepared_transactions": "2"}) as server:
        database = Database(server, "postgres", server.url())
        database.execute(
            "CREATE TABLE c (a text);"
            "INSERT INTO c SELECT sha512(n::text::bytea)::text FROM generate_series(1, 20000) n"
        )
        with psycopg.connect(server.url(), autocommit=True) as other:
            for step in ("BEGIN", "INSERT INTO c VALUES ('')", "PREPARE TRANSACTION 'g1'"):
                other.execute(step.encode())
            (folder / "001_a.sql").write_text(
                "-- no-transaction\nCREATE INDEX CONCURRENTLY i ON c (a)"
            )
            done = dbwright("migrate", "up", database.url)
            assert (done.status, "the prepared transaction g1" in done.err) == (3, True)
            (folder / "001_a.sql").write_text("ALTER TABLE c ADD b integer")
            done = dbwright("migrate", "up", database.url, "--retries", "0")
            assert (done.status, "the prepared transaction g1" in done.err) == (3, True)
            other.execute("ROLLBACK PREPARED 'g1'")
        disk = server.socket_directory / "disk"  # the server's user can enter it
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=1777", "tmpfs", str(disk)]
        if subprocess.run(mount, capture_output=True).returncode != 0:
            pytest.skip("this root may not mount")
        try:
            _fill(dbwright, database, folder, disk)
        finally:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _fill(dbwright: Run, database: Database, folder: Path, disk: Path) -> None:
    database.execute(f"COPY (SELECT) TO PROGRAM 'mkdir -m 700 {disk}/small'")
    database.execute(f"CREATE TABLESPACE small LOCATION '{disk}/small'")
    (folder / "001_a.sql").write_text(
        "-- no-transaction\nCREATE INDEX CONCURRENTLY i ON c (a) TABLESPACE small"
    )
    done = dbwright("migrate", "up", database.url)
    assert done.status == 3
    assert "No space left" in done.err or "Check free disk space" in done.err
    assert database.execute("SELECT to_regclass('i')") == [(None,)]  # nothing is left behind
    (folder / "001_a.sql").write_text("-- no-transaction\nCREATE INDEX CONCURRENTLY i ON c (a)")
    assert dbwright("migrate", "up", database.url).status == 0


def test_settings_of_the_role_are_for_the_application(
    dbwright: Run, database: Database, folder: Path
) -> None:
    """They would end a session that waits for its turn or its lock, that thinks, or takes long."""
    short = "idle_session_timeout idle_in_transaction_session_timeout transaction_timeout".split()
    for name in (*short, "statement_timeout"):
        database.execute(f"ALTER DATABASE {database.name} SET {name} = '200ms'")
    database.execute("CREATE TABLE t ()")
    (folder / "001_a.sql").write_text("ALTER TABLE t ADD a integer; SELECT pg_sleep(0.4)")
    (folder / "002_b.py").write_text("import time\ndef up(c): c.execute('SELECT'); time.sleep(0.4)")
    (folder / "003_c.py").write_text("# no-transaction\nimport time\ndef up(c): time.sleep(0.4)")
    with psycopg.connect(database.url) as other:
        for name in short:
            other.execute(f"SET {name} = 0".encode())
        other.execute("LOCK TABLE t")
        done = dbwright("migrate", "up", database.url, "--retries", "1")
        assert (done.status, "canceling statement due to lock timeout" in done.err) == (3, True)
    done = dbwright("migrate", "up", database.url)
    assert (done.status, done.err) == (0, "")


def test_what_was_temporary_is_gone_with_the_session(
    dbwright: Run, database: Database, folder: Path
) -> None:
    database.execute("CREATE TABLE t (id integer PRIMARY KEY, v integer); CREATE SCHEMA s")
    database.execute("INSERT INTO t SELECT n, n FROM generate_series(1, 10) n")
    (folder / "001_a.sql").write_text(
        "-- batches: public.t\nSELECT pg_catalog.set_config('search_path', 's', false);\n"
        "PREPARE p AS SELECT 1;\n"
        "CREATE TEMP TABLE sums AS SELECT id, v + 1 AS v FROM public.t;\n"
        "SELECT 1 AS one INTO TEMP other; DROP TABLE other;\n"
        "SELECT 1 / count(*) FROM pg_class WHERE relname = 'go_on';\n"
        "UPDATE public.t SET v = sums.v FROM sums WHERE sums.id = t.id;\nEXECUTE p;\nSELECT 'other';\n"
    )
    assert dbwright("migrate", "up", database.url).status == 4
    database.execute("CREATE TABLE go_on ()")
    done = dbwright("migrate", "up", database.url)
    assert (done.status, "line 4: sums was temporary" in done.err) == (4, True), done.err
    assert "make sums by hand, as a plain table" in done.err
    database.execute("CREATE TABLE s.sums AS SELECT id, v + 1 AS v FROM t")
    assert dbwright("migrate", "up", database.url).status == 0
    assert database.execute("SELECT sum(v - id) FROM t") == [(10,)]


def test_an_autovacuum_gives_way(dbwright: Run, folder: Path) -> None:
    """To who waits longer than deadlock_timeout, which is more than the limit of a lock."""
    slow = {"autovacuum_naptime": "1s", "autovacuum_vacuum_cost_delay": "100ms"}
    with start(settings={**slow, "autovacuum_vacuum_cost_limit": "1"}) as server:
        database = Database(server, "postgres", server.url())
        database.execute(
            "CREATE ROLE plain LOGIN; GRANT ALL ON SCHEMA public TO plain;"
            "CREATE TABLE t (a text) WITH (autovacuum_enabled = off, "
            "autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0);"
            "INSERT INTO t SELECT repeat('x', 500) FROM generate_series(1, 5000);"
            "ALTER TABLE t OWNER TO plain; DELETE FROM t WHERE ctid::text LIKE '%,1)'"
        )
        for user in ("plain", "dbwright"):
            url = server.url(user=user)
            (folder / "001_a.sql").write_text(f"ALTER TABLE t ADD {user} integer")
            database.execute("ALTER TABLE t SET (autovacuum_enabled = on)")
            wait_for(lambda: bool(database.execute(f"SELECT {VACUUMED}")[0][0]))
            done = dbwright("migrate", "up", url, "--retries", "2", "--table", f"history_{user}")
            assert done.status == 0, done.err


VACUUMED = """EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
  WHERE a.backend_type = 'autovacuum worker' AND l.relation = 't'::regclass)"""
