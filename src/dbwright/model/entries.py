"""How often the keys and the entries of an index repeat, as counted in a sample of rows.

ANALYZE knows nothing of what a document or a text holds, and little of what an array does. Such
counts say it; they hold no value of any row.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["EntryKind", "EntryStatistics", "Repeats"]


class EntryKind(StrEnum):
    """Into what an index takes a row's value apart."""

    WHOLE = "whole"
    """Not at all: the keys of a B-tree, together."""
    ELEMENTS = "elements"
    """Of an array."""
    LEXEMES = "lexemes"
    """Of a tsvector."""
    JSON_KEYS = "jsonb_ops"
    """Keys and values of a document, each by itself."""
    JSON_PATHS = "jsonb_path_ops"
    """Values of a document, each with the keys that lead to it."""
    TRIGRAMS = "trigrams"
    """Of a text (pg_trgm)."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """Entries that are in about equally many rows of the sample."""

    rows: float
    """That each of them is in, on average."""
    entries: int
    bytes: float
    """Of one of them in the index, on average."""
    spread: float = 1.0
    """The part of the table that the rows of one lie in; 1 where they lie as if by chance."""


@dataclass(frozen=True, slots=True)
class EntryStatistics:
    """Of one key of an index (of all keys together where they are not taken apart)."""

    table_oid: int
    keys: tuple[str, ...]
    """Columns (quoted where they must be) or expressions."""
    kind: EntryKind
    rows: int
    """That were looked at."""
    groups: tuple[tuple[Repeats, ...], ...]
    """Entries that are alike (of a document: in the same place), the seldom ones first."""
