"""Sums, deviations, percentiles, times and parameter values."""

from __future__ import annotations

import random
import statistics
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbwright.engines.postgresql.logs.groups import Groups
from dbwright.engines.postgresql.logs.moments import Clock
from dbwright.engines.postgresql.logs.parameters import parameter_values, whole_values
from dbwright.engines.postgresql.logs.sample import KEPT, Durations

SECONDS = st.floats(0, 1e5, allow_subnormal=False)


@given(st.lists(st.lists(SECONDS, min_size=1, max_size=30), min_size=1, max_size=30))
def test_durations_of_any_parts_are_those_of_the_whole(parts: list[list[float]]) -> None:
    durations = Durations()
    for part in parts:
        durations.add(part)
    whole = [seconds for part in parts for seconds in part]
    assert durations.count == len(whole)
    assert durations.total == pytest.approx(sum(whole), rel=1e-9, abs=1e-9)
    assert durations.deviation == pytest.approx(statistics.pstdev(whole), rel=1e-6, abs=1e-6)
    assert (durations.smallest, durations.largest) == (min(whole), max(whole))
    share = sum(one <= (durations.percentile(0.95) or 0.0) for one in whole) / len(whole)
    if len(whole) < KEPT:
        assert share >= 0.95


def test_percentiles_of_many() -> None:
    durations = Durations()
    whole = [float(n) for n in range(100_000)]
    random.Random(7).shuffle(whole)
    for start in range(0, len(whole), 777):
        durations.add(whole[start : start + 777])
    assert durations.percentile(0.95) == pytest.approx(95_000, rel=0.04)
    assert Durations().percentile(0.95) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23 07:26:23.123 UTC", datetime(2026, 11, 23, 7, 26, 23, 123000, UTC)),
        ("2026-11-23 07:26:23 CET", datetime(2026, 11, 23, 6, 26, 23, 0, UTC)),
        ("2026-11-23 07:26:23.5 +0530", datetime(2026, 11, 23, 1, 56, 23, 500000, UTC)),
        ("2026-11-23 07:26:23 -03", datetime(2026, 11, 23, 10, 26, 23, 0, UTC)),
        ("1790000000.250", datetime(2026, 9, 21, 14, 13, 20, 250000, UTC)),
        ("2026-13-45 07:26:23 UTC", None),
        ("", None),
        ("nonsense", None),
    ],
)
def test_moments(text: str, moment: datetime | None) -> None:
    clock = Clock()
    assert clock.moment(text.encode()) == moment
    seconds = 0.0 if moment is None else moment.timestamp()
    for _ in range(2):
        assert clock.seconds(text.encode()) == pytest.approx(seconds, abs=0.5)
    assert not clock.unknown_zones


def test_an_unknown_zone_is_told() -> None:
    clock = Clock()
    assert clock.moment(b"2026-11-23 07:26:23 XYZ") == datetime(2026, 11, 23, 7, 26, 23, 0, UTC)
    assert clock.unknown_zones == {"XYZ"}


@given(st.lists(st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8"))))
def test_parameter_values(values: list[str | None]) -> None:
    written = ", ".join(
        f"${n} = " + ("NULL" if v is None else "'" + v.replace("'", "''") + "'")
        for n, v in enumerate(values, 1)
    )
    for word in ("parameters", "Parameters"):
        assert parameter_values(f"{word}: {written}".encode()) == tuple(values)
    assert parameter_values(written.encode()) == ()


def test_values_that_were_cut_are_not_run_with() -> None:
    detail = b"parameters: $1 = '12...', $2 = 'x'"
    assert parameter_values(detail) == ("12...", "x")
    assert whole_values(detail) == ()
    assert whole_values(b"parameters: $1 = '12'") == ("12",)


def test_the_number_of_groups_is_bounded() -> None:
    groups = Groups(most=3)
    names = "abcdefgh"
    found = [groups.find(f"SELECT {name} FROM t{name}".encode(), "shop") for name in names]
    assert len(groups.all) == 3
    assert len(set(found)) == 4
    (rest,) = groups.left_out.values()
    assert found[3:] == [rest] * 5
    for number in range(100):
        assert groups.find(f"SELECT a FROM ta WHERE b = {number}".encode(), "shop") in (rest,)


def test_one_statement_is_one_group_however_it_is_written() -> None:
    groups = Groups()
    texts = (
        b"SELECT a FROM t WHERE b IN (1, 2, 3)",
        b"SELECT a FROM t WHERE b IN (77)",
        b"select  a from t where b in ('x')",
        b"SELECT a FROM t WHERE b IN ($1, $2)",
        b"/* request 7 */ SELECT a FROM t WHERE b IN (1) /* by='x' */",
        b"SELECT a -- it's 7\n FROM t WHERE b IN (1.5)",
        b"SELECT a FROM t WHERE b IN (E'\\'')",
    )
    assert len({id(groups.find(text, "shop")) for text in texts for _ in range(2)}) == 1
    assert groups.find(texts[0], "other") is not groups.find(texts[0], "shop")
    broken = groups.find(b"SELEC 1", "shop")
    assert broken.fingerprint == ""
    assert groups.find(b"SELEC 1", "shop") is broken
