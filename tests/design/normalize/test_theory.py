"""Closures, covers, keys and forms: the answers of the textbooks."""

from __future__ import annotations

from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbwright.design.normalize.forms.decompose import boyce_codd, is_lossless, lost, synthesis
from dbwright.design.normalize.forms.theory import (
    FD,
    attributes_of,
    candidate_keys,
    closure,
    implies,
    minimal_cover,
    read_dependencies,
)
from dbwright.design.normalize.forms.violations import form_of, violations
from dbwright.errors import BadData


def sets(schemes: object) -> set[str]:
    return {" ".join(sorted(scheme.columns)) for scheme in schemes}  # type: ignore[attr-defined]


TEXTBOOK = {
    # Elmasri and Navathe: EMP_PROJ, EMP_DEPT, and the lots of a county.
    "ssn, pnumber -> hours; ssn -> ename; pnumber -> pname, plocation": (
        {"pnumber ssn"},
        "1NF",
        {"ename ssn", "plocation pname pnumber", "hours pnumber ssn"},
        {"ename ssn", "plocation pname pnumber", "hours pnumber ssn"},
        set(),
    ),
    "ssn -> ename, bdate, address, dnumber; dnumber -> dname, dmgr_ssn": (
        {"ssn"},
        "2NF",
        {"address bdate dnumber ename ssn", "dmgr_ssn dname dnumber"},
        {"address bdate dnumber ename ssn", "dmgr_ssn dname dnumber"},
        set(),
    ),
    "property_id -> county, lot, area, price, tax_rate; county, lot -> property_id, area, price, "
    "tax_rate; county -> tax_rate; area -> price": (
        {"property_id", "county lot"},
        "1NF",
        {"county tax_rate", "area price", "area county lot property_id"},
        {"county tax_rate", "area price", "area county lot property_id"},
        set(),
    ),
    "property_id -> county, lot, area; county, lot -> property_id, area; area -> county": (
        {"property_id", "county lot", "area lot"},
        "3NF",
        {"area county lot property_id"},
        {"area county", "area lot property_id"},
        {"county, lot -> property_id"},
    ),
    "student, course -> instructor; instructor -> course": (
        {"course student", "instructor student"},
        "3NF",
        {"course instructor student"},
        {"course instructor", "instructor student"},
        {"course, student -> instructor"},
    ),
    # Date: suppliers and parts, FIRST(s, status, city, p, qty); street, city and zip.
    "s -> status, city; city -> status; s, p -> qty": (
        {"p s"},
        "1NF",
        {"city s", "city status", "p qty s"},
        {"city s", "city status", "p qty s"},
        set(),
    ),
    "street, city -> zip; zip -> city": (
        {"city street", "street zip"},
        "3NF",
        {"city street zip"},
        {"city zip", "street zip"},
        {"city, street -> zip"},
    ),
    # Ullman and Widom: movies and studios, bookings of theatres.
    "title, year -> length, genre, studio; studio -> address": (
        {"title year"},
        "2NF",
        {"genre length studio title year", "address studio"},
        {"genre length studio title year", "address studio"},
        set(),
    ),
    "theater -> city; title, city -> theater": (
        {"city title", "theater title"},
        "3NF",
        {"city theater title"},
        {"city theater", "theater title"},
        {"city, title -> theater"},
    ),
    # Ullman: contracts, of which a cover is not what was given.
    "a, b -> c; c -> a; b, c -> d; a, c, d -> b; d -> e, g; b, e -> c; c, g -> b, d; c, e -> a, g": (
        {"a b", "b c", "b d", "b e", "c d", "c e", "c g"},
        None,
        None,
        None,
        None,
    ),
}


@pytest.mark.parametrize("text", TEXTBOOK)
def test_textbook(text: str) -> None:
    keys, form, third, schemes, gone = TEXTBOOK[text]
    dependencies = read_dependencies(text)
    names = attributes_of(dependencies)
    assert {" ".join(sorted(key)) for key in candidate_keys(names, dependencies)} == keys
    if form is not None:
        assert str(form_of(violations(names, dependencies))) == form
        assert sets(synthesis(names, dependencies)) == third
        made, missing = boyce_codd(names, dependencies)
        assert sets(made) == schemes
        assert {str(one) for one in missing} == gone


def test_equal_left_sides_are_one_table_and_the_wanted_key_is_its_key() -> None:
    text = "id -> name, price; name -> id; order, id -> qty"
    dependencies = read_dependencies(text)
    made = synthesis(attributes_of(dependencies), dependencies, [("name",)])
    assert [(set(one.columns), one.key) for one in made] == [
        ({"id", "name", "price"}, ("name",)),
        ({"id", "order", "qty"}, ("id", "order")),
    ]


NAMES = "abcdef"
SIDES = st.frozensets(st.sampled_from(NAMES), min_size=1, max_size=3)
DEPENDENCIES = st.lists(st.builds(FD, SIDES, SIDES), max_size=6)


@settings(max_examples=150, deadline=None)
@given(DEPENDENCIES)
def test_what_synthesis_and_decomposition_promise(dependencies: list[FD]) -> None:
    cover = minimal_cover(dependencies)
    assert all(implies(cover, one) for one in dependencies)
    assert all(implies(dependencies, one) for one in cover)
    for one in cover:
        assert not implies([other for other in cover if other is not one], one)
        assert all(not implies(cover, FD(one.left - {name}, one.right)) for name in one.left)
    every = [
        frozenset(key)
        for key in chain.from_iterable(combinations(NAMES, size) for size in range(len(NAMES) + 1))
        if closure(key, cover) == frozenset(NAMES)
    ]
    minimal = {key for key in every if not any(other < key for other in every)}
    assert {frozenset(key) for key in candidate_keys(NAMES, cover)} == minimal
    third = synthesis(NAMES, dependencies)
    columns = [frozenset(scheme.columns) for scheme in third]
    if frozenset().union(*columns) == frozenset(NAMES):
        assert is_lossless(NAMES, columns, cover)
    assert not lost(cover, columns)
    for scheme in third:
        assert closure(scheme.key, cover) >= set(scheme.columns)
    made, missing = boyce_codd(NAMES, dependencies)
    assert is_lossless(NAMES, [scheme.columns for scheme in made], cover)
    for scheme in made:
        for size in range(1, len(scheme.columns)):
            for left in combinations(scheme.columns, size):
                known = closure(left, cover) & set(scheme.columns)
                assert known == set(left) or known == set(scheme.columns)
    assert set(missing) == set(lost(cover, [frozenset(scheme.columns) for scheme in made]))


@settings(max_examples=100, deadline=None)
@given(DEPENDENCIES)
def test_each_scheme_of_synthesis_is_in_third_normal_form(dependencies: list[FD]) -> None:
    cover = minimal_cover(dependencies)
    for scheme in synthesis(NAMES, dependencies):
        own = [
            FD.of(left, closure(left, cover) & set(scheme.columns))
            for size in range(1, len(scheme.columns) + 1)
            for left in combinations(scheme.columns, size)
        ]
        assert str(form_of(violations(scheme.columns, own))) in ("3NF", "BCNF")


def test_dependencies_as_text() -> None:
    found = read_dependencies('first name, "x, y" -> b-c\nq → "a ""b"""')
    assert found == (FD.of(["first name", "x, y"], ["b-c"]), FD.of(["q"], ['a "b"']))
    for text, place in (("a ->", "1:1"), ("a -> b;\n  c d", "2:3"), ("a -> b -> c", "1:1")):
        with pytest.raises(BadData, match=f"^{place}:"):
            read_dependencies(text)
