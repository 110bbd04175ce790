"""A hypothetical index costs what the real one costs."""

from __future__ import annotations

import itertools
import random

import psycopg
import pytest
from tests.sandbox.twin.test_twin import library, plan, snapshot_of

from dbwright.sandbox.twin.hypothetical import Hypothetical, IndexFigures
from dbwright.sandbox.twin.twin import twin
from dbwright.sandbox.twin.what_if import Answer, WhatIf
from servers.postgresql import Database

INDEXES = {
    "by_price": "library.books (price, state)",
    "by_return": "library.loans (returned)",
    "by_title": "library.books (title text_pattern_ops)",
    "of_missing": "library.nope (x)",
}
QUERIES = {
    "by_price": "SELECT * FROM library.books WHERE price = 17.5 AND state = 'lent'",
    "by_return": "SELECT * FROM library.loans WHERE returned = '2025-03-03'",
    "by_title": "SELECT * FROM library.books WHERE title LIKE 'title abc%'",
}


def hypothetical(name: str) -> Hypothetical:
    on = INDEXES[name]
    schema, table = on.partition(" ")[0].split(".")
    return Hypothetical(name, f"CREATE INDEX {name} ON {on}", schema, table)


def test_hypothetical_indexes_cost_what_real_ones_do(database: Database) -> None:
    library(database.url)
    snapshot = snapshot_of(database.url)
    with psycopg.connect(database.url, autocommit=True) as original:
        for name in QUERIES:
            original.execute(hypothetical(name).definition.encode())
        original.execute("CREATE EXTENSION pageinspect")
        figures = {
            (table, definition.partition(" USING ")[2]): IndexFigures(pages, rows, height)
            for table, definition, pages, rows, height in original.execute(
                "SELECT indrelid::regclass::text, pg_get_indexdef(c.oid), relpages, reltuples, "
                "CASE WHEN relkind = 'i' THEN (bt_metap(c.oid::regclass::text)).level::int END "
                "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                "JOIN pg_am m ON m.oid = c.relam WHERE amname = 'btree' AND relkind = 'i'"
            )
        }

        with twin(snapshot) as copy, WhatIf(copy) as what_if, copy.connect() as names:

            def figure(index: Hypothetical, oid: int) -> IndexFigures:
                row = names.execute("SELECT %s::oid::regclass::text", (oid,)).fetchone()
                assert row is not None
                keys = "btree " + INDEXES[index.name].partition(" ")[2]
                return figures[row[0], keys]

            failed = what_if.add(map(hypothetical, INDEXES), figure)
            assert failed == {"of_missing": 'relation "library.nope" does not exist'}
            assert what_if.known == {f"library.{name}" for name in QUERIES}
            for name, query in QUERIES.items():
                real = plan(original, query)["Total Cost"]
                (without,) = what_if.ask([query], [])
                (having,) = what_if.ask([query], [f"library.{name}"])
                (others,) = what_if.ask([query], what_if.known)
                assert having.cost == pytest.approx(real, rel=0.01)
                assert having.cost == others.cost < without.cost
                assert having.used
                assert not {"library.by_price", "library.by_title"} & without.used
            assert what_if.calls == 3 * len(QUERIES)
            assert what_if.problem("SELECT nonsense FROM library.books") is not None
            assert what_if.problem(QUERIES["by_price"]) is None


def test_real_indexes_can_be_hidden(database: Database) -> None:
    library(database.url)
    query = "SELECT * FROM library.books WHERE isbn = '77'"
    with twin(snapshot_of(database.url)) as copy, WhatIf(copy) as what_if:
        with copy.connect() as connection:
            row = connection.execute("SELECT 'library.books_isbn_key'::regclass::oid").fetchone()
            assert row is not None
        what_if.watch({"library.books_isbn_key": row[0]})
        (hidden,) = what_if.ask([query], [])
        (shown,) = what_if.ask([query], ["library.books_isbn_key"])
        assert shown.used == {"library.books_isbn_key"}
        assert not hidden.used
        assert hidden.cost > 10 * shown.cost


def test_an_answer_does_not_depend_on_the_questions_before(database: Database) -> None:
    """Whatever was shown, hidden or refused before."""
    database.execute(
        "CREATE TABLE t AS SELECT n AS a, n % 10 AS b, n % 100 AS c, n % 1000 AS d, md5(n::text) "
        "AS e FROM generate_series(1, 20000) n; ANALYZE t"
    )
    query = "SELECT x.e FROM t x JOIN t y ON y.a = x.d WHERE x.b = 3 AND x.c = 4 ORDER BY y.d"
    keys = [", ".join(pair) for pair in itertools.permutations("abcd", 2)]
    made = [
        Hypothetical(f"i{n}", f"CREATE INDEX i{n} ON public.t ({key})", "public", "t")
        for n, key in enumerate(keys)
    ]
    chance = random.Random(7)
    with twin(snapshot_of(database.url)) as copy, WhatIf(copy) as what_if:
        what_if.add(made, lambda index, oid: IndexFigures(60, 20_000.0, 1))
        names = sorted(what_if.known)
        first: dict[frozenset[str], Answer] = {}
        what_if.ask([query], [])
        visible: set[str] = set()
        for step in range(250):
            if step % 40 == 0:
                visible = set(chance.sample(names, chance.randint(0, len(names))))
            visible ^= set(chance.sample(names, 1))
            assert what_if.ask([], chance.sample(names, 3)) == []
            (answer,) = what_if.ask([query], visible)
            first[frozenset(visible)] = answer
            if step % 50 == 10:
                with pytest.raises(psycopg.errors.UndefinedTable):
                    what_if.ask(["SELECT * FROM nope"], visible)
        (nothing,) = what_if.ask([query], [])
        assert not nothing.used
        with copy.connect() as other:
            live = "SELECT count(*) FROM pg_index WHERE indislive AND indrelid = 't'::regclass"
            assert other.execute(live).fetchone() == (0,)
        for several in chance.sample(sorted(first, key=sorted), 40):
            assert what_if.problem("SELECT 1") is None  # begins anew
            assert what_if.ask([query, query], several) == [first[several]] * 2
