"""Bytes of values and of index tuples, beside those of real pages."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Column
from dbwright.tune.indexes.estimate import index_widths
from dbwright.tune.indexes.lengths import numeric_bytes
from dbwright.tune.indexes.widths import KeyWidth, column_width, expression_width, tuple_sizes
from servers.postgresql import Database

ROWS: list[tuple[str, ...]] = [
    ("1::smallint", "2::bigint"),
    ("true", "1::int", "true"),
    ("'x'::text", "5::int"),
    ("'x'::text", "5::bigint", "'yz'::varchar"),
    ("repeat('x', 126)::text", "1::int"),
    ("repeat('x', 127)::text", "1::int"),
    ("true", "repeat('x', 200)::text"),
    ("NULL::int", "'abc'::text"),
    ("1::int", "NULL::text"),
    ("12.5::numeric", "1::int"),
    ("-1234567.89::numeric",),
    ("0::numeric", "'NaN'::numeric"),
    ("'10.0.0.1'::inet", "1::int"),
    ("'2001:db8::1'::inet",),
    ("now()", "current_date", "'a'::char(7)"),
    ("gen_random_uuid()", "true", "1.5::float8"),
    ("'äöü'::text", "'\\x0102'::bytea"),
    ("'short'::name", "3::int"),
    ("'12:00'::timetz", "1::smallint"),
]


@pytest.mark.parametrize("row", ROWS)
def test_tuple_is_as_long_as_on_the_page(database: Database, row: tuple[str, ...]) -> None:
    database.execute(
        f"CREATE EXTENSION pageinspect; CREATE TABLE t AS SELECT {named(row)} "
        f"FROM generate_series(1, 2)"
    )
    names: list[Any] = database.execute(
        "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute "
        "WHERE attrelid = 't'::regclass AND attnum > 0"
    )
    database.execute(f"CREATE INDEX i ON t ({names[0][0]}) WITH (deduplicate_items = off)")
    database.execute("ANALYZE t")
    items: list[Any] = database.execute("SELECT itemlen FROM bt_page_items('i', 1)")
    with Session.open(database.url, 30) as session:
        snapshot = read(session)
    table = snapshot.catalog.table("public.t")
    assert snapshot.statistics is not None
    widths = index_widths(table.indexes[0], table, snapshot.catalog, snapshot.statistics)
    sizes = tuple_sizes(widths.keys)
    assert {size: pytest.approx(1) for size in sizes.all} == sizes.all
    assert [*sizes.all] == [items[-1][0]]


def named(row: tuple[str, ...]) -> str:
    return ", ".join(f"{value} AS c{place}" for place, value in enumerate(row))


def test_numeric_bytes(database: Database) -> None:
    numbers = random.Random(1)
    values = ["0", "0.00", "1", "-1", "10000", "0.0001", "0.00001", "99999999", "NaN", "Infinity"]
    values += [
        str(Decimal(numbers.randint(-(10**width), 10**width)).scaleb(-numbers.randint(0, 9)))
        for width in range(1, 30)
        for _ in range(8)
    ]
    values = [f"{Decimal(value):f}" if value[-1].isdigit() else value for value in values]
    database.execute("CREATE TABLE numbers (text text, number numeric)")
    rows = ", ".join(f"('{value}', '{value}')" for value in values)
    database.execute(f"INSERT INTO numbers VALUES {rows}")
    found = database.execute("SELECT number::text, pg_column_size(number) FROM numbers")
    assert [(text, numeric_bytes(text)) for text, _ in found] == found


widths = st.lists(
    st.builds(
        KeyWidth,
        name=st.just("a"),
        lengths=st.lists(st.integers(1, 60), min_size=1, max_size=4, unique=True).map(
            lambda lengths: tuple((length, 1 / len(lengths)) for length in lengths)
        ),
        alignment=st.sampled_from([1, 2, 4, 8]),
        varying=st.booleans(),
        null_fraction=st.sampled_from([0.0, 0.25, 1.0]),
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(widths)
def test_sizes_are_aligned_shares(columns: list[KeyWidth]) -> None:
    sizes = tuple_sizes(columns)
    assert sum(sizes.all.values()) == pytest.approx(1)
    assert all((size % 8 == 0 and size >= 16) or size == 8 for size in sizes.all)
    for part in (sizes.plain, sizes.with_nulls):
        assert not part or sum(part.values()) == pytest.approx(1)
    assert bool(sizes.with_nulls) == any(column.null_fraction for column in columns)


@settings(deadline=None)
@given(widths, st.integers(1, 60))
def test_one_column_more_is_not_smaller(columns: list[KeyWidth], length: int) -> None:
    more = [*columns, KeyWidth("more", ((length, 1.0),))]
    assert tuple_sizes(more).mean >= tuple_sizes(columns).mean


@pytest.mark.parametrize(
    ("type_", "length", "average"),
    [("text", None, 32.5), ("character varying", 10, 11.5), ("character varying", 100, 66.5)],
)
def test_guesses_without_statistics(type_: str, length: int | None, average: float) -> None:
    """As the planner's, spread over all offsets."""
    column = Column("a", 1, type_, type_, length=length)
    width = column_width(column, None)
    assert not width.known
    assert width.average == pytest.approx(average)


def test_expression_of_a_text_is_as_long() -> None:
    text = KeyWidth("mail", ((21, 0.5), (25, 0.5)), 4, varying=True, distinct=-0.5)
    lower = expression_width("lower(mail)", of=text)
    assert (lower.lengths, lower.distinct, lower.known) == (text.lengths, -0.5, False)
    assert expression_width("length(mail)", of=text, length=4).average == 4
