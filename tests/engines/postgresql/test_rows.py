"""Rows are read as a sample or by key, at one moment, and never written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbwright.engines.postgresql.rows import Keys, RowReader, RowsWanted, Sample, reading_rows
from dbwright.engines.postgresql.session import Unreadable
from dbwright.errors import ConnectionRefused
from servers.postgresql import Database


def lines(reader: RowReader, wanted: RowsWanted) -> list[str]:
    with reader.rows(wanted) as pieces:
        return b"".join(bytes(piece) for piece in pieces).decode().splitlines()


@given(st.integers(1, 10**6), st.floats(0, 1e12, allow_nan=False), st.integers(0, 2**31))
def test_a_sample_reads_enough_and_not_all(rows: int, table_rows: float, pages: int) -> None:
    sample = Sample(rows, table_rows, pages)
    assert 0 < sample.percent <= 100
    assert 1 <= sample.thinned <= 65536
    if not sample.whole:
        expected = table_rows * sample.percent / 100 * sample.thinned / 65536
        # It is taken in 65,536ths: where few are, half of one counts.
        assert expected > (1 - 0.5 / sample.thinned) * 0.99 * rows or sample.percent == 100
        assert pages == 0 or sample.percent / 100 * pages >= min(64, pages) * 0.999


def test_all_tables_are_of_one_moment(database: Database) -> None:
    database.execute("CREATE TABLE a (x integer); INSERT INTO a VALUES (1)")
    with reading_rows(database.url) as reader:
        assert lines(reader, RowsWanted("public.a", ("x",))) == ["1"]
        database.execute("INSERT INTO a VALUES (2)")
        assert lines(reader, RowsWanted("public.a", ("x",))) == ["1"]


def test_rows_of_keys(database: Database) -> None:
    database.execute(
        "CREATE TYPE kind AS ENUM ('it''s', 'b{,}');"
        'CREATE TABLE a (x integer, "K" kind);'
        "INSERT INTO a VALUES (1, 'it''s'), (2, 'it''s'), (1, 'b{,}')"
    )
    both = Keys(("x", "K"), ("integer", "public.kind"), ("{1,2}", '{"b{,}",it\'s}'))
    one = Keys(("K",), ("public.kind",), ("{it's}",))
    with reading_rows(database.url) as reader:
        found = lines(reader, RowsWanted("public.a", ("x", "K"), keys=both))
        assert sorted(found) == ["1\tb{,}", "2\tit's"]
        found = lines(reader, RowsWanted("public.a", ("x",), keys=one))
        assert sorted(found) == ["1", "2"]


def test_a_refused_table_leaves_the_others(database: Database) -> None:
    database.execute("CREATE TABLE a (x integer); INSERT INTO a VALUES (1)")
    with reading_rows(database.url) as reader:
        with pytest.raises(Unreadable, match="does not exist"):
            lines(reader, RowsWanted("public.nowhere", ("x",)))
        assert lines(reader, RowsWanted("public.a", ("x",))) == ["1"]


def test_nothing_is_written(database: Database) -> None:
    database.execute(
        "CREATE TABLE a (x integer); INSERT INTO a VALUES (1);"
        "CREATE FUNCTION leave() RETURNS boolean LANGUAGE sql AS "
        "'INSERT INTO public.a VALUES (9); SELECT true';"
        "CREATE ROLE rows_reader LOGIN; GRANT SELECT, INSERT ON a TO rows_reader;"
        "ALTER TABLE a ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY writes ON a USING (leave());"
        "CREATE POLICY takes ON a FOR INSERT WITH CHECK (true)"
    )
    url = database.url.replace("postgresql://dbwright@", "postgresql://rows_reader@")
    try:
        with reading_rows(url) as reader:
            oid = database.execute("SELECT 'public.a'::regclass::oid")[0][0]
            assert reader.hidden([oid]) == frozenset({oid})
            with pytest.raises(Unreadable):
                lines(reader, RowsWanted("public.a", ("x",)))
        assert database.execute("SELECT * FROM a") == [(1,)]
    finally:
        database.execute("DROP OWNED BY rows_reader; DROP ROLE rows_reader")


def test_a_target_that_is_not_there() -> None:
    with (
        pytest.raises(ConnectionRefused),
        reading_rows("postgresql://nobody@/x?host=/nowhere"),
    ):
        pass


def test_an_error_in_the_block_is_not_the_targets(database: Database) -> None:
    database.execute("CREATE TABLE a AS SELECT generate_series(1, 100000) AS x")
    with reading_rows(database.url) as reader:
        wanted = RowsWanted("public.a", ("x",))
        with pytest.raises(ZeroDivisionError), reader.rows(wanted) as pieces:
            next(iter(pieces))
            _ = 1 / 0
        assert len(lines(reader, wanted)) == 100000
