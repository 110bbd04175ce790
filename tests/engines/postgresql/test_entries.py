"""How often entries repeat is counted in rows, and no value of them is read."""

from __future__ import annotations

import pytest

from dbwright.engines.postgresql.entries import EntriesWanted, EntryCounter, question
from dbwright.model.entries import EntryKind, EntryStatistics
from dbwright.model.report import Skipped
from servers.postgresql import Database

ROWS = 4
TABLE = """
CREATE TABLE notes (a text[], w tsvector, d jsonb, t text, x int, "Y" int);
INSERT INTO notes VALUES
  ('{red,blue,red}', 'cat dog', '{"k": 1, "tags": ["k", "b"], "m": {"n": 1.50}, "no": null}', 'abc', 1, 1),
  ('{red}', 'cat', '{"k": 1, "m": {"n": 1.5}}', 'abc', 1, 1),
  ('{}', '', '{}', '', 2, 1),
  (NULL, NULL, NULL, NULL, NULL, NULL)
"""
EXPECTED = {
    # In so many rows, so many entries: red, blue, and the entry of what holds none.
    (EntryKind.ELEMENTS, "a"): {1: 1, 2: 2},
    (EntryKind.LEXEMES, "w"): {1: 1, 2: 2},
    # k=1, m.n=1.5 and the empty ones in two rows; two tags and a null in one.
    (EntryKind.JSON_PATHS, "d"): {1: 3, 2: 3},
    # Keys k, m, n, tags, no; values 1, 1.5, null, and b (the tag k is the key k, too).
    (EntryKind.JSON_KEYS, "d"): {1: 4, 2: 6},
    # "  a", " ab", "abc", "bc ".
    (EntryKind.TRIGRAMS, "t"): {2: 5},
    (EntryKind.WHOLE, 'x, "Y"'): {1: 2, 2: 1},
}


def wanted(kind: EntryKind, keys: str, rows: float = ROWS, table: str = "notes") -> EntriesWanted:
    return EntriesWanted(7, f"public.{table}", tuple(keys.split(", ")), kind, rows, 1, 8192.0)


def test_what_an_index_would_hold_is_counted(database: Database) -> None:
    database.execute(TABLE)
    with EntryCounter(database.url) as count:
        for (kind, keys), expected in EXPECTED.items():
            found = count(wanted(kind, keys))
            assert isinstance(found, EntryStatistics), (kind, found)
            assert (found.table_oid, found.kind, found.rows) == (7, kind, ROWS)
            seen: dict[int, int] = {}
            for group in found.groups:
                for repeats in group:
                    place = round(repeats.rows)
                    seen[place] = seen.get(place, 0) + repeats.entries
            if kind is EntryKind.JSON_PATHS:
                seen[1] = seen[1]  # 1.50 and 1.5 are written apart
            assert seen == expected, kind


def test_a_large_table_is_sampled_and_places_in_documents_are_apart(database: Database) -> None:
    database.execute(
        "CREATE TABLE many AS SELECT jsonb_build_object('id', i, 'kind', i % 100) AS d "
        "FROM generate_series(1, 60000) i"
    )
    asked = EntriesWanted(1, "public.many", ("d",), EntryKind.JSON_PATHS, 60000, 600, 4.9e6)
    with EntryCounter(database.url) as count:
        found = count(asked)
    assert isinstance(found, EntryStatistics)
    assert 18_000 <= found.rows <= 20_000
    unique, often = sorted(found.groups, key=len)
    assert [(one.rows, one.entries) for one in unique] == [(1.0, found.rows)]
    assert sum(one.entries for one in often) == 100


def test_what_may_not_be_read_is_told(database: Database) -> None:
    database.execute(f"{TABLE}; CREATE ROLE counts_nothing LOGIN")
    url = database.url.replace("postgresql://dbwright@", "postgresql://counts_nothing@")
    try:
        with EntryCounter(url) as count:
            denied = count(wanted(EntryKind.ELEMENTS, "a"))
        with EntryCounter(database.url) as count:
            gone = count(wanted(EntryKind.ELEMENTS, "a", table="nowhere"))
            still = count(wanted(EntryKind.ELEMENTS, "a"))
    finally:
        database.execute("DROP ROLE counts_nothing")
    assert isinstance(denied, Skipped)
    assert denied.remedy == "GRANT SELECT ON public.notes TO counts_nothing"
    assert isinstance(gone, Skipped)
    assert "does not exist" in gone.reason
    assert gone.remedy == ""
    assert isinstance(still, EntryStatistics)


@pytest.mark.parametrize("kind", EntryKind)
def test_only_numbers_come_back(database: Database, kind: EntryKind) -> None:
    database.execute(TABLE)
    keys = next(keys for (known, keys) in EXPECTED if known is kind)
    rows = database.execute(question(wanted(kind, keys)))
    assert rows
    assert all(isinstance(cell, int | float) for row in rows for cell in row)
