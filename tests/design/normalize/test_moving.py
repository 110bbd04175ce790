"""The decomposition run on a real server: up, compared, down; and what must fail there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.design.normalize.made import order_lines, relation

from dbwright.design.normalize.mining.mine import mine
from dbwright.design.normalize.moving.parts import Decomposition, decomposed
from dbwright.design.normalize.moving.statements import Place, migration, steps
from dbwright.design.normalize.moving.trial import Trial, on_rows, tried
from dbwright.design.normalize.normalized import normalized
from dbwright.design.normalize.ranking.judge import judge, stated
from dbwright.design.normalize.ranking.judged import Verdict
from dbwright.design.normalize.relation import Relation
from dbwright.errors import UsageError
from dbwright.progress import silent
from dbwright.sandbox import Server


def taken_apart(of: Relation) -> Decomposition:
    found = decomposed(judge(of, mine(of)))
    assert found is not None
    return found


def trial(server: Server, of: Relation, found: Decomposition, number: int) -> Trial:
    with on_rows(server, of, number, silent) as connection:
        return tried(connection, found, silent)


def joined(found: Decomposition) -> Counter[tuple[str | None, ...]]:
    """The join of the parts, as the view makes it: rows of a part differ in its key."""
    of = found.relation
    rows = [dict(zip(of.names, cells, strict=True)) for cells in all_rows(of)]
    told = [{name: row[name] for name in found.base.columns} for row in rows]
    for join in found.joins:
        part = {tuple(row[name] for name in join.part.key): row for row in reversed(rows)}
        by: dict[tuple[str | None, ...], list[dict[str, str | None]]] = {}
        for row in part.values():
            by.setdefault(tuple(row[name] for name in join.by), []).append(row)
        told = [
            {**{name: other[name] for name in join.part.columns}, **row}
            for row in told
            for other in by[tuple(row[name] for name in join.by)]
        ]
    return Counter(tuple(row[name] for name in of.names) for row in told)


def all_rows(of: Relation) -> list[tuple[str | None, ...]]:
    return [tuple(column.value(row) for column in of.columns) for row in range(of.rows)]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(*(st.integers(0, 2) for _ in range(5))), min_size=2, max_size=25),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_whatever_is_accepted_the_parts_give_the_rows_back(
    rows: list[tuple[int, ...]], keyed: bool, random: Random
) -> None:
    of = relation("a b c d e", rows)
    judgement = judge(of, mine(of))
    said = [
        (one.dependency.left, one.dependency.right, random.choice(list(Verdict)))
        for one in judgement.dependencies
    ]
    judgement = stated(judgement, said)
    keys = judgement.mined.keys
    key = random.choice(keys).columns if keys and keyed else ()
    found = decomposed(replace(judgement, key=key))
    if found is not None:
        assert joined(found) == Counter(all_rows(of))
        assert {name for part in found.parts for name in part.columns} == set(of.names)
        for part in found.parts:
            for link in part.links:
                (other,) = [each for each in found.parts if each.name == link.part]
                assert set(other.key) == set(link.columns) <= set(part.columns)


def test_parts_give_the_rows_back_and_down_brings_them_home(postgresql: Server) -> None:
    of = order_lines()
    found = taken_apart(of)
    done = trial(postgresql, of, found, 801)
    assert done.holds
    assert (done.rows, done.missing, done.surplus) == (360, 0, 0)
    assert done.parts == tuple((part.name, part.rows) for part in found.parts)


def test_names_nulls_and_equal_rows(postgresql: Server) -> None:
    rows = [
        (None if n % 9 == 0 else n % 9, None if n % 9 == 0 else f"S'{n % 9}", n % 2, "2024-01-01")
        for n in range(200)
    ]
    of = relation("a b c d", rows, 'my "visits"')
    columns = tuple(
        replace(column, name=name)
        for column, name in zip(of.columns, ("shopID", 'Shop "Name"', "order", "day"), strict=True)
    )
    of = replace(of, columns=columns)
    found = taken_apart(of)
    assert [part.rows for part in found.parts] == [8, 200]
    done = trial(postgresql, of, found, 802)
    assert done.holds, done


def test_a_dependency_that_does_not_hold_is_refused_by_the_migration(postgresql: Server) -> None:
    of = order_lines()
    found = taken_apart(of)
    # The same tables, for rows in which one customer has two names.
    column = of.column("customer_name")
    codes = column.codes[:]
    codes[0] = (codes[0] + 1) % column.distinct
    other = replace(
        of,
        columns=tuple(
            replace(each, codes=codes) if each is column else each for each in of.columns
        ),
    )
    done = trial(postgresql, other, replace(found, relation=other), 803)
    assert not done.holds
    assert done.refused == "the parts of order_lines do not give its rows back"


def test_what_was_written_since_is_brought_back(postgresql: Server) -> None:
    of = order_lines()
    found = taken_apart(of)
    with on_rows(postgresql, of, 804, silent) as connection:
        for step in steps(found):
            connection.execute(step.up.encode())
        connection.execute("UPDATE customers SET customer_name = 'New' WHERE customer_id = 7")
        connection.execute("INSERT INTO order_line_items VALUES (1, 99, 11, 1.5, 1)")
        connection.execute("DELETE FROM order_line_items WHERE order_id = 2")
        before = connection.execute("SELECT * FROM order_lines ORDER BY 1, 2").fetchall()
        for step in reversed(steps(found)):
            connection.execute(step.down.encode())
        after = connection.execute("SELECT * FROM order_lines ORDER BY 1, 2").fetchall()
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert tables.fetchone() == (1,)
    assert before == after
    assert len(after) == 358
    assert {row[4] for row in after if row[3] == 7} == {"New"}


def test_the_file_says_what_it_does() -> None:
    text = migration(taken_apart(order_lines()), (), ["a note"])
    assert text.startswith("-- order_lines taken apart: orders, customers, cities, products, ")
    assert "\n-- a note\n" in text
    up, _, down = text.partition("-- DOWN")
    assert "NOT VALID" in up and "VALIDATE CONSTRAINT" in up
    assert down.count("DROP TABLE") == 5


def test_long_names_fit(postgresql: Server) -> None:
    of = order_lines(20)
    of = replace(of, name="ö" * 31)
    place = Place(of)
    assert len(place.kept_name.encode()) <= 63
    assert trial(postgresql, of, taken_apart(of), 805).holds


def test_what_the_server_refuses_is_told_and_nothing_stays(postgresql: Server) -> None:
    of = order_lines(20)
    found = taken_apart(of)
    with on_rows(postgresql, of, 806, silent) as connection:
        connection.execute("CREATE TABLE orders (x int)")
        done = tried(connection, found, silent)
        assert "already exists" in done.refused
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT * FROM customers")


def people() -> Relation:
    """Visits of people who have tags, up to two numbers, and dishes that they ate."""
    tags = ("red, green", "blue", None, "green, blue, red")
    rows = [
        (
            n,
            n % 24,
            tags[n % 24 % 4],
            n % 24,
            n % 24 + 7 if n % 24 % 3 else None,
            f"{n % 5};{n % 7}",
        )
        for n in range(240)
    ]
    return relation("visit_id person_id person_tags tel1 tel2 ate", rows, "visits")


def test_lists_and_repeated_columns_as_tables(postgresql: Server) -> None:
    of = people()
    wanted = ["person_tags", "tel", "ate"]
    done = normalized(judge(of, mine(of)), split=wanted)
    assert done.decomposition is not None
    with on_rows(postgresql, of, 807, silent) as connection:
        trial = tried(connection, done.decomposition, silent, done.splits)
    assert trial.holds, trial
    assert dict(trial.parts) == {
        **{part.name: part.rows for part in done.decomposition.parts},
        **{split.name: split.rows for split in done.splits},
    }
    told = {split.name: (split.key, split.type, split.delimiter) for split in done.splits}
    assert told == {
        "persons_person_tags": (("person_id",), "text", ", "),
        "persons_tel": (("person_id",), "bigint", ""),
        "visit_items_ate": (("visit_id",), "bigint", ";"),
    }
    with pytest.raises(UsageError, match="'visit_id' was not found to hold lists"):
        normalized(judge(of, mine(of)), split=["visit_id"])


def test_lists_of_rows_without_a_key(postgresql: Server) -> None:
    of = relation("tags score", [(("a;b", "b", "b;c;a")[n % 3], n % 2) for n in range(30)], "seen")
    done = normalized(judge(of, mine(of)), split=["tags"])
    assert done.decomposition is not None
    assert done.columns_of(done.decomposition.base) == ("row_number", "score")
    with on_rows(postgresql, of, 808, silent) as connection:
        assert tried(connection, done.decomposition, silent, done.splits).holds
