from __future__ import annotations

import pytest

from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Catalog, Check, Index, IndexColumn
from dbwright.sql.ddl import (
    check_definition,
    foreign_key_definition,
    index_definition,
    key_definition,
)
from servers.postgresql import OUTER_MAJORS, Database

TABLES = """
CREATE EXTENSION pg_trgm;
CREATE SCHEMA "My App";
CREATE FUNCTION public.tidy(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE TABLE "My App"."Order" (
    id int, "Order" int, name text, place text COLLATE "C", made timestamptz, tags text[],
    document tsvector, small smallint, deleted boolean,
    CONSTRAINT "The Key" PRIMARY KEY (id),
    CONSTRAINT two UNIQUE (id, "Order"),
    CONSTRAINT late UNIQUE (small) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT maybe UNIQUE (name) DEFERRABLE,
    CONSTRAINT positive CHECK (id > 0),
    CONSTRAINT either CHECK (id > 0 OR (name = 'a' AND small < 3)),
    CONSTRAINT own CHECK (lower(name) <> '') NO INHERIT
);
CREATE TABLE child (a int, b int, c int);
"""
INDEXES = [
    'CREATE INDEX i ON "My App"."Order" ("Order")',
    'CREATE UNIQUE INDEX i ON "My App"."Order" (id DESC, name NULLS FIRST)',
    'CREATE INDEX i ON "My App"."Order" (id DESC NULLS LAST, "Order" ASC)',
    'CREATE INDEX "I x" ON "My App"."Order" (name COLLATE "C" text_pattern_ops)',
    'CREATE INDEX i ON "My App"."Order" (place, place COLLATE "POSIX")',
    'CREATE INDEX i ON "My App"."Order" (lower(name), (name || place), ((id + small)))',
    'CREATE INDEX i ON "My App"."Order" (public.tidy(name), (tidy(name) || \'(\'))',
    'CREATE INDEX i ON "My App"."Order" ((tags[1]), (id::bigint), (made IS NULL))',
    'CREATE INDEX i ON "My App"."Order" (COALESCE(name, place), (CASE WHEN id > 1 THEN 1 END))',
    'CREATE INDEX i ON "My App"."Order" (id) INCLUDE (name, "Order")',
    'CREATE INDEX i ON "My App"."Order" (id) WITH (fillfactor = 70, deduplicate_items = off)',
    'CREATE INDEX i ON "My App"."Order" (id) WHERE deleted',
    'CREATE INDEX i ON "My App"."Order" (id) WHERE NOT deleted AND (name = \'x\' OR id < 3)',
    'CREATE INDEX i ON "My App"."Order" USING gin (tags)',
    'CREATE INDEX i ON "My App"."Order" USING gin (name gin_trgm_ops) WITH (fastupdate = off)',
    'CREATE INDEX i ON "My App"."Order" USING gist (name gist_trgm_ops (siglen = 32))',
    'CREATE INDEX i ON "My App"."Order" USING gist (document tsvector_ops (siglen = 100))',
    'CREATE INDEX i ON "My App"."Order" USING brin (made) WITH (pages_per_range = 8)',
    'CREATE INDEX i ON "My App"."Order" USING hash (name)',
    'CREATE INDEX i ON "My App"."Order" (id) TABLESPACE pg_default',
]
FOREIGN_KEYS = [
    'FOREIGN KEY (a) REFERENCES "My App"."Order"',
    'FOREIGN KEY (a, b) REFERENCES "My App"."Order"(id, "Order") MATCH FULL ON DELETE CASCADE',
    'FOREIGN KEY (a) REFERENCES "My App"."Order" ON UPDATE CASCADE ON DELETE RESTRICT',
    'FOREIGN KEY (a) REFERENCES "My App"."Order" ON DELETE SET NULL DEFERRABLE',
    'FOREIGN KEY (a) REFERENCES "My App"."Order" DEFERRABLE INITIALLY DEFERRED NOT VALID',
]
FOREIGN_KEYS_15 = [
    'FOREIGN KEY (a, b) REFERENCES "My App"."Order"(id, "Order") ON DELETE SET NULL (b)',
    'FOREIGN KEY (a, b) REFERENCES "My App"."Order"(id, "Order") ON DELETE SET DEFAULT (b, a)',
]


def read(database: Database) -> Catalog:
    with Session.open(database.url, 60) as session:
        return introspect(session)


def definition(database: Database, function: str, name: str) -> str:
    ((text,),) = database.execute(f"SELECT {function}({name})")
    return str(text)


def check_indexes(database: Database, statements: list[str]) -> None:
    for statement in statements:
        database.execute(statement)
        table = read(database).table('"My App"."Order"')
        (index,) = [i for i in table.indexes if i.name in ("i", "I x")]
        of = f"""'"My App"."{index.name}"'::regclass"""
        before = definition(database, "pg_get_indexdef", of)
        database.execute(f'DROP INDEX "My App"."{index.name}"')
        database.execute(index_definition(index, table.qualified, if_not_exists=True))
        assert definition(database, "pg_get_indexdef", of) == before
        database.execute(f'DROP INDEX "My App"."{index.name}"')
        database.execute(index_definition(index, table.qualified, concurrently=True))
        assert definition(database, "pg_get_indexdef", of) == before
        database.execute(f'DROP INDEX "My App"."{index.name}"')


def test_indexes(database: Database) -> None:
    database.execute(TABLES)
    nulls = 'CREATE UNIQUE INDEX i ON "My App"."Order" (id) NULLS NOT DISTINCT'
    check_indexes(database, [*INDEXES, nulls])


@pytest.mark.parametrize("any_postgresql", OUTER_MAJORS, indirect=True)
def test_indexes_of_an_older_server(any_database: Database) -> None:
    # The bare builds of older servers have no extensions.
    database = any_database
    database.execute(TABLES.replace("CREATE EXTENSION pg_trgm;", ""))
    with_options = database.server.major >= 13
    check_indexes(
        database,
        [s for s in INDEXES if "trgm" not in s and (with_options or "siglen" not in s)
         and (with_options or "deduplicate" not in s)][::3],
    )  # fmt: skip


def check_foreign_keys(database: Database, definitions: list[str]) -> None:
    for text in definitions:
        database.execute(f"ALTER TABLE child ADD CONSTRAINT k {text}")
        (key,) = read(database).table("public.child").foreign_keys
        of = "(SELECT oid FROM pg_constraint WHERE conname = 'k')"
        before = definition(database, "pg_get_constraintdef", of)
        database.execute("ALTER TABLE child DROP CONSTRAINT k")
        assert foreign_key_definition(key) == before
        database.execute(f"ALTER TABLE child ADD CONSTRAINT k {foreign_key_definition(key)}")
        assert definition(database, "pg_get_constraintdef", of) == before
        database.execute("ALTER TABLE child DROP CONSTRAINT k")


def test_foreign_keys(database: Database) -> None:
    database.execute(TABLES)
    not_enforced = 'FOREIGN KEY (a) REFERENCES "My App"."Order" NOT ENFORCED'
    check_foreign_keys(database, [*FOREIGN_KEYS, *FOREIGN_KEYS_15, not_enforced])


def test_foreign_keys_of_15(database_15: Database) -> None:
    database_15.execute(TABLES.replace("CREATE EXTENSION pg_trgm;", ""))
    check_foreign_keys(database_15, [*FOREIGN_KEYS, *FOREIGN_KEYS_15])


def test_keys_and_checks(database: Database) -> None:
    database.execute(TABLES)
    database.execute(
        """ALTER TABLE "My App"."Order" ADD CONSTRAINT nulls UNIQUE NULLS NOT DISTINCT (place);
        ALTER TABLE "My App"."Order" ADD CONSTRAINT young CHECK (small > 1) NOT VALID;
        ALTER TABLE "My App"."Order" ADD CONSTRAINT lazy CHECK (small > 2) NOT ENFORCED;
        CREATE EXTENSION btree_gist;
        CREATE TABLE booked (room int, during tstzrange,
                             CONSTRAINT once PRIMARY KEY (room, during WITHOUT OVERLAPS));"""
    )
    catalog = read(database)
    seen = 0
    for table in (catalog.table('"My App"."Order"'), catalog.table("public.booked")):
        texts = {
            key.name: key_definition(key, primary=key is table.primary_key) for key in table.keys
        } | {check.name: check_definition(check) for check in table.checks}
        for name, text in texts.items():
            of = f"(SELECT oid FROM pg_constraint WHERE conname = '{name}')"
            before = definition(database, "pg_get_constraintdef", of)
            database.execute(f'ALTER TABLE {table.qualified} DROP CONSTRAINT "{name}"')
            database.execute(f'ALTER TABLE {table.qualified} ADD CONSTRAINT "{name}" {text}')
            assert definition(database, "pg_get_constraintdef", of) == before
            seen += 1
    assert seen == 11


def test_what_was_not_read_is_not_written() -> None:
    hidden = IndexColumn(None)
    index = Index(1, "public", "i", "btree", (hidden,))
    with pytest.raises(ValueError, match="expression"):
        index_definition(index, "t")
    partial = Index(1, "public", "i", "btree", (IndexColumn("a"),), partial=True)
    with pytest.raises(ValueError, match="predicate"):
        index_definition(partial, "t")
    with pytest.raises(ValueError, match="expression"):
        check_definition(Check("c", None))
