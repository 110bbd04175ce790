"""Plans beside two versions of an application, with its own rights: at each step between files what
it says still works, and nothing that it wrote is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from dbwright.configuration import Configuration
from dbwright.errors import HalfDone
from dbwright.migrate.down import down
from dbwright.migrate.files.script import script
from dbwright.migrate.plan.planner import Plan, plan
from dbwright.migrate.plan.told import write
from dbwright.migrate.up import up
from dbwright.model.migration import Migration, ReadMigration
from dbwright.progress import silent
from dbwright.sandbox import Server
from dbwright.target import opened, resolve
from migrate.plan.test_forms import catalog, unlike
from servers.postgresql import Database, majors

ROLES = ("plan_app", "plan_owner")
KEYED = "CREATE TABLE t (id integer PRIMARY KEY, a integer, b text);"


@pytest.fixture(
    params=[
        pytest.param(one, marks=() if one == max(majors()) else pytest.mark.slow)
        for one in majors()
    ]
)
def roles(request: pytest.FixtureRequest, server_of: Callable[[int], Server]) -> Iterator[Database]:
    """A database in which an application has a role, and its owner another one."""
    newest = request.param == max(majors())
    server: Server = request.getfixturevalue("postgresql") if newest else server_of(request.param)
    made = "; ".join(f"CREATE ROLE {role}" for role in ROLES)
    gone = f"DROP ROLE {', '.join(ROLES)}"
    server.create_database("roles")
    database = Database(server, "roles", server.url("roles"))
    database.execute(made)
    yield database
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE roles")
        connection.execute(gone.encode())


@dataclass(frozen=True, slots=True)
class Running:
    """A plan that is run file by file."""

    url: str
    found: Plan
    paths: tuple[Path, ...]

    def up(self, number: int) -> None:
        version = self.paths[number].name.split("_")[0]
        settings = Configuration()
        up(self.url, version, dir=self.paths[0].parent, configuration=settings, progress=silent)

    def down(self, number: int) -> None:
        version = self.paths[number - 1].name.split("_")[0] if number else "0"
        settings = Configuration()
        down(self.url, version, dir=self.paths[0].parent, configuration=settings, progress=silent)

    @property
    def deployment(self) -> int:
        """How many files come before it."""
        places = (n for n, file in enumerate(self.found.files) if file.deploy)
        return next(places, len(self.paths))


def running(database: Database, sql: str, folder: Path) -> Running:
    target = resolve(database.url, Configuration())
    with opened(target, values=None) as source:
        asked = ReadMigration(Migration("2", "x", "2.sql", ""), script(sql, "2.sql"))
        found = plan(asked, snapshot=source.snapshot, server=database.server, small=0)
    return Running(database.url, found, write(found, folder) if found.files else ())


def says(url: str, *statements: str, session: str = "") -> None:
    """Each works, and changes nothing."""
    for text in statements:
        with psycopg.connect(url) as connection:
            connection.execute(f"SET ROLE plan_app; {session}".encode())
            connection.execute(text.encode())
            connection.rollback()


@pytest.mark.parametrize(
    ("sql", "old", "new"),
    [
        (
            "ALTER TABLE t RENAME COLUMN a TO z;",
            ("SELECT a FROM t", "UPDATE t SET a = 3 WHERE id = 3", "INSERT INTO t (id) VALUES (0)"),
            ("SELECT z FROM t", "UPDATE t SET z = 3 WHERE id = 3", "INSERT INTO t (id) VALUES (0)"),
        ),
        (
            "ALTER TABLE t SET SCHEMA other; ALTER TABLE t2 RENAME TO u;",
            ("SELECT a FROM public.t", "SELECT a FROM t2"),
            ("SELECT a FROM other.t", "SELECT a FROM u"),
        ),
    ],
)
def test_rights_on_single_columns(
    sql: str, old: tuple[str, ...], new: tuple[str, ...], roles: Database, tmp_path: Path
) -> None:
    """The view that stands for a table lets through who was let through, and nobody else."""
    roles.execute(
        f"{KEYED} INSERT INTO t SELECT n, n, n FROM generate_series(1, 50) n; CREATE SCHEMA other; "
        "CREATE TABLE t2 (LIKE t INCLUDING ALL); ALTER TABLE t2 OWNER TO plan_owner; "
        "GRANT USAGE ON SCHEMA other TO plan_app; GRANT SELECT ON t2 TO plan_app; "
        "GRANT SELECT (id, a), UPDATE (a), INSERT (id) ON t TO plan_app"
    )
    start = catalog(roles.url)
    run = running(roles, sql, tmp_path)
    assert run.found.is_proven
    for number in range(len(run.paths)):
        says(roles.url, *(old if number <= run.deployment else ()))
        says(roles.url, *(new if number >= run.deployment else ()))
        if number == run.deployment:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                says(roles.url, f"SELECT b FROM {'t' if 'COLUMN' in sql else 'public.t'}")
        run.up(number)
    says(roles.url, *new)
    for number in reversed(range(len(run.paths))):
        run.down(number)
    says(roles.url, *old)
    assert unlike(start, catalog(roles.url)) == []


def test_types(roles: Database, tmp_path: Path) -> None:
    """Rights, names at their longest, triggers that fire late, statistics, the zone of the file's
    session, sessions that go on: nothing of it is lost with a column's type."""
    long = "é" * 31
    statistics = (
        "CREATE STATISTICS pair (mcv) ON a, b FROM t; COMMENT ON STATISTICS pair IS '$exchange$; $sync$';"
        + ("ALTER STATISTICS pair SET STATISTICS 77;" if roles.server.major > 12 else "")
    )
    roles.execute(
        f'{KEYED} ALTER TABLE t ADD "{long}" integer NOT NULL DEFAULT 3, ADD at timestamp; '
        "INSERT INTO t SELECT n, n, n, n, '2026-07-01 12:00' FROM generate_series(1, 300) n; "
        "CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.a := NEW.a + 1; RETURN NEW; END $$; "
        'CREATE TRIGGER "zzz last" BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION later(); '
        f"{statistics} GRANT SELECT, INSERT, UPDATE (a) ON t TO plan_app"
    )
    start = catalog(roles.url)
    sql = (
        "SET TimeZone = 'Europe/Berlin'; ALTER TABLE t ALTER COLUMN a TYPE bigint, "
        f'ALTER COLUMN "{long}" TYPE bigint, ALTER COLUMN at TYPE timestamptz'
    )
    run = running(roles, sql, tmp_path)
    assert run.found.is_proven
    last = next(n for n, one in enumerate(run.paths) if "RENAME COLUMN at_new" in one.read_text())
    zone = "SET TimeZone = 'Asia/Tokyo'"
    with psycopg.connect(roles.url, autocommit=True) as session:
        session.execute(f"SET ROLE plan_app; {zone}")
        for number in range(len(run.paths)):
            if number <= last:  # from then on a value is what the session that says it means
                row = (1000 + number, 5, "2026-01-01 12:00")
                session.execute("INSERT INTO t (id, a, at) VALUES (%s, %s, %s::timestamp)", row)
            says(roles.url, "UPDATE t SET a = 4 WHERE id = 3", "SELECT a FROM t", session=zone)
            run.up(number)
    rows = roles.execute(
        "SET TimeZone = 'UTC'; SELECT DISTINCT a - id, at::text FROM t WHERE id < 9"
    )
    assert rows == [(0, "2026-07-01 10:00:00+00")]
    rows = roles.execute("SELECT DISTINCT a, at::text FROM t WHERE id > 999")
    assert rows == [(6, "2026-01-01 11:00:00+00")]
    for number in reversed(range(len(run.paths))):
        run.down(number)
    assert unlike(start, catalog(roles.url)) == []
    assert roles.execute("SELECT DISTINCT at::text FROM t WHERE id > 999") == [
        ("2026-01-01 12:00:00",)
    ]


def test_what_makes_room(roles: Database, tmp_path: Path) -> None:
    """Defaults, publications, views and functions are away for a moment, not for the whole plan."""
    roles.execute(
        f"{KEYED} ALTER TABLE t ALTER b SET DEFAULT '7', ALTER b SET NOT NULL; "
        "CREATE PUBLICATION sent FOR TABLE t; CREATE VIEW v AS SELECT b FROM t; "
        "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; "
        "GRANT ALL ON t, v TO plan_app; INSERT INTO t (id) SELECT n FROM generate_series(1, 50) n"
    )
    start = catalog(roles.url)
    old = ("INSERT INTO t (id) VALUES (900)", "SELECT b FROM v", "SELECT f()")
    sql = (
        "DROP FUNCTION f(); ALTER TABLE t SET (fillfactor = 90); "
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT 2::bigint'; "
        "ALTER PUBLICATION sent DROP TABLE t; DROP VIEW v; ALTER TABLE t ALTER b DROP DEFAULT; "
        "ALTER TABLE t ALTER b TYPE integer USING b::integer; "
        "ALTER TABLE t ALTER b SET DEFAULT 7; CREATE VIEW v AS SELECT b FROM t; "
        "GRANT ALL ON v TO plan_app; ALTER PUBLICATION sent ADD TABLE t"
    )
    run = running(roles, sql, tmp_path)
    assert run.found.is_proven and len(run.paths) == 5
    published = "SELECT count(*) FROM pg_publication_tables"
    for number in range(len(run.paths)):
        run.up(number)
        says(roles.url, *old)
        assert roles.execute(published) == [(1,)]
    for number in reversed(range(len(run.paths))):
        run.down(number)
        says(roles.url, *old)
        assert roles.execute(published) == [(1,)]
    assert unlike(start, catalog(roles.url)) == []


def test_numbers(roles: Database, tmp_path: Path) -> None:
    """Of a table that belongs to another role than whoever runs the plan."""
    roles.execute(
        f"{KEYED} INSERT INTO t SELECT n FROM generate_series(1, 300) n; "
        "ALTER TABLE t OWNER TO plan_owner; GRANT INSERT (id) ON t TO plan_app"
    )
    start = catalog(roles.url)
    sql = "ALTER TABLE t ADD i integer GENERATED ALWAYS AS IDENTITY; ALTER TABLE t ADD n bigserial"
    run = running(roles, sql, tmp_path)
    assert run.found.is_proven
    serial = next(n for n, one in enumerate(run.paths) if "SEQUENCE public.t_n_" in one.read_text())
    for number in range(len(run.paths)):
        if number <= serial:  # whose sequence needs a right of its own, as in the file
            says(roles.url, "INSERT INTO t (id) VALUES (900)")
        run.up(number)
    assert roles.execute("SELECT count(DISTINCT i), count(DISTINCT n) FROM t") == [(300, 300)]
    owners = "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relkind = 'S'"
    assert roles.execute(owners) == [("plan_owner",)]
    for number in reversed(range(len(run.paths))):
        run.down(number)
    assert unlike(start, catalog(roles.url)) == []


def test_keys_of_nested_partitions(roles: Database, tmp_path: Path) -> None:
    """Each leaf is proven by itself before version 18, and the way back has them all."""
    roles.execute(
        f"{KEYED} CREATE TABLE tree (id integer NOT NULL, kind text) PARTITION BY RANGE (id); "
        "CREATE TABLE tree_1 PARTITION OF tree FOR VALUES FROM (0) TO (20); "
        "CREATE TABLE tree_2 PARTITION OF tree DEFAULT PARTITION BY LIST (kind); "
        "CREATE TABLE tree_2a PARTITION OF tree_2 DEFAULT; "
        "INSERT INTO t SELECT n FROM generate_series(1, 50) n; INSERT INTO tree SELECT id FROM t"
    )
    start = catalog(roles.url)
    sql = "ALTER TABLE tree ADD CONSTRAINT grown FOREIGN KEY (id) REFERENCES t"
    run = running(roles, sql, tmp_path)
    assert run.found.is_proven
    for number in range(len(run.paths)):
        run.up(number)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        roles.execute("INSERT INTO tree VALUES (700, 'x')")
    for number in reversed(range(len(run.paths))):
        run.down(number)
    assert unlike(start, catalog(roles.url)) == []


def test_goes_on_after_a_failure(database: Database, tmp_path: Path) -> None:
    """A value that can't be cast stops the filling; corrected, it goes on with its settings."""
    database.execute(
        f"CREATE SCHEMA inner_; {KEYED} "
        "CREATE FUNCTION inner_.number(text) RETURNS integer LANGUAGE sql IMMUTABLE "
        "AS 'SELECT $1::integer * 2'; INSERT INTO t SELECT n, n, n FROM generate_series(1, 3000) n; "
        "UPDATE t SET b = 'x' WHERE id = 2500"
    )
    sql = "SET search_path = public, inner_; ALTER TABLE t ALTER b TYPE integer USING number(b)"
    run = running(database, sql, tmp_path)
    run.up(0)
    with pytest.raises(HalfDone, match="invalid input syntax"):
        run.up(1)
    database.execute("UPDATE t SET b = 1250 WHERE id = 2500")
    run.up(len(run.paths) - 1)
    assert database.execute("SELECT count(*), sum(b) FROM t WHERE b IS NOT NULL") == [
        (3000, 9000500)
    ]


TOLD = {
    "UPDATE k SET a = 4": "no primary key",
    "ALTER TABLE k ADD c double precision DEFAULT random()": "no primary key",
    "ALTER TABLE k ALTER a TYPE bigint": "no primary key",
    "UPDATE t SET a = (SELECT max(a) FROM t)": "names t a second time",
    "WITH x AS (UPDATE t SET a = 5 RETURNING 1) SELECT count(*) FROM x": "in one transaction",
    "DO $$ BEGIN ALTER TABLE t ALTER a TYPE bigint; END $$": "keeps others from public.t",
    "ALTER DOMAIN d ADD CHECK (VALUE > 0)": "keeps others from public.k",
    "ALTER VIEW v RENAME TO w": "knows view public.v by that name",
    "ALTER TYPE e RENAME VALUE 'a' TO 'b'": "knows the value 'a'",
    "ALTER TABLE heir RENAME TO heir2; ALTER TABLE parent RENAME a TO z": "has the column from",
    "ALTER TABLE sent RENAME TO gone": "is published by p",
    "ALTER TABLE sent ALTER a TYPE bigint": "is published by p",
    "ALTER TABLE made ALTER g TYPE bigint": "is GENERATED",
    "ALTER TABLE made ADD EXCLUDE USING gist (r WITH &&)": "EXCLUDE constraint has no form",
    "DROP VIEW v; CREATE INDEX ON t (a); CREATE VIEW v AS SELECT b FROM t": "put both next to",
    "ALTER TABLE t RENAME TO o; CREATE TABLE t (LIKE o); INSERT INTO t SELECT * FROM o": "finds none",
    "ALTER TYPE e RENAME TO e2; CREATE TYPE e AS ENUM ('b', 'a'); "
    "ALTER TABLE moody ALTER m TYPE e USING m::text::e, ALTER n TYPE e USING n::text::e": (
        "public.moody.m, public.moody.n refuse an application"
    ),
    "MERGE INTO t USING k ON k.a = t.id WHEN MATCHED THEN DELETE": "in one transaction",
}


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(sql, id=sql[:40], marks=pytest.mark.slow if number % 3 else ())
        for number, sql in enumerate(TOLD)
    ],
)
def test_told(sql: str, told_in: Database, tmp_path: Path) -> None:
    """What has no safe way is told, never called safe; and the statement has its way back."""
    run = running(told_in, sql, tmp_path)
    assert TOLD[sql] in " ".join(run.found.left)
    assert not any("the server refuses" in text for text in run.found.left)
    assert not run.found.is_proven
    moves = [move for file in run.found.files for move in file.moves]
    one_way = ("UPDATE", "WITH", "INSERT", "MERGE")
    alone = moves if len(moves) == 1 else []
    assert all(move.down or move.lost or move.up[0].startswith(one_way) for move in alone)


def test_rows_that_are_named(told_in: Database, tmp_path: Path) -> None:
    """A few rows need no batches."""
    for where in ("id = 5", "b = 'x' AND id IN (1, 2)"):
        assert not running(told_in, f"UPDATE t SET a = 3 WHERE {where}", tmp_path).found.files
    found = running(told_in, "DELETE FROM t WHERE id > 5", tmp_path).found
    assert found.is_proven and len(found.files) == 1


@pytest.fixture(scope="module")
def told_in(postgresql: Server) -> Iterator[Database]:
    postgresql.create_database("told")
    database = Database(postgresql, "told", postgresql.url("told"))
    database.execute(
        f"{KEYED} CREATE DOMAIN d AS integer; CREATE TABLE k (a integer, b d); "
        "CREATE VIEW v AS SELECT b FROM t; CREATE TYPE e AS ENUM ('a'); "
        "CREATE TABLE moody (id integer PRIMARY KEY, m e, n e); "
        "CREATE TABLE parent (id integer PRIMARY KEY, a integer); "
        "CREATE TABLE heir () INHERITS (parent); "
        "CREATE TABLE sent (id integer PRIMARY KEY, a integer); CREATE PUBLICATION p FOR TABLE sent; "
        "CREATE TABLE made (id integer PRIMARY KEY, g integer GENERATED ALWAYS AS (id) STORED, "
        "r int4range)"
    )
    yield database
    with psycopg.connect(postgresql.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE told")
