"""How often entries repeat in a whole table, from how often they do in a sample of it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Hashable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbwright.model.entries import EntryKind, EntryStatistics, Repeats
from dbwright.tune.indexes.duplicates import distinct_keys
from dbwright.tune.indexes.gin_size import GinEntries, gin_pages
from dbwright.tune.indexes.repeats import classes_of, counted_entries

SAMPLED, ROWS, PER_ROW = 3000, 30_000, 4

DRAWS: dict[str, Callable[[random.Random, int], Hashable]] = {
    "unique": lambda chance, place: (place, chance.random()),
    "alike, hardly ever met twice": lambda chance, _: chance.randrange(300_000),
    "alike, met a few times": lambda chance, _: chance.randrange(4000),
    "words of a language": lambda chance, _: int(60_000 ** chance.random()),
    "without end": lambda chance, _: int(chance.paretovariate(0.5)),
    "words and unique ones": lambda chance, place: (
        (place, chance.random()) if chance.random() < 0.3 else int(60_000 ** chance.random())
    ),
    "alike and unique ones": lambda chance, place: (
        (place, chance.random()) if chance.random() < 0.3 else chance.randrange(2000)
    ),
}


def counted(met: Counter[Hashable], rows: int) -> EntryStatistics:
    group = tuple(
        Repeats(float(times), entries, 8.0)
        for times, entries in sorted(Counter(met.values()).items())
    )
    return EntryStatistics(1, ("words",), EntryKind.LEXEMES, rows, (group,))


@pytest.mark.parametrize("kind", DRAWS)
def test_a_sample_tells_the_size_of_the_whole(kind: str) -> None:
    chance = random.Random(1)
    met: Counter[Hashable] = Counter()
    sample: EntryStatistics | None = None
    for place in range(ROWS):
        if place == SAMPLED:
            sample = counted(met, SAMPLED)
        met.update({DRAWS[kind](chance, place) for _ in range(PER_ROW)})
    assert sample is not None
    whole = counted(met, ROWS)
    told, true = (
        gin_pages([GinEntries(classes_of(one, ROWS), 8)], ROWS, ROWS / 50)
        for one in (sample, whole)
    )
    assert told == pytest.approx(true, rel=0.15)
    assert distinct_keys(classes_of(whole, ROWS), ROWS) == pytest.approx(len(met), rel=0.01)


groups = st.dictionaries(st.integers(1, 30), st.integers(1, 100), min_size=1).map(
    lambda found: tuple(Repeats(float(rows), n, 8.0) for rows, n in sorted(found.items()))
)


@settings(max_examples=30)
@given(st.lists(groups, min_size=1, max_size=3).map(tuple), st.sampled_from([1, 3, 1000]))
def test_the_rows_of_a_sample_have_their_entries(
    found: tuple[tuple[Repeats, ...], ...], times: int
) -> None:
    """Whatever is not known, entries of a row are as many as were met."""
    one = EntryStatistics(1, ("a",), EntryKind.ELEMENTS, 100, found)
    met = sum(repeats.rows * repeats.entries for group in found for repeats in group) / 100
    parts = counted_entries(one, 100.0 * times)
    assert sum(part.per_row for part in parts) == pytest.approx(met, rel=1e-3)


def test_entries_of_other_lengths_stay_apart() -> None:
    groups = ((Repeats(1.0, 500, 40.0), Repeats(50.0, 10, 8.0)),)
    one = EntryStatistics(1, ("a",), EntryKind.ELEMENTS, 1000, groups)
    assert [part.key_bytes for part in counted_entries(one, 50_000)] == [8.0, 40.0]
