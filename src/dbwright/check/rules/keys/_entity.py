"""What names tell about tables and columns: words, singular and plural, entity and role."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from dbwright.model.catalog import Catalog, Table

__all__ = ["entity_names", "keeps_the_past", "tables_by_entity", "words"]

IRREGULAR = {
    "people": "person",
    "children": "child",
    "men": "man",
    "women": "woman",
    "data": "datum",
    "media": "medium",
    "criteria": "criterion",
    "indices": "index",
    "matrices": "matrix",
    "vertices": "vertex",
}

PAST = frozenset(
    "archive archived audit audits backup backups history histories import imports log logs "
    "journal old outbox queue snapshot snapshots staging stage stg temp tmp trash versions".split()
)
"""Words in names of tables whose rows are meant to outlive what they speak of."""


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """`billing_addressID` -> billing, address, id."""
    found: list[str] = []
    word = ""
    before = ""
    for character in name:
        if not character.isalnum():
            found.append(word)
            word = ""
        elif character.isupper() and (before.islower() or before.isdigit()):
            found.append(word)
            word = character
        else:
            word += character
        before = character
    return tuple(part.lower() for part in (*found, word) if part)


@lru_cache(maxsize=65536)
def entity_names(table_name: str) -> tuple[str, ...]:
    """What one row may be called: `order_items` -> order_items, order_item."""
    parts = words(table_name)
    if not parts:
        return ()
    start = parts[:-1]
    return tuple(dict.fromkeys("_".join((*start, last)) for last in _singulars(parts[-1])))


def _singulars(word: str) -> Iterator[str]:
    yield word
    if word in IRREGULAR:
        yield IRREGULAR[word]
    elif word.endswith("ies") and len(word) > 4:
        yield word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes", "oes", "uses")):
        yield word[:-2]
        yield word[:-1]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2:
        yield word[:-1]


def tables_by_entity(catalog: Catalog) -> dict[str, list[Table]]:
    """The tables that a name may speak of; partitions are left out."""
    found: dict[str, list[Table]] = {}
    for table in catalog.tables:
        if not table.is_partition:
            for name in entity_names(table.name):
                found.setdefault(name, []).append(table)
    return found


def keeps_the_past(table: Table) -> bool:
    """Does its name, or its schema's, say that it is a log, a history, a backup or a stage?"""
    return not PAST.isdisjoint(words(table.schema) + words(table.name))
