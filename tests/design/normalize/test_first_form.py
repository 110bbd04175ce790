"""Lists in cells, columns that are there several times, nested values; and what only looks so."""

from __future__ import annotations

import pytest
from tests.design.normalize.made import relation

from dbwright.design.normalize.forms.first import ListInCells, RepeatingGroup, first_form


def test_columns_that_are_one_column_several_times() -> None:
    names = "id tel1 tel2 tel3 address_line1 address_line2 q3 utf8 utf16 score_1 score_2"
    rows = [(n, n, n if n % 2 else None, None, "x", "y", 1, 1, 1, n, n) for n in range(6)]
    found = [one for one in first_form(relation(names, rows)) if isinstance(one, RepeatingGroup)]
    assert [(one.stem, one.columns, one.filled) for one in found] == [
        ("tel", ("tel1", "tel2", "tel3"), (6, 3, 0)),
        ("score", ("score_1", "score_2"), (6, 6)),
    ]


TAGS = ["red;blue", "blue", "green;red;blue", "red", "green;blue"]
LISTS = {
    ";".join(TAGS[:1]): TAGS,
    "1,2": ["1,2", "2,3,1", "3", "1,3"],
    "a|b": ["a|b", "b|a", "a|b|c", "c"],
}
NONE = {
    "names": ["Doe, Jane", "Roe, Rick", "Poe, Edgar", "Doe, John"],
    "prose": ["One thing, and then another thing.", "One thing, and no more of it at all."] * 3,
    "dates": ["1/2/2024", "3/4/2024", "5/6/2023", "7/8/2022"],
    "words": ["red", "green", "blue", "grey"],
}


@pytest.mark.parametrize("texts", LISTS.values(), ids=LISTS.keys())
def test_lists_in_cells(texts: list[str]) -> None:
    (found,) = first_form(relation("id tags", list(enumerate(texts))))
    assert isinstance(found, ListInCells)
    assert found.column == "tags"
    assert found.most == max(len(text.split(found.delimiter)) for text in texts)


@pytest.mark.parametrize("texts", NONE.values(), ids=NONE.keys())
def test_what_is_no_list(texts: list[str]) -> None:
    assert not first_form(relation("id said", list(enumerate(texts))))
