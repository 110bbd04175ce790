"""What a GIN index takes the values of a column apart into, from its statistics.

Arrays and tsvectors have element statistics, where they were read (with all values). Else the few
values that the statistics hold are taken apart as the operator class would, and how often entries
repeat among them tells how many there are: rough, but of the right order.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from zlib import crc32

from dbwright.model.catalog import Column
from dbwright.model.statistics import ColumnStatistics
from dbwright.tune.indexes.array_text import elements
from dbwright.tune.indexes.duplicates import UNIQUE, KeyClass, binned
from dbwright.tune.indexes.gin_size import GinEntries
from dbwright.tune.indexes.repeats import rows_of_met
from dbwright.tune.indexes.trigrams import trigrams
from dbwright.tune.indexes.tsvector_text import lexemes
from dbwright.tune.indexes.widths import align

__all__ = ["gin_entries"]

FIXED: Mapping[str, int] = {
    "bigint": 8,
    "date": 4,
    "double precision": 8,
    "integer": 4,
    "oid": 4,
    "real": 4,
    "smallint": 2,
    "timestamp with time zone": 8,
    "timestamp without time zone": 8,
    "uuid": 16,
}
"""Bytes of array elements."""
HASH_BYTES = 4
"""Of a trigram, and of the hash of a path and its value (jsonb_path_ops)."""
OFTEN = 4
"""In so many of the sample's values an entry's own frequency is known."""
LEXEME_BYTES = 14
"""Of a word in a tsvector, with its position."""
VOCABULARY = 30.0
"""Different words of a text grow with the square root of its length (Heaps' law): times this."""
ZIPF_STEPS = 12
WORD_BYTES = 7.0
USUAL_ENTRIES = 8.0
SELDOM = 3.0
"""Rows of an element, where none is in so many that ANALYZE lists it: there may be one row of each,
or hundreds."""
HASHED_LENGTH = 125
"""Longer keys and values of a document are hashed (JGIN_MAXLENGTH)."""

Entry = tuple[str, str]
"""Where in a document it stands (its path; empty elsewhere), and what it is: how often values
repeat is told apart by path, for a number of a document does not repeat, but its kind does."""


def gin_entries(
    column: Column, statistics: ColumnStatistics | None, operator_class: str, rows: float
) -> GinEntries:
    """The entries of one column of a table with so many rows. `operator_class` may be empty for
    the type's default."""
    size = _entry_bytes(column, operator_class)
    if statistics is None:
        return GinEntries(_zipf(USUAL_ENTRIES, rows), size or WORD_BYTES, known=False)
    if _is_scalar(column, operator_class):
        return _whole_values(column, statistics, rows)
    if statistics.elements is not None and statistics.elements.count_histogram:
        known = statistics.elements
        frequencies = known.common_frequencies[: len(known.common_elements)]
        average = known.count_histogram[-1] * (1 - statistics.null_fraction)
        common = [KeyClass(1, share) for share in frequencies if share > 0]
        rest = average - sum(frequencies)
        if not size:
            words = [len(word.encode(errors="replace")) + 1 for word in known.common_elements]
            size = sum(words) / len(words) if words else WORD_BYTES
        return GinEntries(binned([*common, *_rest(rest, frequencies, rows)]), size)
    documents = list(_documents(column, statistics, operator_class))
    if documents:
        known_values = len(statistics.common_values)
        most = _trigrams_possible(documents) if "trgm" in operator_class else UNIQUE
        classes, measured = _from_sample(documents, rows, known_values, most)
        return GinEntries(classes, size or measured)
    present = 1 - statistics.null_fraction
    words_a_row = max(1.0, statistics.average_width / LEXEME_BYTES) * present
    return GinEntries(_zipf(words_a_row, rows), size or WORD_BYTES)


def _is_scalar(column: Column, operator_class: str) -> bool:
    """Is the value itself the entry (btree_gin)?"""
    parts = column.is_array or column.base_type in ("jsonb", "tsvector")
    return not parts and "trgm" not in operator_class


def _whole_values(column: Column, statistics: ColumnStatistics, rows: float) -> GinEntries:
    frequencies = statistics.common_frequencies
    distinct = statistics.distinct if statistics.distinct > 0 else -statistics.distinct * rows
    others = max(distinct - len(frequencies), 1.0)
    rest = max(0.0, 1 - statistics.null_fraction - sum(frequencies))
    classes = [KeyClass(1, share) for share in frequencies if share > 0]
    if rest > 1e-6:
        classes.append(KeyClass(others, rest / others))
    size = FIXED.get(column.base_type, statistics.average_width)
    return GinEntries(binned(classes), float(align(size)), sure=True)


def _entry_bytes(column: Column, operator_class: str) -> float:
    """0 where it depends on the values."""
    if "trgm" in operator_class or operator_class == "jsonb_path_ops":
        return HASH_BYTES
    if column.is_array:
        return float(FIXED.get(column.base_type, 0))
    return 0.0


def _documents(
    column: Column, statistics: ColumnStatistics, operator_class: str
) -> Iterator[tuple[frozenset[Entry], float]]:
    """The entries of each value that the statistics hold, with its share of the rows."""
    take: Callable[[str], Iterable[Entry]] | None = None
    if "trgm" in operator_class:
        take = _plain(trigrams)
    elif column.is_array:
        take = _plain(elements)
    elif column.base_type == "tsvector":
        take = _plain(lexemes)
    elif column.base_type == "jsonb":
        take = _json_paths if operator_class == "jsonb_path_ops" else _json_keys
    if take is None or statistics.redacted:
        return
    rest = max(0.0, 1 - statistics.null_fraction - sum(statistics.common_frequencies))
    for value, share in zip(statistics.common_values, statistics.common_frequencies, strict=False):
        yield frozenset(take(value)), share
    for value in statistics.histogram:
        yield frozenset(take(value)), rest / len(statistics.histogram)


def _trigrams_possible(documents: Sequence[tuple[frozenset[Entry], float]]) -> float:
    """Of the letters that are met: however rare each of a sample's is, there are no more."""
    letters = {letter for entries, _ in documents for _, text in entries for letter in text}
    return float(len(letters)) ** 3


def _from_sample(
    documents: Sequence[tuple[frozenset[Entry], float]], rows: float, common: int, most: float
) -> tuple[tuple[KeyClass, ...], float]:
    """The classes of entries, and the mean bytes of one. The first `common` documents are values
    whose own share of the rows is known, and so their entries' is. There are at most `most`."""
    often = frozenset[Entry]().union(*(entries for entries, _ in documents[:common]))
    seen: Counter[Entry] = Counter()
    shares: dict[Entry, float] = defaultdict(float)
    for entries, share in documents:
        for entry in entries:
            seen[entry] += 1
            shares[entry] += share
    classes: list[KeyClass] = []
    rare: dict[str, list[Entry]] = defaultdict(list)
    for entry, count in seen.items():
        if count >= OFTEN or entry in often:
            classes.append(KeyClass(1, min(shares[entry], 1.0)))
        else:
            rare[entry[0]].append(entry)
    for group in rare.values():
        share = sum(shares[entry] for entry in group)
        each = rows_of_met(sum(seen[entry] for entry in group) / len(group)) / len(documents)
        keys = min(share / each if each * rows > 1 else UNIQUE, most)
        classes.append(KeyClass(keys, share / keys))
    size = sum(len(text.encode(errors="replace")) + 1 for _, text in seen) / max(len(seen), 1)
    return binned(classes), size


def _rest(share: float, frequencies: Sequence[float], rows: float) -> tuple[KeyClass, ...]:
    """Of the elements that are too rare to be listed: they fall on as words do."""
    if share <= 1e-6:
        return ()
    if not frequencies:  # numbers of something, rather than words
        return (KeyClass(share * rows / SELDOM, SELDOM / rows),) if rows > SELDOM else ()
    rank, last = float(len(frequencies)), min(frequencies)
    end = rank * math.exp(min(share / (last * rank), 40.0))
    return _falling(last * rank, rank, end, rows, share)


def _zipf(per_row: float, rows: float) -> tuple[KeyClass, ...]:
    """Of words of a language: the n-th has a share of 1 / n of the first."""
    words = max(2.0, VOCABULARY * math.sqrt(max(per_row * rows, 1.0)))
    return _falling(per_row / math.log(words), 1.0, words, rows, per_row)


def _falling(
    constant: float, start: float, end: float, rows: float, share: float
) -> tuple[KeyClass, ...]:
    """Classes of entries whose frequency is `constant` / rank, from rank `start` to `end`; what
    is too rare to come twice is unique."""
    end = min(end, max(start * 1.01, constant * rows))
    classes = []
    for step in range(ZIPF_STEPS):
        low = start * (end / start) ** (step / ZIPF_STEPS)
        high = start * (end / start) ** ((step + 1) / ZIPF_STEPS)
        mass = constant * math.log(high / low)
        classes.append(KeyClass(high - low, min(mass / (high - low), 1.0)))
    left = share - sum(found.share for found in classes)
    if left > 1e-6:
        classes.append(KeyClass(UNIQUE, left / UNIQUE))
    return tuple(classes)


def _plain(take: Callable[[str], Iterable[str]]) -> Callable[[str], Iterable[Entry]]:
    return lambda text: (("", entry) for entry in take(text))


def _json_keys(text: str) -> Iterator[Entry]:
    """As jsonb_ops: every key and every value by itself."""
    for path, value in _leaves(_json(text)):
        whole = f"v{value}".encode(errors="replace")
        hashed = len(whole) > HASHED_LENGTH + 1
        yield path, f"v{crc32(whole):08x}" if hashed else f"v{value}"
        yield from (("", f"k{key}") for key in path.split("\0")[1:])


def _json_paths(text: str) -> Iterator[Entry]:
    """As jsonb_path_ops: every value with the keys that lead to it."""
    return ((path, f"{value}") for path, value in _leaves(_json(text)))


def _leaves(document: Any) -> Iterator[tuple[str, Any]]:
    """All values with the keys that lead to them, each after a zero byte."""
    pending: list[tuple[str, Any]] = [("", document)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            pending.extend((f"{path}\0{key}", inner) for key, inner in value.items())
        elif isinstance(value, list):
            pending.extend((path, inner) for inner in value)
        else:
            yield path, value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # not a document: nothing can be said of its entries
        return {}
