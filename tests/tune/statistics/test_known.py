"""How many rows make an error worth telling."""

from __future__ import annotations

from dataclasses import replace

from dbwright.tune.statistics.asked import Question
from dbwright.tune.statistics.cases import Case
from dbwright.tune.statistics.known import Known, Limits

LIMITS = Limits(least_error=3.0, least_rows=100.0)
TENTH = replace(LIMITS, counted_share=0.1)


def known(real: int, groups: tuple[str, ...] = ()) -> Known:
    question = Question("public.t", ("a", "b"), groups, "a = … AND b = …", ())
    return Known(question, (Case("a = 1 AND b = 1", groups, True),), (real,))


def test_fewer_rows_of_a_sample_tell_as_much() -> None:
    assert known(55).worst((1.0,), LIMITS) is None
    assert known(55).worst((1.0,), TENTH) == 0, "they stand for 550"
    assert known(150).worst((1.0,), LIMITS) == 0


def test_few_rows_of_a_small_sample_may_be_there_by_chance() -> None:
    assert known(12).worst((1.0,), replace(LIMITS, counted_share=0.0001)) is None


def test_groups_of_a_sample_are_counted_as_they_are() -> None:
    assert known(55, ("a", "b")).worst((1.0,), TENTH) is None
