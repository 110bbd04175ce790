"""Histograms are cut so that nothing is lost, and partitions leave no hole between them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbwright.model.catalog import Column
from dbwright.model.statistics import ColumnStatistics
from dbwright.tune.partitions.axis import DAY, Axis, axis_of, moment_of, number_of
from dbwright.tune.partitions.frozen import frozen
from dbwright.tune.partitions.intervals import CALENDAR, Interval, intervals
from dbwright.tune.partitions.timeline import Timeline, timeline
from servers.postgresql import Database

TIME = Axis("timestamp with time zone")
FIRST = number_of(datetime(2001, 1, 1, tzinfo=UTC))
LAST = number_of(datetime(2033, 1, 1, tzinfo=UTC))
moments = st.integers(FIRST, LAST)
lines = st.builds(
    lambda bounds, common, shares: Timeline(
        TIME,
        tuple(sorted(bounds)),
        tuple((value, share / 100) for value, share in sorted(zip(common, shares, strict=False))),
        1.0 - sum(share for _, share in zip(common, shares, strict=False)) / 100,
    ),
    st.lists(moments, min_size=2, max_size=40, unique=True),
    st.lists(moments, max_size=5, unique=True),
    st.lists(st.integers(1, 15), max_size=5),
)
widths = st.sampled_from([*CALENDAR.values(), Interval("1,000 ids", 1000)])


@given(lines, st.sampled_from([CALENDAR["year"], CALENDAR["month"]]))
def test_all_rows_are_in_a_partition(line: Timeline, interval: Interval) -> None:
    ranges = interval.ranges(line.low, line.high)
    assert ranges[0][0] <= line.low and line.high < ranges[-1][1]
    assert all(one[1] == other[0] for one, other in itertools.pairwise(ranges))
    shares = [line.between(start, end) for start, end in ranges]
    assert min(shares) >= 0.0
    assert sum(shares) == pytest.approx(1.0)


@given(lines, moments, moments)
def test_more_lies_below_what_is_larger(line: Timeline, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= line.below(low) <= line.below(high) <= 1.0 + 1e-9
    assert line.below(line.low) == 0.0


@given(widths, moments)
def test_a_number_is_in_its_partition(interval: Interval, number: int) -> None:
    start = interval.start(number)
    assert start <= number < interval.following(start)
    assert interval.start(start) == start
    ahead = interval.ahead(number, 3)
    assert ahead[0][0] > number and len(ahead) == 3
    assert len({interval.suffix(start) for start, _ in ahead}) == 3


@given(moments)
def test_values_are_written_as_they_are_read(number: int) -> None:
    for name in ("timestamp with time zone", "timestamp without time zone"):
        axis = Axis(name)
        assert axis.number(axis.value(number)) == number
    whole = number // DAY * DAY
    assert Axis("date").number(Axis("date").value(whole)) == whole
    assert number_of(moment_of(number)) == number


def test_what_has_no_place_on_the_line() -> None:
    known = ColumnStatistics(1, "at", 0.0, 8, -1.0, histogram=("2024-01-01", "infinity"))
    assert timeline(known, Axis("date")) is None
    assert timeline(ColumnStatistics(1, "at", 0.0, 8, -1.0), Axis("date")) is None
    assert axis_of(Column("a", 1, "text", "text")) is None
    assert axis_of(Column("a", 1, "date[]", "date", is_array=True)) is None


def test_widths_are_of_a_sane_number_and_size() -> None:
    day = number_of(datetime(2024, 1, 1, tzinfo=UTC))
    line = Timeline(TIME, tuple(day + n * 7 * DAY for n in range(101)), (), 1.0)
    assert [one.name for one in intervals(line, 1e9, 1e9)] == ["month", "week"]
    assert [one.name for one in intervals(line, 1e12, 20e9)] == ["week"]
    assert [one.name for one in intervals(line, 1e15, 1e9)] == ["week"]
    ids = Timeline(Axis("bigint"), tuple(range(0, 1_000_001, 10_000)), (), 1.0)
    assert [one.name for one in intervals(ids, 1e9, 1e9)] == [
        "100,000 ids",
        "50,000 ids",
        "20,000 ids",
    ]


MOMENT = datetime(2024, 5, 17, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "SELECT 1 FROM t WHERE at > now() - interval '1 day'",
            "'2024-05-16 12:30:00+00'::timestamptz",
        ),
        ("DELETE FROM t WHERE day < CURRENT_DATE - 30", "'2024-04-17'::date"),
        (
            "SELECT 1 FROM t WHERE at >= date_trunc('month', now())",
            "'2024-05-01 00:00:00+00'::timestamptz",
        ),
        (
            "SELECT 1 FROM t WHERE at > now() - k",
            "at > ('2024-05-17 12:30:00+00'::timestamptz - k)",
        ),
        ("SELECT 1 FROM t WHERE at > '2024-01-01'", "at > '2024-01-01'"),
        ("SELECT now() - at FROM t", "SELECT '2024-05-17 12:30:00+00'::timestamptz - at"),
        ("SELECT clock_timestamp(), random() FROM t", "SELECT clock_timestamp(), random() FROM t"),
    ],
)
def test_the_clock_is_stopped(statement: str, expected: str, database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("SET timezone = 'UTC'")
        found = frozen(statement, MOMENT, connection)
    assert expected.replace("(", "").replace(")", "") in found.replace("(", "").replace(")", "")
