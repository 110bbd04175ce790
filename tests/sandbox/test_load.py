from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import pytest

from dbwright.errors import SandboxError
from dbwright.model.finding import Location
from dbwright.sandbox.load import Loaded, load, sql_files
from servers.postgresql import OUTER_MAJORS, Database

CORPUS = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpus"


def run(database: Database, folder: Path, **files: str) -> Loaded:
    """Load files by their names without ending."""
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text)
    with chdir(folder):
        return load(database.server, database.name, sql_files(Path()), root=Path())


def codes(loaded: Loaded) -> list[str]:
    return [refused.sqlstate for refused in loaded.refused]


def test_tables_rows_and_places(database: Database, tmp_path: Path) -> None:
    loaded = run(
        database,
        tmp_path,
        a="-- é\nCREATE TABLE t (\n  id int PRIMARY KEY,\n  name text\n);\n"
        "INSERT INTO t VALUES (1, 'a');\nINSERT INTO t VALUES (2, 'b');\n",
        b="CREATE INDEX CONCURRENTLY ON t (name);\nALTER TABLE t ADD more int;\n",
    )
    assert loaded.refused == ()
    assert loaded.statements == 5
    assert database.execute("SELECT count(*) FROM t") == [(2,)]
    assert loaded.locations["table public.t"] == Location("a.sql", 2, 1)
    assert loaded.locations["column public.t.name"] == Location("a.sql", 4, 3)
    assert loaded.locations["constraint public.t.t_pkey"] == Location("a.sql", 3, 10)
    assert loaded.locations["index public.t_name_idx"] == Location("b.sql", 1, 1)
    assert loaded.locations["column public.t.more"] == Location("b.sql", 2, 19)


def test_places_follow_the_search_path(database: Database, tmp_path: Path) -> None:
    loaded = run(
        database,
        tmp_path,
        a="CREATE SCHEMA app; SET search_path = app; CREATE TABLE t ();\n"
        "SELECT pg_catalog.set_config('search_path', 'public', false); CREATE TABLE u ();"
        "CREATE TABLE IF NOT EXISTS u ();",
        b="CREATE TABLE v ();",
    )
    assert [name for name in loaded.locations if name.startswith("table")] == [
        "table app.t",
        "table public.u",
        "table public.v",
    ]
    assert loaded.locations["table public.u"].line == 2


def test_refused_statements_say_where_and_what(database: Database, tmp_path: Path) -> None:
    loaded = run(
        database,
        tmp_path,
        a="CREATE TABLE t (a int);\nCREATE TABLE u (\n  a int,\n  b datetime\n);\n"
        "INSERT INTO u VALUES (1);\nINSERT INTO u VALUES (2);\nINSERT INTO t VALUES (3);\n",
        b="ALTER TABLE late ADD b int;",
        c="CREATE TABLE late ();",
    )
    assert codes(loaded) == ["42704", "42P01", "42P01"]
    assert loaded.refused[0].location == Location("a.sql", 4, 5)
    assert "timestamp with time zone" in loaded.refused[0].hint
    assert "a.sql:4" in loaded.refused[1].hint
    assert "c.sql:1" in loaded.refused[2].hint
    assert database.execute("SELECT a FROM t") == [(3,)]
    assert any(note.startswith("1 more INSERTs") for note in loaded.notes)


def test_a_transaction_keeps_what_was_not_refused(database: Database, tmp_path: Path) -> None:
    loaded = run(
        database,
        tmp_path,
        a="BEGIN;\nCREATE TABLE t (a int);\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES ('x');\n"
        "INSERT INTO t VALUES (2);\nCREATE TABLE t (a int);\nSELECT 1/0;\n"
        "CREATE INDEX CONCURRENTLY ON t (a);\nCOMMIT;\n"
        "BEGIN; CREATE TABLE gone (); SAVEPOINT s; ROLLBACK TO s; ROLLBACK;\n"
        "START TRANSACTION; CREATE TABLE kept ();",
    )
    assert codes(loaded) == ["22P02", "42P07", "22012", "25001"]
    assert database.execute("SELECT a FROM t ORDER BY a") == [(1,), (2,)]
    assert database.execute("SELECT to_regclass('gone'), to_regclass('kept')") == [(None, "kept")]
    assert "a.sql: its last transaction was still open; it was committed." in loaded.notes


def test_a_commit_that_fails(database: Database, tmp_path: Path) -> None:
    loaded = run(
        database,
        tmp_path,
        a="CREATE TABLE p (a int PRIMARY KEY);\nCREATE TABLE c (a int REFERENCES p "
        "DEFERRABLE INITIALLY DEFERRED);\nBEGIN;\nINSERT INTO c VALUES (1);\nCOMMIT;\n"
        "INSERT INTO p VALUES (5);",
    )
    assert codes(loaded) == ["23503"]
    assert loaded.refused[0].location.line == 5
    assert database.execute("SELECT a FROM p") == [(5,)]


def test_copy_data(database: Database, tmp_path: Path) -> None:
    loaded = run(
        database,
        tmp_path,
        a="SET client_encoding = 'LATIN1';\nCREATE TABLE t (a int, b text);\n"
        "COPY t (a, b) FROM stdin;\n1\té\n2\t\\N\n\\.\nCOPY t FROM stdin WITH (FORMAT csv);\n"
        '3,";\n--"\n\\.\nCOPY t FROM stdin;\nx\ty\n\\.\nCOPY nowhere FROM stdin;\n1\n\\.\n'
        "INSERT INTO t VALUES (4);\nCOPY t TO stdout;\n",
    )
    assert codes(loaded) == ["22P02", "42P01"]
    assert database.execute("SELECT * FROM t ORDER BY a") == [
        (1, "é"),
        (2, None),
        (3, ";\n--"),
        (4, None),
    ]


def test_commands_of_psql(database: Database, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "b.inc").write_text("CREATE TABLE b ();\n\\ir ../a.sql\n")
    (tmp_path.parent / "outside.inc").write_text("CREATE TABLE outside ();")
    loaded = run(
        database,
        tmp_path,
        a="\\restrict x\n\\set x 1\n\\i parts/b.inc\n\\ir ../outside.inc\nSELECT 1 \\gexec\n"
        "\\! touch /tmp/x\n\\copy b from stdin\n\\.\n\\c other\nCREATE TABLE a ();\n",
    )
    assert [refused.location.line for refused in loaded.refused] == [4, 5, 6, 7]
    assert all(refused.hint for refused in loaded.refused)
    assert loaded.locations["table public.b"].file == "parts/b.inc"
    assert "table public.a" in loaded.locations
    assert database.execute("SELECT to_regclass('outside')") == [(None,)]


def test_roles_that_are_only_named(database: Database, tmp_path: Path) -> None:
    name = f'Owner of "{database.name}"'
    quoted = '"' + name.replace('"', '""') + '"'
    loaded = run(
        database,
        tmp_path,
        a=f"CREATE TABLE t ();\nALTER TABLE t OWNER TO {quoted};\n"
        f"GRANT SELECT ON t TO reader_{database.name};\nALTER SCHEMA public OWNER TO postgres;\n"
        f"CREATE ROLE app_{database.name} BYPASSRLS; GRANT app_{database.name} TO {quoted};\n"
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {quoted} GRANT SELECT ON TABLES TO PUBLIC;\n",
    )
    assert loaded.refused == ()
    assert database.execute("SELECT tableowner FROM pg_tables WHERE tablename = 't'") == [(name,)]
    assert database.execute(
        f"SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = '{name}'"
    ) == [(False, False)]
    assert len([note for note in loaded.notes if "was made without login" in note]) == 2


def test_what_needs_a_superuser_and_is_harmless(database: Database, tmp_path: Path) -> None:
    loaded = run(
        database,
        tmp_path,
        a="""
        BEGIN;
        CREATE EXTENSION pg_stat_statements;
        COMMIT;
        COMMENT ON EXTENSION pg_stat_statements IS 'x';
        CREATE EXTENSION postgres_fdw;
        CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere');
        CREATE FOREIGN TABLE far (a int) SERVER other;
        CREATE PUBLICATION everything FOR ALL TABLES;
        CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS $$
            BEGIN ALTER ROLE postgres SUPERUSER; END $$;
        CREATE EVENT TRIGGER watcher ON ddl_command_end EXECUTE FUNCTION watch();
        SET session_replication_role = replica;
        CREATE TABLE t (a int);
        ALTER TABLE t DISABLE TRIGGER ALL;
        SET foreign_key_checks = 0;
        SET statement_timeout = 0;
        """,
    )
    assert loaded.refused == ()
    assert database.execute("SELECT evtenabled FROM pg_event_trigger") == [("D",)]
    assert ordinary(database)
    assert any("foreign_key_checks" in note for note in loaded.notes)


FORBIDDEN = [
    "COPY t TO PROGRAM 'id'",
    "COPY t FROM '/etc/passwd'",
    "COPY (SELECT 1) TO '/tmp/x'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/tmp/x', 'y'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE internal AS 'int4in'",
    "ALTER SYSTEM SET work_mem = '1GB'",
    "LOAD 'auto_explain'",
    "CREATE SUBSCRIPTION s CONNECTION 'host=nowhere' PUBLICATION p",
    "CREATE EXTENSION file_fdw",
    "CREATE EXTENSION dblink",
    "CREATE TABLESPACE ts LOCATION '/tmp'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "GRANT pg_execute_server_program TO postgres",
    "CREATE ROLE boss SUPERUSER",
    "CREATE ROLE boss REPLICATION",
    "CREATE ROLE boss IN ROLE pg_read_server_files",
    "SET SESSION AUTHORIZATION dbwright",
    "SET ROLE dbwright",
    "SET session_preload_libraries = '/tmp/x'",
    "ALTER ROLE ALL SET session_preload_libraries = '/tmp/x'",
    "ALTER FUNCTION g() OWNER TO dbwright",
    "ALTER FUNCTION g() OWNER TO pg_execute_server_program",
    "ALTER FUNCTION g() OWNER TO SESSION_USER, OWNER TO dbwright",
    "ALTER EVENT TRIGGER e ENABLE",
    "IMPORT FOREIGN SCHEMA s FROM SERVER x INTO public",
    "DO $$ BEGIN EXECUTE 'COPY t TO PROGRAM ''id'''; END $$",
    "DO $$ BEGIN EXECUTE 'ALTER ROLE postgres SUPERUSER'; END $$",
    "CREATE CAST (int AS box) WITHOUT FUNCTION",
]
BEFORE = """
CREATE TABLE t (a text);
CREATE FUNCTION g() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS
    $$ BEGIN COPY t FROM PROGRAM 'id'; END $$;
CREATE FUNCTION w() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN COPY t FROM PROGRAM 'id'; END $$;
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION w();
"""


@pytest.mark.parametrize("older", [False, True], ids=["18", "15"])
def test_files_reach_no_files_programs_or_superusers(
    request: pytest.FixtureRequest, older: bool, tmp_path: Path
) -> None:
    database = request.getfixturevalue("database_15" if older else "database")
    after = "CREATE EXTENSION amcheck;\nSELECT g();\nCOPY t FROM PROGRAM 'id';"
    loaded = run(database, tmp_path, a=BEFORE, b=";\n".join(FORBIDDEN), c=f"BEGIN;{after}COMMIT;")
    refused = {item.statement for item in loaded.refused}
    # Version 15 of Debian comes with its contributed modules in a package of its own.
    assert set(FORBIDDEN) - refused == set()
    assert {"SELECT g()", "COPY t FROM PROGRAM 'id'"} <= refused
    assert all(item.hint or item.sqlstate == "42601" for item in loaded.refused)
    assert database.execute("SELECT count(*) FROM t") == [(0,)]
    assert ordinary(database)
    rows = database.execute("SELECT rolname FROM pg_roles WHERE rolsuper")
    assert rows == [("dbwright",)]


def ordinary(database: Database) -> bool:
    """Is the role that loads an ordinary one (again)?"""
    rows = database.execute(
        "SELECT rolsuper OR rolreplication, pg_has_role('postgres', 'pg_execute_server_program', "
        "'member') FROM pg_roles WHERE rolname = 'postgres'"
    )
    return rows == [(False, False)]


@pytest.mark.parametrize("any_postgresql", OUTER_MAJORS, indirect=True)
def test_every_major(any_database: Database, tmp_path: Path) -> None:
    loaded = run(
        any_database,
        tmp_path,
        a="BEGIN; CREATE TABLE t (a text); ALTER TABLE t OWNER TO somebody; CREATE ROLE anybody;\n"
        "COMMENT ON SCHEMA pg_catalog IS 'x'; COPY t FROM PROGRAM 'id';\nCOPY t FROM stdin;\nx\n"
        "\\.\nSELECT pg_read_file('/etc/passwd');COMMIT;INSERT INTO t VALUES (1);",
    )
    assert [item.statement[:4] for item in loaded.refused] == ["COPY", "SELE"]
    assert any_database.execute("SELECT count(*) FROM t") == [(2,)]
    assert ordinary(any_database)


def test_rights_end_within_the_same_transaction(database: Database, tmp_path: Path) -> None:
    loaded = run(
        database,
        tmp_path,
        a="CREATE TABLE t (a text); BEGIN; LOCK TABLE t; COPY t FROM stdin;\nx\n\\.\n"
        "CREATE EXTENSION amcheck; CREATE EXTENSION pageinspect;"
        "DO $$ BEGIN EXECUTE 'COPY t FROM PROGRAM ''id'''; END $$;"
        "CREATE ROLE boss SUPERUSER; SAVEPOINT s; SELECT pg_read_file('/etc/passwd'); COMMIT;",
    )
    assert codes(loaded) == ["42501", "42501", "42501"]
    assert database.execute("SELECT a FROM t") == [("x",)]


def test_a_statement_that_takes_too_long(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.sql"
    path.write_text("SET statement_timeout = 0; SELECT pg_sleep(60); CREATE TABLE t ();")
    loaded = load(database.server, database.name, [path], statement_timeout=0.3)
    assert codes(loaded) == ["57014"]
    assert loaded.refused[0].location.file == str(path)
    assert loaded.refused[0].hint
    assert "table public.t" in loaded.locations


def test_a_connection_that_breaks(database: Database, tmp_path: Path) -> None:
    loaded = run(
        database,
        tmp_path,
        a="CREATE TABLE a ();\nSELECT pg_terminate_backend(pg_backend_pid());\nCREATE TABLE b ();",
    )
    assert codes(loaded) == ["57P01"]
    assert {"table public.a", "table public.b"} <= set(loaded.locations)


def test_a_result_may_be_larger_than_the_memory(database: Database, tmp_path: Path) -> None:
    loaded = run(database, tmp_path, a="SELECT repeat('x', 1000) FROM generate_series(1, 200000);")
    assert loaded.refused == ()


def test_event_triggers_of_others_are_not_run(database: Database, tmp_path: Path) -> None:
    database.execute(
        "CREATE FUNCTION w() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION w()"
    )
    with pytest.raises(SandboxError):
        run(database, tmp_path, a="SELECT 1;")


def test_thousands_of_rows(database: Database, tmp_path: Path) -> None:
    told: list[tuple[str, int | None, int | None]] = []
    rows = "".join(f"INSERT INTO t VALUES ({n}, 'it''s; {n}'); -- {n}\n" for n in range(5000))
    path = tmp_path / "a.sql"
    path.write_text(f"CREATE TABLE t (a int PRIMARY KEY, b text);\n{rows}INSERT INTO t VALUES (7);")
    loaded = load(
        database.server,
        database.name,
        [path],
        progress=lambda doing, done=None, total=None: told.append((doing, done, total)),
    )
    assert codes(loaded) == ["23505"]
    assert loaded.statements == 5002
    assert database.execute("SELECT count(*) FROM t") == [(5000,)]
    assert told[-1][1] == told[-1][2] == len(path.read_text())
    assert len(told) > 10


def test_other_products_are_told_apart(database: Database, tmp_path: Path) -> None:
    loaded = run(
        database,
        tmp_path,
        a="USE `Chinook`;\nCREATE TABLE `Album`\n(\n    `AlbumId` INT NOT NULL,\n"
        "    `Title` NVARCHAR(160) NOT NULL\n);\nINSERT INTO `Album` VALUES (1, N'A\\'s');\n",
        b="DROP TABLE IF EXISTS [Album];\nCREATE TABLE [Album] ([AlbumId] INTEGER NOT NULL);\n"
        "ALTER TABLE tuple ADD COLUMN a LONGBLOB, LOCK = NONE;",
    )
    assert len(loaded.refused) == 6
    assert [refused.hint.split(" ")[0] for refused in loaded.refused] == [
        "USE",
        "Backticks",
        "Backticks",
        "Square",
        "Square",
        "LOCK",
    ]


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not part of the repository")
@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("databases/chinook-postgresql.sql", 0),
        ("databases/northwind.sql", 0),
        ("databases/pagila-schema.sql", 0),
        ("databases/chinook-mysql.sql", 37),
        ("databases/chinook-sqlite.sql", 34),
        ("migrations/svix-updown", 0),
        ("migrations/umami-prisma", 1),
        ("migrations/supabase-storage", 2),
        ("migrations/openfga-goose/postgres", 0),
        ("migrations/openfga-goose/mysql", 13),
        ("migrations/openfga-goose/sqlite", 9),
    ],
)
def test_corpus(database: Database, path: str, refused: int) -> None:
    target = CORPUS / path
    loaded = load(database.server, database.name, sql_files(target), root=target)
    assert len(loaded.refused) == refused
    assert all(item.hint for item in loaded.refused)
