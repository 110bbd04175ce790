"""Reading what the parameters of a rule's function say, and what is told where they say too much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pytest

from dbwright.model.described import Threshold
from dbwright.model.signature import Signature, read_signature

PARTS = ("catalog", "statistics", "activity")


def everything(
    statistics: dict[str, int] | None,
    catalog: list[str],
    *,
    least: Annotated[int, "so many"] = 3,
    most: Annotated[float | None, "no more"] = None,
) -> None: ...


def nothing() -> None: ...


def in_their_order(catalog: str, statistics: str) -> None: ...


def the_second_alone(statistics: str) -> None: ...


def too_much(catalog: str, weather: str) -> None: ...


def without_a_text(catalog: str, *, least: int = 3) -> None: ...


def test_parts_and_thresholds_are_told_apart() -> None:
    assert read_signature(everything, "a rule", PARTS) == Signature(
        parts=("statistics", "catalog"),
        required=("catalog",),
        thresholds=(
            Threshold("least", int, 3, "so many"),
            Threshold("most", float | None, None, "no more"),
        ),
    )
    assert read_signature(nothing, "a rule", PARTS) == Signature((), (), ())


def test_what_is_given_by_position_stands_in_its_order() -> None:
    found = read_signature(in_their_order, "a rule", PARTS, in_order=True)
    assert found.parts == found.required == ("catalog", "statistics")
    assert read_signature(the_second_alone, "a rule", PARTS).parts == ("statistics",)
    with pytest.raises(TypeError, match="a rule can't read `statistics`"):
        read_signature(the_second_alone, "a rule", PARTS, in_order=True)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (too_much, "an insight can't read `weather`"),
        (without_a_text, "least must be Annotated[type, 'what it is']"),
    ],
)
def test_what_is_not_in_order_is_told_with_its_module(
    function: Callable[..., Any], told: str
) -> None:
    with pytest.raises(TypeError) as problem:
        read_signature(function, "an insight", PARTS)
    assert str(problem.value) == f"{__name__}: {told}"
