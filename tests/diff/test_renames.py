"""What was only renamed keeps its rows, and all that hangs on it."""

from __future__ import annotations

import psycopg
import pytest
from tests.diff.applied import apply as run_plan
from tests.diff.applied import catalog_of, fresh, run

from dbwright.diff.compare import differences
from dbwright.diff.renames import (
    apply,
    asked_for,
    candidates,
    renamed_parts,
    require_there,
    told,
)
from dbwright.diff.write import parts
from dbwright.errors import UsageError
from dbwright.sandbox import Server

BEFORE = [
    "CREATE SCHEMA shop",
    "CREATE TYPE shop.state AS ENUM ('new', 'payed')",
    "CREATE TABLE shop.people (id bigint PRIMARY KEY)",
    "CREATE TABLE shop.orders (id serial PRIMARY KEY, total numeric CHECK (total > 0), "
    "buyer bigint REFERENCES shop.people, state shop.state DEFAULT 'payed', "
    "twice numeric GENERATED ALWAYS AS (total * 2) STORED, UNIQUE (buyer, total))",
    "CREATE INDEX ON shop.orders (total) WHERE total > 5",
    "CREATE VIEW shop.seen AS SELECT id, total FROM shop.orders WHERE total < 9",
    "CREATE POLICY p ON shop.orders USING (total > 1)",
    "INSERT INTO shop.orders (total) VALUES (3), (6)",
]
AFTER = [
    "CREATE SCHEMA shop",
    "CREATE TYPE shop.state AS ENUM ('new', 'paid')",
    "CREATE TABLE shop.people (id bigint PRIMARY KEY)",
    'CREATE TABLE shop.purchases (id serial PRIMARY KEY, "the amount" numeric '
    'CHECK ("the amount" > 0), buyer bigint REFERENCES shop.people, '
    "state shop.state DEFAULT 'paid', "
    'twice numeric GENERATED ALWAYS AS ("the amount" * 2) STORED, UNIQUE (buyer, "the amount"))',
    'CREATE INDEX ON shop.purchases ("the amount") WHERE "the amount" > 5',
    'CREATE VIEW shop.seen AS SELECT id, "the amount" FROM shop.purchases WHERE "the amount" < 9',
    'CREATE POLICY p ON shop.purchases USING ("the amount" > 1)',
]
ASKED = (
    "shop.orders=purchases",
    'shop.purchases.total="the amount"',
    "shop.state.payed=paid",
)


def test_tables_columns_values_and_what_is_named_after_them(postgresql: Server) -> None:
    with fresh(postgresql, BEFORE) as url, fresh(postgresql, AFTER) as other:
        before, after = catalog_of(url), catalog_of(other)
        renamed, renames = asked_for(before, ASKED)
        require_there(renames, before, after)
        renames += renamed_parts(renamed, after)
        (part,) = parts(before, after, renames)
        assert part.losing == ()
        text = "\n".join(step.sql for step in part.up.steps)
        assert "ALTER TABLE shop.orders RENAME TO purchases" in text
        assert "ALTER SEQUENCE shop.orders_id_seq RENAME TO purchases_id_seq" in text
        assert "RENAME CONSTRAINT orders_pkey TO purchases_pkey" in text
        run_plan(url, part.up)
        assert differences(catalog_of(url), after) == ()
        with psycopg.connect(url) as connection:
            rows = connection.execute('SELECT "the amount", twice, state::text FROM shop.purchases')
            assert rows.fetchall() == [(3, 6, "paid"), (6, 12, "paid")]
        run_plan(url, part.down)
        assert differences(catalog_of(url), before) == ()
        run(url, ["INSERT INTO shop.orders (total) VALUES (7)"])


SWAPS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "two columns change names": (
        ("public.t.a=x", "public.t.b=a", "public.t.x=b"),
        "CREATE TABLE t (a integer, b integer, UNIQUE (a), CHECK (a < b)); "
        "CREATE VIEW v AS SELECT a, b FROM t; INSERT INTO t VALUES (1, 2);",
        "CREATE TABLE t (b integer, a integer, UNIQUE (b), CHECK (b < a)); "
        "CREATE VIEW v AS SELECT b AS a, a AS b FROM t;",
    ),
    "one table takes the other's name": (
        ("public.t=gone", "public.t2=t"),
        "CREATE TABLE t (id integer PRIMARY KEY); CREATE TABLE t2 (id integer PRIMARY KEY);",
        "CREATE TABLE gone (id integer PRIMARY KEY); CREATE TABLE t (id integer PRIMARY KEY);",
    ),
    "a new table takes it": (
        ("public.t=gone",),
        "CREATE TABLE t (id integer PRIMARY KEY); CREATE VIEW v AS SELECT * FROM t;",
        "CREATE TABLE gone (id integer PRIMARY KEY); CREATE VIEW v AS SELECT * FROM gone; "
        "CREATE TABLE t (id bigint PRIMARY KEY, z integer);",
    ),
    "partitions have parts named after a column": (
        ("public.p.v=w", "public.p=q"),
        "CREATE TABLE p (id integer, v integer, PRIMARY KEY (id, v)) PARTITION BY RANGE (v); "
        "CREATE TABLE p1 PARTITION OF p DEFAULT; CREATE INDEX pi ON p (v); "
        "INSERT INTO p VALUES (1, 2);",
        "CREATE TABLE q (id integer, w integer, PRIMARY KEY (id, w)) PARTITION BY RANGE (w); "
        "CREATE TABLE p1 PARTITION OF q DEFAULT; CREATE INDEX pi ON q (w);",
    ),
    "an identity; a check with copies": (
        ('public."Old"=New', "public.p.a=z"),
        'CREATE TABLE "Old" (id bigint GENERATED ALWAYS AS IDENTITY); '
        "CREATE TABLE p (a integer, CONSTRAINT c_a CHECK (a > 0)); CREATE TABLE c () INHERITS (p);",
        'CREATE TABLE "New" (id bigint GENERATED ALWAYS AS IDENTITY); '
        "CREATE TABLE p (z integer, CONSTRAINT c_z CHECK (z > 0)); CREATE TABLE c () INHERITS (p);",
    ),
    "names of indexes change places": (
        (),
        "CREATE TABLE t (a integer, b integer); CREATE INDEX x ON t (a); CREATE INDEX y ON t (b); "
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;",
        "CREATE TABLE t (a integer, b integer); CREATE INDEX y ON t (a); CREATE INDEX x ON t (b); "
        "CREATE INDEX z ON t (a, b);",
    ),
}


def test_names_that_change_places(postgresql: Server) -> None:
    """Nothing but names differs, so nothing is lost, up and down."""
    for words, old, new in SWAPS.values():
        with fresh(postgresql, [old]) as url, fresh(postgresql, [new]) as other:
            before, after = catalog_of(url), catalog_of(other)
            renamed, renames = asked_for(before, words)
            require_there(renames, before, after)
            renames += renamed_parts(renamed, after)
            for part in parts(before, after, renames):
                assert part.losing == ()
                run_plan(url, part.up)
            assert differences(catalog_of(url), after) == ()
            for part in reversed(parts(before, after, renames)):
                run_plan(url, part.down)
            assert differences(catalog_of(url), before) == ()


def test_what_looks_renamed(postgresql: Server) -> None:
    before = ["CREATE TABLE t (a text, b integer, c date)", "CREATE TABLE old (x integer)"]
    after = ["CREATE TABLE t (a2 text, b2 integer, b3 integer, c date)", "CREATE TABLE o (x int)"]
    with fresh(postgresql, before) as url, fresh(postgresql, after) as other:
        first, second = catalog_of(url), catalog_of(other)
        assert [told(one) for one in candidates(first, second)] == [
            "--rename public.old=o",
            "--rename public.t.a=a2",
            "--rename public.t.b=b2",
            "--rename public.t.b=b3",
        ]
        said = apply(first, [one for one in candidates(first, second) if one.name == "a2"])
        assert "a2" in {column.name for column in said.table("public.t").columns}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("t.a", "it needs an old and a new name"),
        ("t.x=y", "FROM has no table, column or enum value t.x"),
        ("t.a=b", "FROM has b already"),
        ("t.a=z", "TO has no such name"),
    ],
)
def test_what_can_not_be(postgresql: Server, words: str, message: str) -> None:
    with fresh(postgresql, ["CREATE TABLE t (a text, b text)"]) as url:
        before = catalog_of(url)
    with pytest.raises(UsageError, match=message):
        _, renames = asked_for(before, [words])
        require_there(renames, before, before)
