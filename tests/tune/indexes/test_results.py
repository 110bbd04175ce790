"""What the results of an expression tell, beside what ANALYZE says of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from dbwright.model.statistics import ColumnStatistics
from dbwright.tune.indexes.results import Result, computed_statistics

ROWS = 100_000.0


def column(
    common: tuple[str, ...] = (),
    frequencies: tuple[float, ...] = (),
    histogram: tuple[str, ...] = (),
    distinct: float = -1.0,
    nulls: float = 0.0,
) -> ColumnStatistics:
    return ColumnStatistics(1, "c", nulls, 8, distinct, common, frequencies, histogram, 0.9)


def results(texts: list[str | None], type_: str, length: int, size: int = 8) -> list[Result]:
    ranks = {text: rank for rank, text in enumerate(sorted({t for t in texts if t is not None}))}
    return [
        Result(text, ranks.get(text or "", 99), None if text is None else size, type_, length)
        for text in texts
    ]


def days(count: int, each: timedelta) -> list[datetime]:
    return [datetime(2024, 1, 1) + n * each for n in range(count)]


def test_days_are_no_more_than_there_are_days() -> None:
    moments = days(101, timedelta(hours=23))
    counted = column(histogram=tuple(str(moment) for moment in moments))
    texts: list[str | None] = [str(moment.date()) for moment in moments]
    found = computed_statistics(counted, results(texts, "date", 4, 4), ROWS)
    assert found is not None
    last = (moments[-1].date() - date(2024, 1, 1)).days
    assert found.statistics.distinct == last + 1
    assert found.statistics.correlation == 0.9  # it rises with the column
    assert found.lengths == ((4, 1.0),)
    assert found.statistics.histogram[0] == "2024-01-01"


def test_hours_lie_on_a_grid() -> None:
    moments = days(101, timedelta(hours=5))
    counted = column(histogram=tuple(str(moment) for moment in moments))
    texts: list[str | None] = [f"{moment}+00" for moment in moments]
    found = computed_statistics(counted, results(texts, "timestamp with time zone", 8), ROWS)
    assert found is not None
    assert found.statistics.distinct == 101


def test_common_values_that_give_the_same_are_counted_together() -> None:
    counted = column(("a", "A", "b"), (0.5, 0.2, 0.2), distinct=3, nulls=0.1)
    found = computed_statistics(counted, results(["a", "a", "b"], "text", -1, 5), ROWS)
    assert found is not None
    assert found.statistics.common_values == ("a", "b")
    assert found.statistics.common_frequencies == pytest.approx((0.7, 0.2))
    assert found.statistics.distinct == 2
    assert found.statistics.null_fraction == pytest.approx(0.1)
    assert found.lengths == ((2, 1.0),)  # a short text has one byte of header in an index


def test_few_results_of_many_values_are_few() -> None:
    counted = column(histogram=tuple(str(n) for n in range(101)))
    texts: list[str | None] = [f"colour {n * 7 % 12}" for n in range(101)]
    found = computed_statistics(counted, results(texts, "text", -1), ROWS)
    assert found is not None
    assert found.statistics.distinct == pytest.approx(12, abs=1)
    assert found.statistics.common_values == ()  # one is as frequent as the other
    assert found.statistics.correlation is None


def test_a_result_of_most_values_is_common() -> None:
    counted = column(histogram=tuple(str(n) for n in range(101)))
    texts: list[str | None] = ["true" if n % 10 == 0 else "false" for n in range(101)]
    found = computed_statistics(counted, results(texts, "text", -1), ROWS)
    assert found is not None
    assert found.statistics.common_values == ("false",)
    assert found.statistics.common_frequencies[0] == pytest.approx(0.9, abs=0.02)


def test_unique_values_stay_unique_and_nulls_are_counted() -> None:
    counted = column(histogram=tuple(f"v{n}" for n in range(101)))
    texts: list[str | None] = [None if n % 4 == 0 else f"V{n}" for n in range(101)]
    found = computed_statistics(counted, results(texts, "text", -1), ROWS)
    assert found is not None
    assert found.statistics.distinct == -1.0
    assert found.statistics.null_fraction == pytest.approx(0.26, abs=0.01)


@pytest.mark.parametrize("text", ["infinity", "0044-03-15 BC"])
def test_dates_without_a_number_tell_no_limit(text: str) -> None:
    counted = column(histogram=tuple(str(n) for n in range(101)))
    texts: list[str | None] = [text, *(str(date(2000, 1, 1 + n % 28)) for n in range(100))]
    found = computed_statistics(counted, results(texts, "date", 4, 4), ROWS)
    assert found is not None
    assert found.statistics.distinct > 20


def test_nothing_is_told_of_nulls_alone() -> None:
    counted = column(histogram=("a", "b"))
    assert computed_statistics(counted, results([None, None], "text", -1), ROWS) is None
