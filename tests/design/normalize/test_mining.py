"""What is mined is exactly what holds: compared with trying everything."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.design.normalize.made import order_lines, relation

from dbwright.design.normalize.mining import mine as module
from dbwright.design.normalize.mining.inclusions import inclusions
from dbwright.design.normalize.mining.mine import looked_at, mine
from dbwright.design.normalize.ranking.judged import Verdict
from dbwright.design.normalize.ranking.references import judge_inclusions
from dbwright.design.normalize.relation import Relation

ROWS = st.lists(
    st.tuples(*(st.one_of(st.none(), st.integers(0, 2)) for _ in range(5))),
    min_size=2,
    max_size=40,
)


def errors(of: Relation, left: tuple[str, ...], right: str) -> int:
    """By definition: of each value on the left, all rows but those with its most frequent right."""
    groups: dict[tuple[str | None, ...], list[str | None]] = {}
    for row in range(of.rows):
        key = tuple(of.column(name).value(row) for name in left)
        groups.setdefault(key, []).append(of.column(right).value(row))
    return sum(len(seen) - max(map(seen.count, seen)) for seen in groups.values())


def different(of: Relation, names: tuple[str, ...]) -> int:
    return len({tuple(of.column(name).value(row) for name in names) for row in range(of.rows)})


def by_trying(
    of: Relation, left: int
) -> tuple[set[frozenset[str]], set[tuple[frozenset[str], str]]]:
    """Minimal keys with up to left + 1 columns; minimal dependencies whose left is no key."""
    names = [column.name for column in of.columns if column.distinct > 1]
    keys: set[frozenset[str]] = set()
    for size in range(1, left + 2):
        for side in combinations(names, size):
            if different(of, side) == of.rows and not any(key < set(side) for key in keys):
                keys.add(frozenset(side))
    held: set[tuple[frozenset[str], str]] = set()
    for size in range(1, left + 1):
        for side in combinations(names, size):
            own = frozenset(side)
            if any(key <= own for key in keys):
                continue
            for right in set(names) - own:
                smaller = any(less < own and name == right for less, name in held)
                if not smaller and not errors(of, side, right):
                    held.add((own, right))
    return keys, held


@settings(max_examples=120, deadline=None)
@given(ROWS, st.integers(1, 3), st.integers(2, 12))
def test_all_that_holds_and_nothing_else(
    rows: list[tuple[int | None, ...]], left: int, sample: int
) -> None:
    of = relation("a b c d e", rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dbwright.design.normalize.mining.codes.RUN", 1)
        found = mine(of, left=left, sample=sample)
    keys, held = by_trying(of, left)
    assert {frozenset(key.columns) for key in found.keys} == keys
    mined = {(frozenset(one.left), one.right) for one in found.dependencies}
    unique = {name for key in keys if len(key) == 1 for name in key}
    assert mined == {(side, right) for side, right in held if not {right, *side} & unique}
    for one in found.dependencies:
        assert one.distinct == different(of, one.left)
        assert one.support == of.rows - one.distinct


@settings(max_examples=80, deadline=None)
@given(ROWS, st.sampled_from([0.05, 0.2, 0.4]), st.integers(4, 20))
def test_exceptions_are_counted_and_shown(
    rows: list[tuple[int | None, ...]], tolerance: float, sample: int
) -> None:
    of = relation("a b c d e", rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dbwright.design.normalize.mining.codes.RUN", 1)
        patch.setattr(module, "LEAST_SUPPORT", 1)
        found = mine(of, left=2, tolerance=tolerance, sample=sample)
    exact = {(frozenset(one.left), one.right) for one in found.dependencies}
    keys = [set(key.columns) for key in found.keys]
    expected = set()
    names = [c.name for c in of.columns if 1 < c.distinct < of.rows]
    for size in (1, 2):
        for side in combinations(names, size):
            own = frozenset(side)
            for right in set(names) - own:
                count = errors(of, side, right)
                less = any(other < own and name == right for other, name in {*exact, *expected})
                if any(key <= own for key in keys) or less or not count:
                    continue
                if count <= tolerance * (of.rows - different(of, side)):
                    expected.add((own, right))
    assert {(frozenset(one.left), one.right) for one in found.near} == expected
    for one in found.near:
        assert one.errors == errors(of, one.left, one.right)
        assert len(one.examples) == min(one.errors, module.EXAMPLES)
        for broken in one.examples:
            column = of.column(one.right)
            left = tuple(of.column(name).value(broken.row - 1) for name in one.left)
            usual = tuple(of.column(name).value(broken.usual_row - 1) for name in one.left)
            assert broken.left == left == usual
            assert broken.value == column.value(broken.row - 1)
            assert broken.usual == column.value(broken.usual_row - 1) != broken.value


def test_null_is_a_value_that_equals_itself() -> None:
    of = relation("a b c", [(None, 1, 0), (None, 1, 1), (2, 5, 2), (2, 5, 3), (3, None, 4)])
    assert {str(one) for one in mine(of).dependencies} == {"a -> b", "b -> a"}
    of = relation("a b c", [(None, 1, 0), (None, 2, 1), (2, 5, 2)])
    assert looked_at(of, ["a"], "b").errors == 1


def test_a_nearly_unique_column_and_equal_rows() -> None:
    rows = [(number, number % 3) for number in range(999)]
    found = mine(relation("code n", [*rows, (5, 2)]), tolerance=0.01)
    (near,) = found.near_keys
    assert (near.columns, near.errors) == (("code",), 1)
    assert [(one.row, one.first_row, one.values) for one in near.examples] == [(1000, 6, ("5",))]
    assert found.duplicates == 1
    assert not found.keys


def test_many_columns_lower_the_left_side_and_it_is_told() -> None:
    names = " ".join(f"c{number}" for number in range(60))
    of = relation(names, [[row * (number + 1) % 7 for number in range(60)] for row in range(20)])
    found = mine(of, left=2)
    assert found.left == 1
    assert "at most 1 of them, not 2" in found.notes[0]


def test_references_are_ranked_and_accidents_told_apart() -> None:
    lines = order_lines()
    customers = relation(
        "id name manager_id", [(n, f"Customer {n}", n // 5) for n in range(30)], "customers"
    )
    products = relation("id title", [(n, f"Thing {n}") for n in range(30)], "products")
    sources = (lines, customers, products)
    judged = judge_inclusions(inclusions(sources), sources)
    accepted = {
        (one.inclusion.table, one.inclusion.column, one.inclusion.referenced_table)
        for one in judged
        if one.verdict is Verdict.ACCEPTED
    }
    assert accepted == {
        ("order_lines", "customer_id", "customers"),
        ("order_lines", "product_id", "products"),
    }
    accidents = {one.inclusion.column for one in judged if one.verdict is Verdict.ACCIDENTAL}
    assert {"line_no", "quantity", "city_id"} <= accidents
    self = next(one for one in judged if one.inclusion.column == "manager_id")
    assert self.inclusion.referenced_table in ("customers", "products")


def test_orphans_are_counted() -> None:
    parents = relation("id x", [(n * 10, n % 3) for n in range(200)], "parents")
    rows = [(n % 200 * 10, n) for n in range(999)]
    children = relation("parent_id n", [*rows, (7, 999), (None, 1000)], "children")
    sources = (parents, children)
    assert not [one for one in inclusions(sources) if one.column == "parent_id"]
    (found,) = [one for one in inclusions(sources, tolerance=0.01) if one.column == "parent_id"]
    assert (found.orphans, found.examples) == (1, ((1000, "7"),))
    (judged,) = judge_inclusions([found], sources)
    assert judged.verdict is Verdict.ASKED
