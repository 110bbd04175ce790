"""The type of a column changes that partitions or heirs have too, while somebody writes: the rows stay
what they were, the catalog becomes that of the plain statement, and the way back gives the start."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from dbwright.errors import DbwrightError
from dbwright.sandbox import Server
from migrate.plan.test_applications import Running, running
from migrate.plan.test_forms import catalog, unlike
from servers.postgresql import Database

TREE = """
CREATE SCHEMA "My Shop"; SET search_path = "My Shop";
CREATE TABLE "Who" (id integer PRIMARY KEY);
CREATE TABLE "Tree" (id integer NOT NULL, at integer NOT NULL, buyer integer DEFAULT 3,
  amount integer NOT NULL DEFAULT 1 CONSTRAINT "Fair" CHECK (amount > 0), note text,
  PRIMARY KEY (id, at), CONSTRAINT of_who FOREIGN KEY (buyer) REFERENCES "Who")
  PARTITION BY RANGE (at);
CREATE TABLE tree_1 PARTITION OF "Tree" FOR VALUES FROM (0) TO (100);
CREATE TABLE tree_2 PARTITION OF "Tree" DEFAULT PARTITION BY {strategy} (at);
CREATE TABLE tree_2a (junk text, note text, buyer integer, at integer NOT NULL,
  amount integer NOT NULL DEFAULT 7, id integer NOT NULL, CONSTRAINT "Fair" CHECK (amount > 0));
ALTER TABLE tree_2a DROP COLUMN junk;
ALTER TABLE tree_2 ATTACH PARTITION tree_2a {bound};
ALTER TABLE tree_1 ADD CONSTRAINT small CHECK (amount < 100000), ALTER amount SET DEFAULT 9;
CREATE UNIQUE INDEX "Amount" ON "Tree" (amount, at, id) WHERE amount > 0;
CREATE INDEX ON "Tree" (lower(note), amount DESC);
CREATE INDEX own ON tree_1 (amount);
CREATE INDEX ON "Tree" (buyer);
COMMENT ON COLUMN "Tree".amount IS 'cents'; COMMENT ON COLUMN tree_1.amount IS 'old';
COMMENT ON CONSTRAINT "Fair" ON "Tree" IS 'it''s fair';
CREATE STATISTICS of_first ON amount, note FROM tree_1;
CREATE TABLE lines (id integer PRIMARY KEY, tree integer, at integer,
  CONSTRAINT of_tree FOREIGN KEY (tree, at) REFERENCES "Tree" ON DELETE CASCADE);
INSERT INTO "Who" SELECT generate_series(1, 50);
INSERT INTO "Tree" SELECT n, n, n % 50 + 1, n % 90 + 1, chr(97 + n % 5) FROM generate_series(0, 250) n;
INSERT INTO lines SELECT id, id, at FROM "Tree";
"""
HEIRS = """
CREATE TABLE w (id integer PRIMARY KEY);
INSERT INTO w SELECT generate_series(1, 90);
CREATE TABLE parent (id integer PRIMARY KEY, a integer NOT NULL DEFAULT 1
  CONSTRAINT pos CHECK (a > 0), b text);
CREATE TABLE heir (c text, PRIMARY KEY (id),
  CONSTRAINT hw FOREIGN KEY (a) REFERENCES w) INHERITS (parent);
ALTER TABLE heir ALTER a SET DEFAULT 4;
CREATE TABLE "Grand" (d integer, UNIQUE (id), UNIQUE (a, id)) INHERITS (heir);
CREATE INDEX ON parent (a); CREATE INDEX pp ON heir (a, lower(b));
INSERT INTO parent SELECT n, n % 90 + 1, 'x' FROM generate_series(1, 100) n;
INSERT INTO heir SELECT n, n % 90 + 1, 'x' FROM generate_series(101, 200) n;
INSERT INTO "Grand" SELECT n, n % 90 + 1, 'x' FROM generate_series(201, 300) n;
"""
EXPRESSIONS = """
CREATE STATISTICS se ON (a + 1), b FROM parent; CREATE STATISTICS s1 ON (a * 2) FROM heir;
CREATE STATISTICS s2 (mcv) ON (a * 3), id FROM heir;
"""
MOODS = """
CREATE SCHEMA "My Shop"; CREATE TYPE "My Shop"."Mood" AS ENUM ('a', 'b', 'gone');
CREATE TABLE moody (id integer PRIMARY KEY,
  m "My Shop"."Mood" NOT NULL DEFAULT 'a');
CREATE INDEX ON moody (m);
INSERT INTO moody SELECT n, (ARRAY['a', 'b']::"My Shop"."Mood"[])[n % 2 + 1]
  FROM generate_series(1, 200) n;
"""
EXCLUDED = """
CREATE TABLE ex (id integer PRIMARY KEY, a integer, "During it" int4range,
  EXCLUDE USING gist ("During it" WITH &&) WHERE (a > 300),
  CONSTRAINT "Other one" EXCLUDE USING gist (int8range(a, a + 1) WITH &&, "During it" WITH =)
  DEFERRABLE);
COMMENT ON CONSTRAINT "Other one" ON ex IS 'it''s one';
INSERT INTO ex SELECT n, n, int4range(n, n + 1) FROM generate_series(1, 200) n;
"""
WRITTEN = 100000
"""From this id on rows are those of the other session."""
RANGES = TREE.format(strategy="RANGE", bound="FOR VALUES FROM (100) TO (2000000)")


@dataclass(frozen=True, slots=True)
class Case:
    schema: str
    sql: str
    rows: str
    """Those that nobody changes, as text."""
    writes: str
    """Of the number that it takes."""
    wrong: str
    """Counts rows of the other session that are not what it wrote."""
    told: tuple[str, ...] = ()


def tree(sql: str, schema: str = RANGES) -> Case:
    return Case(
        schema,
        f'ALTER TABLE "My Shop"."Tree" {sql}',
        "SELECT id::text, at::text, buyer::text, amount::float8::text, note "
        f'FROM "My Shop"."Tree" WHERE id < {WRITTEN} ORDER BY 2',
        'INSERT INTO "My Shop"."Tree" (id, at, note, buyer) '
        f"VALUES ({WRITTEN} + %(n)s, %(n)s %% 200, 'w', 5); "
        f'UPDATE "My Shop"."Tree" SET amount = id - {WRITTEN - 1} WHERE id = {WRITTEN} + %(n)s',
        f'SELECT count(*) FROM "My Shop"."Tree" WHERE id >= {WRITTEN} '
        f"AND (amount <> id - {WRITTEN - 1} OR buyer IS DISTINCT FROM 5)",
    )


HASH = TREE.format(strategy="HASH", bound="FOR VALUES WITH (MODULUS 1, REMAINDER 0)")
LIST = TREE.format(strategy="LIST", bound="DEFAULT")
CASES: Mapping[str, Case] = {
    "key of partitions": tree("ALTER id TYPE bigint"),
    "all that partitions have": tree("ALTER amount TYPE numeric(12, 2)", HASH),
    "foreign key of partitions": tree("ALTER buyer TYPE bigint, ALTER amount TYPE bigint", LIST),
    "heirs": Case(
        HEIRS,
        "ALTER TABLE parent ALTER a TYPE bigint",
        f"SELECT id, a::text, tableoid::regclass::text FROM parent WHERE id < {WRITTEN} ORDER BY 1",
        f"INSERT INTO heir (id, a) VALUES ({WRITTEN} + %(n)s, %(n)s %% 90 + 1); "
        f"UPDATE parent SET a = a %% 90 + 1 WHERE id = {WRITTEN} + %(n)s",
        f"SELECT count(*) FROM parent WHERE id >= {WRITTEN} "
        f"AND a <> ((id - {WRITTEN}) % 90 + 1) % 90 + 1",
    ),
    "enum": Case(
        MOODS,
        'SET search_path = "My Shop", public; ALTER TYPE "Mood" RENAME TO was; '
        "CREATE TYPE \"Mood\" AS ENUM ('b', 'c', 'a'); ALTER TABLE moody ALTER m DROP DEFAULT; "
        'ALTER TABLE moody ALTER m TYPE "Mood" USING m::text::"Mood"; '
        "ALTER TABLE moody ALTER m SET DEFAULT 'b'::\"Mood\"; DROP TYPE was",
        f"SELECT id, m::text FROM moody WHERE id < {WRITTEN} ORDER BY 1",
        f'INSERT INTO moody (id, m) VALUES ({WRITTEN} + %(n)s, \'a\'::"My Shop"."Mood"); '
        'UPDATE moody SET m = \'b\'::"My Shop"."Mood" WHERE m = \'a\'::"My Shop"."Mood" '
        f"AND id = {WRITTEN} + %(n)s",
        f"SELECT count(*) FROM moody WHERE id >= {WRITTEN} AND m::text <> 'b'",
    ),
    "exclusion": Case(
        EXCLUDED,
        "ALTER TABLE ex ALTER a TYPE bigint",
        f'SELECT id, a::text, "During it"::text FROM ex WHERE id < {WRITTEN} ORDER BY 1',
        f"INSERT INTO ex (id, a) VALUES ({WRITTEN} + %(n)s, %(n)s)",
        f"SELECT count(*) FROM ex WHERE id >= {WRITTEN} AND a <> id - {WRITTEN}",
        told=('"Other one" is built for the second column', '"ex_During it_excl" is built'),
    ),
}
QUICK = ("key of partitions", "enum")


@contextmanager
def writing(url: str, text: str) -> Iterator[list[str]]:
    """Somebody who goes on writing by the names of before; what they were refused."""
    ends, problems = threading.Event(), list[str]()

    def write() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            number = 0
            while not ends.wait(0.01):
                number += 1
                for one in text.split("; "):
                    try:
                        connection.execute(one.encode(), {"n": number})
                    except psycopg.Error as problem:
                        problems.append(f"{one}: {problem}")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield problems
    finally:
        ends.set()
        thread.join()


@contextmanager
def two(server: Server, schema: str) -> Iterator[tuple[Database, Database]]:
    """Equal databases."""
    names = ("tree_plain", "tree_planned")
    for name in names:
        server.create_database(name)
    try:
        plain, planned = (Database(server, name, server.url(name)) for name in names)
        for one in (plain, planned):
            one.execute(schema)
        yield plain, planned
    finally:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            for name in names:
                connection.execute(f"DROP DATABASE {name}".encode())


def walked(run: Running, case: Case, plain: Database, planned: Database) -> None:
    """Up, down, and up again, beside who writes; each time with the rows and the catalog."""
    start, rows = catalog(planned.url), planned.execute(case.rows)
    plain.execute(case.sql)
    end = catalog(plain.url)
    with writing(planned.url, case.writes) as problems:
        for number in range(len(run.paths)):
            run.up(number)
            assert planned.execute(case.rows) == rows
        assert unlike(end, catalog(planned.url)) == []
        for number in reversed(range(len(run.paths))):
            run.down(number)
            assert planned.execute(case.rows) == rows
        assert unlike(start, catalog(planned.url)) == []
        run.up(len(run.paths) - 1)
    assert problems == []
    assert planned.execute(case.rows) == rows
    assert planned.execute(case.wrong) == [(0,)]
    assert planned.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == [(0,)]
    assert unlike(end, catalog(planned.url)) == []


def checked(case: Case, server: Server, folder: Path) -> None:
    with two(server, case.schema) as (plain, planned):
        run = running(planned, case.sql, folder)
        assert run.found.tried is not None and not run.found.tried.refused
        assert len(run.found.left) == len(case.told)
        for words, text in zip(case.told, run.found.left, strict=True):
            assert words in text
        walked(run, case, plain, planned)


@pytest.mark.parametrize("name", QUICK)
def test_newest(name: str, postgresql: Server, tmp_path: Path) -> None:
    checked(CASES[name], postgresql, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("major", [12, 13, 15, 17, 18])
@pytest.mark.parametrize("name", CASES)
def test_trees(name: str, major: int, server_of: Callable[[int], Server], tmp_path: Path) -> None:
    case = CASES[name]
    server = server_of(major)
    if name == "heirs" and server.major >= 14:
        heirs = CASES["heirs"]
        case = Case(heirs.schema + EXPRESSIONS, heirs.sql, heirs.rows, heirs.writes, heirs.wrong)
    checked(case, server, tmp_path)


IDENTITY = """
CREATE TABLE p (id bigint GENERATED BY DEFAULT AS IDENTITY, at integer NOT NULL, k integer,
  UNIQUE (k, at), PRIMARY KEY (at)) PARTITION BY RANGE (at);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000000);
CREATE TABLE p2 (LIKE p); ALTER TABLE p ATTACH PARTITION p2 DEFAULT;
CREATE TABLE kids (k integer, at integer, FOREIGN KEY (k, at) REFERENCES p (k, at));
CREATE VIEW v AS SELECT k, id FROM p;
INSERT INTO p (at, k) SELECT n, n FROM generate_series(-50, 150) n;
INSERT INTO kids SELECT k, at FROM p;
"""


@pytest.mark.slow
@pytest.mark.parametrize("column", ["id", "k"])
def test_identity_and_view(column: str, postgresql: Server, tmp_path: Path) -> None:
    """Partitions have their parent's numbers from version 17 on; a view and a foreign key come again
    in the moment of the exchange, and what is proven after it stays behind it."""
    kind = {"id": "integer", "k": "bigint"}[column]
    case = Case(
        IDENTITY,
        f"DROP VIEW v; ALTER TABLE p ALTER {column} TYPE {kind}; "
        "CREATE VIEW v AS SELECT k, id FROM p",
        f"SELECT id, at, k FROM p WHERE at < {WRITTEN} ORDER BY 2",
        f"INSERT INTO p (at, k) VALUES ({WRITTEN} + %(n)s, %(n)s)",
        f"SELECT count(*) FROM p WHERE at > {WRITTEN} AND (k <> at - {WRITTEN} OR id IS NULL)",
    )
    checked(case, postgresql, tmp_path)


@pytest.mark.slow
def test_partition_that_comes_meanwhile(postgresql: Server, tmp_path: Path) -> None:
    """Its indexes are not in the plan: the exchange refuses, and goes on once it is gone."""
    case = CASES["key of partitions"]
    with two(postgresql, case.schema) as (plain, planned):
        run = running(planned, case.sql, tmp_path)
        run.up(1)
        planned.execute(
            'CREATE TABLE "My Shop".late PARTITION OF "My Shop"."Tree" FOR VALUES FROM (-9) TO (0)'
        )
        with pytest.raises(DbwrightError, match="has a partition that it had not"):
            run.up(2)
        planned.execute('ALTER TABLE "My Shop"."Tree" DETACH PARTITION "My Shop".late')
        run.up(len(run.paths) - 1)
        planned.execute('DROP TABLE "My Shop".late')
        plain.execute(case.sql)
        assert unlike(catalog(plain.url), catalog(planned.url)) == []


LENGTHS = """
-- UP
ALTER TABLE t ALTER a TYPE integer USING length(a);
-- DOWN
ALTER TABLE public.t ALTER a TYPE text USING repeat('x', a) || coalesce(b, '');
"""


@pytest.mark.slow
def test_way_back_of_the_file(database: Database, tmp_path: Path) -> None:
    """The file itself says how the values of before come again, of rows that are written later as
    well."""
    database.execute(
        "CREATE TABLE t (id integer PRIMARY KEY, a text NOT NULL, b text); "
        "INSERT INTO t SELECT n, repeat('x', n % 9) FROM generate_series(1, 300) n"
    )
    rows = "SELECT id, a FROM t WHERE id <= 300 ORDER BY id"
    start, before = catalog(database.url), database.execute(rows)
    run = running(database, LENGTHS, tmp_path)
    assert run.found.is_proven
    run.up(len(run.paths) - 1)
    assert database.execute("SELECT count(*) FROM t WHERE a <> id % 9") == [(0,)]
    database.execute("INSERT INTO t (id, a, b) VALUES (301, 2, 'y')")
    run.down(0)
    assert database.execute(rows) == before
    assert database.execute("SELECT a FROM t WHERE id = 301") == [("xxy",)]
    assert unlike(start, catalog(database.url)) == []
