"""Widths of index expressions."""

from __future__ import annotations

import pytest

from dbwright.tune.indexes.expression import width_of_expression
from dbwright.tune.indexes.widths import KeyWidth

COLUMNS = {
    "mail": KeyWidth("mail", ((21, 1.0),), 4, varying=True, distinct=-0.7),
    "at": KeyWidth("at", ((8, 1.0),), 8, distinct=-1.0),
    "price": KeyWidth("price", ((7, 1.0),), 4, varying=True, deduplicates=False),
    "document": KeyWidth("document", ((300, 1.0),), 4, varying=True, deduplicates=False),
}


@pytest.mark.parametrize(
    ("expression", "average", "joins"),
    [
        ("lower(mail)", 21, True),
        ("lower((mail)::text)", 21, True),
        ("md5(mail)", 33, True),
        ("length(mail)", 4, True),
        ("(at)::date", 4, True),
        ("date_trunc('day'::text, at)", 8, True),
        ("date_part('year'::text, at)", 8, False),
        ("(document ->> 'city'::text)", 32.5, True),
        ("((document ->> 'age'::text))::integer", 4, True),
        ("(document -> 'age'::text)", 300, False),
        ("COALESCE(price, 0)", 7, False),
        ("abs(price)", 7, False),
        ("(price > 10)", 1, True),
        ("(mail COLLATE \"C\")", 21, True),
        ("1", 32.5, True),
        ("this is no expression (", 32.5, True),
        ("", 32.5, True),
    ],
)  # fmt: skip
def test_width(expression: str, average: float, joins: bool) -> None:
    found = width_of_expression(expression, COLUMNS)
    assert found.average == pytest.approx(average)
    assert found.deduplicates == joins
    assert not found.known


def test_truth_has_two_values() -> None:
    assert width_of_expression("at IS NULL", COLUMNS).distinct == 2
