"""What a text says of its parameters: which must be equal, which are operands of what."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbwright.sql.equal_parameters import unified
from dbwright.sql.fingerprint import fingerprint
from dbwright.sql.operands import operands
from dbwright.sql.parameter_places import parameter_places
from dbwright.sql.parameters import apart, numbers_in, squashed_in
from dbwright.sql.parse import SyntaxProblem

MONTH = "SELECT to_char(a, $1) AS m, count(*) FROM t GROUP BY to_char(a, {})"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MONTH.format("'YYYY $9'"), "SELECT to_char(a, 'YYYY $9') AS m, count(*) FROM t GROUP BY"),
        (MONTH.format("$2"), "SELECT to_char(a, $1) AS m, count(*) FROM t GROUP BY to_char(a, $1)"),
        ("SELECT 'ä', a + $1 FROM t GROUP BY 1, a + -5", "SELECT 'ä', a + -5 FROM t"),
        (
            "SELECT DISTINCT lower(a || $1) FROM t WHERE b = $2 ORDER BY lower(a || $3)",
            "SELECT DISTINCT lower(a || $1) FROM t WHERE b = $2 ORDER BY lower(a || $1)",
        ),
        (
            "SELECT f(a, $1), f(a, $2) FROM t GROUP BY f(a, 'x'), f(a, 'y')",
            "SELECT f(a, 'x'), f(a, 'y') FROM t GROUP BY",
        ),
        (
            "SELECT 1 UNION SELECT f($1) FROM t GROUP BY f($2) HAVING f($3) > $4 ORDER BY 1",
            "SELECT 1 UNION SELECT f($1) FROM t GROUP BY f($1) HAVING f($1) > $4",
        ),
    ],
)
def test_what_is_said_twice_gets_one_value(text: str, expected: str) -> None:
    assert unified(text).startswith(expected)
    assert fingerprint(unified(text)) == fingerprint(text)


def test_what_need_not_be_equal_stays() -> None:
    for text in (
        "SELECT $1, count(*) FROM t GROUP BY 1",
        "SELECT a + $1 FROM t WHERE a + $2 > 3",
        "SELECT f(a, $1) FROM t GROUP BY f(b, $2)",
        "SELECT 1",
    ):
        assert unified(text) == text


def test_operands_and_how_near_they_are_to_a_complaint() -> None:
    text = "SELECT 'ä', f(a, $1), (SELECT $2) FROM t WHERE b > now() - $3 AND c IN ($4, 5) AND d = $5::int"
    found = {each.number: each for each in operands(text)}
    assert sorted(found) == [1, 2, 3, 4]  # a cast tells all
    assert (found[1].function, found[1].place, found[1].arguments) == ("f", 1, 2)
    assert (found[2].operator, found[2].function) == ("", "")
    assert (found[3].operator, found[3].place) == ("-", 1)
    assert found[4].operator == "="
    assert found[3].distance(text.index("- $3")) == 0
    assert found[3].distance(text.index("> now")) == 1
    assert found[4].distance(text.index("> now")) > 100


def test_each_place_of_a_parameter_apart() -> None:
    assert apart("a = $2 OR $1 = '$2' OR b = $2") == ("a = $1 OR $2 = '$2' OR b = $3", (2, 1, 2))


def test_lists_that_version_18_shortens() -> None:
    text = "SELECT a FROM t WHERE b IN ($1 /*, ... */) AND c = ANY(ARRAY[$2 /*, ... */]) AND d = $3"
    assert squashed_in(text) == {1, 2}
    assert squashed_in("SELECT '$1 /*, ... */' /*, ... */ FROM t WHERE a = $1 /* x */") == set()


def test_text_that_is_put_together_for_a_cast() -> None:
    found = parameter_places(
        "SELECT ($1 || ' days')::interval, concat('P', $2)::interval, $3 || 'x'"
    )
    assert [found[n].built for n in (1, 2, 3)] == ["interval", "interval", ""]


def test_days_beside_a_date_and_an_interval_beside_a_moment() -> None:
    found = parameter_places("SELECT current_date - $1, now() - $2, a::date + $3")
    assert [found[n].beside for n in (1, 2, 3)] == ["int4", "interval", "int4"]


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep = "SELECT " + "(" * 3000 + "$1" + "+ 1)" * 3000 + " GROUP BY a + $2"
    for read in (unified, operands):
        with pytest.raises(SyntaxProblem, match="nested too deeply"):
            read(deep)


@settings(deadline=None)
@given(st.lists(st.sampled_from("a $1 $22 'x$1' \"y\" , ( ) = /*$1*/ 1.5 - ::int".split())))
def test_apart_changes_numbers_alone(parts: list[str]) -> None:
    text = " ".join(parts)
    several, owners = apart(text)
    assert numbers_in(several) == tuple(range(1, len(owners) + 1))
    assert set(owners) == set(numbers_in(text))
