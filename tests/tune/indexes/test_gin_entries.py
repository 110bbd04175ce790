"""What GIN takes values apart into, beside the server's own answer."""

from __future__ import annotations

import json

import pytest

from dbwright.model.catalog import Column
from dbwright.model.statistics import ColumnStatistics, ElementStatistics
from dbwright.tune.indexes.array_text import elements
from dbwright.tune.indexes.gin_entries import gin_entries
from dbwright.tune.indexes.trigrams import trigrams
from servers.postgresql import Database

TEXTS = ["foo bar", "Mixed CASE-text", "", "a", "x1_y2", "  two  blanks ", "user17@example.com"]
ARRAYS = [
    "ARRAY['a', 'b', 'a']",
    "ARRAY['a,b', 'c{d}', '', 'q\"uote', 'back\\slash', 'NULL', NULL, 'null ']",
    "'{}'::text[]",
    "ARRAY[['x', 'y'], ['z', 'x']]",
    "'[3:4]={p,q}'::text[]",
]


@pytest.mark.parametrize("text", TEXTS)
def test_trigrams(database: Database, text: str) -> None:
    found = database.execute(f"CREATE EXTENSION pg_trgm; SELECT unnest(show_trgm('{text}'))")
    assert trigrams(text) == {row[0] for row in found}


@pytest.mark.parametrize("array", ARRAYS)
def test_elements(database: Database, array: str) -> None:
    text = database.execute(f"SELECT ({array})::text")[0][0]
    found = database.execute(f"SELECT e FROM unnest({array}) e WHERE e IS NOT NULL")
    assert elements(text) == {row[0] for row in found}


def test_element_statistics() -> None:
    column = Column("tags", 1, "text[]", "text", is_array=True)
    statistics = ColumnStatistics(
        1,
        "tags",
        0.0,
        60,
        -1.0,
        elements=ElementStatistics(("red", "green"), (0.5, 0.25, 0.25, 0.5, 0.0), (1.0, 2.0, 1.5)),
    )
    found = gin_entries(column, statistics, "", 1000.0)
    assert found.per_row == pytest.approx(1.5)
    assert found.key_bytes == 5


def test_documents_repeat_by_their_paths() -> None:
    """A number is new in each document, a kind is one of three."""
    column = Column("document", 1, "jsonb", "jsonb")
    histogram = tuple(json.dumps({"id": n, "kind": f"k{n % 3}"}) for n in range(20))
    statistics = ColumnStatistics(1, "document", 0.0, 30, -1.0, histogram=histogram)
    whole = gin_entries(column, statistics, "", 1e6)
    assert whole.per_row == pytest.approx(4)  # two keys, two values
    often = [part for part in whole.classes if part.probability > 0.2]
    assert sum(part.keys for part in often) == 5
    paths = gin_entries(column, statistics, "jsonb_path_ops", 1e6)
    assert paths.per_row == pytest.approx(2)
    assert paths.key_bytes == 4


def test_without_statistics_it_is_a_rule_of_thumb() -> None:
    column = Column("search", 1, "tsvector", "tsvector")
    assert gin_entries(column, None, "", 1000.0).per_row == pytest.approx(8, rel=0.01)
    statistics = ColumnStatistics(1, "search", 0.5, 280, -1.0)
    assert gin_entries(column, statistics, "", 1000.0).per_row == pytest.approx(10, rel=0.01)


def test_redacted_values_are_not_looked_at() -> None:
    column = Column("document", 1, "jsonb", "jsonb")
    statistics = ColumnStatistics(
        1, "document", 0.0, 30, -1.0, histogram=("{}", "{}"), redacted=True
    )
    assert gin_entries(column, statistics, "", 1000.0).per_row > 1
