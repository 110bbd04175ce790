"""What needs no server: patterns, skew, meanings, amounts, order, COPY's text."""

from __future__ import annotations

import random
import re

import pytest

from dbwright.design.seed.amounts import read_amounts
from dbwright.design.seed.copy_text import field, fragment, value
from dbwright.design.seed.hints import hints
from dbwright.design.seed.keys import ListedKeys, NumberedKeys
from dbwright.design.seed.order import in_order
from dbwright.design.seed.parts import Counted, Dealt, Distinct, Numbered
from dbwright.design.seed.pattern import like_sample, sample
from dbwright.design.seed.references import Joined, OneToOne, SelfReference, Side
from dbwright.design.seed.skew import Skew, scattered
from dbwright.design.seed.values.meaning import meaning_of
from dbwright.design.seed.values.texts import NUMBER, fitted, numbered
from dbwright.design.seed.values.times import moments, rank_of
from dbwright.errors import UsageError
from dbwright.model.catalog import Column, ForeignKey, Table
from dbwright.sql.equalities import equalities


def table(name: str, *keys: ForeignKey, columns: tuple[Column, ...] = ()) -> Table:
    return Table(1, "public", name, columns=columns, foreign_keys=keys)


def refers(name: str, column: str, to: str) -> ForeignKey:
    return ForeignKey(name, (column,), "public", to, ("id",))


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[A-Z]{2}-\d{3,5}$",
        r"^(\+|00)[1-9]\d{6,14}$",
        r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
        r"^#[0-9a-fA-F]{6}$",
        r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
        r"^(red|green|blue)s?$",
        r"^\w+[.]\w+\s\d?$",
    ],
)
def test_a_sample_matches_its_pattern(pattern: str) -> None:
    rng = random.Random(1)
    for _ in range(50):
        found = sample(pattern, rng)
        assert found is not None and re.match(pattern, found), found


@pytest.mark.parametrize("pattern", [r"(?=a)b", "[", "(a", "a{x}", "*"])
def test_a_pattern_that_is_not_understood_gives_nothing(pattern: str) -> None:
    assert sample(pattern, random.Random(1)) is None


def test_like_patterns() -> None:
    found = like_sample(r"A_%\%", random.Random(1))
    assert re.fullmatch(r"A[a-z][a-z]+%", found)


def test_hints_are_near_the_constants() -> None:
    rng = random.Random(1)
    numbers = {int(one) for one in hints(Column("n", 1, "integer", "integer"), ["17", "100"], rng)}
    assert {16, 17, 18, 99, 100, 101} <= numbers and any(20 < one < 90 for one in numbers)
    days = hints(Column("d", 1, "date", "date"), ["2019-01-01", "2020-01-01"], rng)
    assert "2019-01-01" in days and "2018-12-31" in days
    lengths = {len(one) for one in hints(Column("t", 1, "text", "text"), ["5"], rng)}
    assert {4, 5, 6} <= lengths


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("(total = (a * b))", [("total", "( a * b )")]),
        ("((a >= 0) AND (total = (a * b)))", [("total", "( a * b )")]),
        ("((b - a) = total)", [("total", "( b - a )")]),
        ('("a b" = a)', [("a b", "a")]),
        ("((total)::numeric = round((a * b), 2))", [("total", "round ( ( a * b ) , 2 )")]),
        ("(total = (a * (b)::numeric))", [("total", "( a * ( b ) :: numeric )")]),
        ("((a = 1) OR (total = a))", []),
        ("(total >= (a * b))", []),
        ("(total = (total * 2))", []),
    ],
)
def test_equations_of_checks(expression: str, found: list[tuple[str, str]]) -> None:
    assert equalities(expression, ["a", "b", "total", "a b"]) == found


def test_few_are_referred_to_often() -> None:
    rng = random.Random(1)
    places = Skew(4.0).places(rng, 20_000, 100)
    counts = sorted((places.count(place) for place in range(100)), reverse=True)
    assert sum(counts[:20]) > 0.6 * len(places) and set(places) <= set(range(100))
    even = Skew(1.0).places(rng, 20_000, 100)
    assert max(map(even.count, range(100))) < 300
    told = Skew(1.0, (0.5, 0.2), 10).places(rng, 20_000, 100)
    assert len(set(told)) == 10
    often = sorted(map(told.count, set(told)), reverse=True)
    assert abs(often[0] / 20_000 - 0.5) < 0.02 and abs(often[1] / 20_000 - 0.2) < 0.02


@pytest.mark.parametrize("among", [1, 2, 3, 7, 8, 100, 1000, 12345])
def test_scattering_loses_nobody(among: int) -> None:
    assert sorted(scattered(range(among), among)) == list(range(among))


@pytest.mark.parametrize(
    ("of", "name", "meaning"),
    [
        ("users", "email", "email"),
        ("users", "name", "full_name"),
        ("customers", "company_name", "company"),
        ("categories", "category_name", "category"),
        ("country", "country", "country"),
        ("city", "name", "city"),
        ("products", "unit_price", "money"),
        ("orders", "shippingCity", "city"),
        ("t", "customer_phone", "phone"),
        ("employees", "title", "job"),
        ("film", "title", "title"),
        ("t", "zzz", ""),
    ],
)
def test_meanings(of: str, name: str, meaning: str) -> None:
    assert meaning_of(table(of), name) == meaning


def test_moments_come_in_the_order_of_their_names() -> None:
    names = ["deleted_at", "created_at", "updated_at", "birth_date", "shipped_on"]
    ranks = [rank_of(name) for name in names]
    found = dict(zip(names, moments(random.Random(1), ranks), strict=True))
    order = ["birth_date", "created_at", "shipped_on", "updated_at", "deleted_at"]
    assert sorted(names, key=found.__getitem__) == order


def test_fields_of_copy() -> None:
    for text in (None, "", "a\tb\nc\\d\r", "\\N", "ü"):
        assert value(field(text)) == text
    assert fragment(["a", None]) == "a\t\\N"


def test_texts_with_a_number_stay_different() -> None:
    for meaning in ("", "email", "url", "code", "slug"):
        numbers: dict[str, int] = {}
        for word in ("a1", "a", "a1b", "a 11", "11"):
            for number in (1, 11, 111):
                text = numbered(word, meaning).replace(NUMBER, str(number))
                assert numbers.setdefault(text, number) == number, text
    assert fitted(f"abcdefgh{NUMBER}@x.org", 12, 3).replace(NUMBER, "123").startswith("abc")
    assert len(fitted(f"abcdefgh{NUMBER}", 6, 3).replace(NUMBER, "123")) == 6


def test_parts() -> None:
    assert Counted("id", 5, 7, random.Random(1)).take(0, 10, {}) == ["5", "6", "7"]
    rng = random.Random(1)
    assert Distinct("a", ["x", "y"], [f"z{NUMBER}"], rng).take(1, 3, {}) == ["y", "z3", "z4"]
    dealt = Dealt("a", ["1", "2", "3", "4"], rng, 1.0, 8)
    assert dealt.take(0, 8, {}) == ["1", "1", "2", "2", "3", "3", "4", "4"]
    assert sorted(Dealt("a", ["1", "2", "3"], rng, 0.0, 3).take(0, 3, {})) == ["1", "2", "3"]
    lines = Numbered("line", [(("o", "x"), (0,))])
    assert lines.take(0, 3, {("o", "x"): ["a\t1", "b\t1", "a\t2"]}) == ["1", "1", "2"]
    assert lines.take(3, 1, {("o", "x"): ["a\t9"]}) == ["3"]


def test_references() -> None:
    rng = random.Random(1)
    once = OneToOne(("a",), NumberedKeys(1, 3), 0.0, "\\N", rng)
    assert sorted(once.take(0, 5, {})) == ["1", "2", "3"]
    itself = SelfReference(("p",), ("id",), ListedKeys(), 0.0, "\\N", rng)
    assert itself.take(0, 2, {("id",): ["7", "8"]}) == ["7", "8"]
    tenants, rows = NumberedKeys(1, 5), ListedKeys()
    rows.fragments += [f"{tenant}\t{number}" for tenant in (1, 2, 5) for number in range(4)]
    sides = [
        Side(("tenant",), tenants, frozenset(), Skew(1.0), 0.0),
        Side(("tenant", "product"), rows, frozenset({"product"}), Skew(1.0), 0.2),
    ]
    part = Joined(sides, rng)
    assert part.columns == ("tenant", "product")
    found = part.take(0, 200, {})
    assert len(found) == 200
    assert {one for one in found if not one.endswith("\\N")} <= set(rows.fragments)


def test_circles_are_cut_where_a_row_may_refer_to_nothing() -> None:
    never = (Column("x", 1, "integer", "integer", not_null=True),)
    free = (Column("x", 1, "integer", "integer"),)
    a = table("a", refers("a_b", "x", "b"), columns=never)
    b = table("b", refers("b_c", "x", "c"), columns=never)
    c = table("c", refers("c_a", "x", "a"), columns=free)
    order = in_order([a, b, c])
    assert [one.name for one in order.tables] == ["c", "b", "a"]
    assert [(of.name, key.name) for of, key in order.postponed] == [("c", "c_a")]
    hen = table("hen", refers("hen_egg", "x", "egg"), columns=never)
    egg = table("egg", refers("egg_hen", "x", "hen"), columns=never)
    assert [key.name for _, key in in_order([hen, egg]).circular] == ["hen_egg"]


def test_amounts() -> None:
    tables = [table("orders"), table("lines")]
    amounts = read_amounts(["10", "orders=2k", "public.lines=1_000"], tables)
    assert amounts.rows(tables[0], {}, 1.0) == 2000 and amounts.rows(tables[1], {}, 1.0) == 1000
    assert read_amounts([], tables).rows(tables[0], {"public.orders": 500.0}, 0.1) == 50
    for wrong in ("x", "-1", "orders=", "orders=1.5", "nothere=4", "99999999999"):
        with pytest.raises(UsageError):
            read_amounts([wrong], tables)
