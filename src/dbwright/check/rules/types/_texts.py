"""What text columns really hold: by the planner's statistics, and by rows where those may be read.

Statistics know every column for nothing, but only a sample. Rows are asked for only where the
column's name speaks for it, and then both must agree. All columns are sorted once for all rules by
what their first value looks like: there are many, and nearly all of them hold words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any

from dbwright.check.rule import Answers, Question
from dbwright.check.rules.types._columns import is_own, own_columns
from dbwright.check.rules.types._once import once
from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.finding import Confidence
from dbwright.model.names import quote
from dbwright.model.statistics import ColumnStatistics, Statistics

__all__ = [
    "SAMPLE_ROWS",
    "TEXT_TYPES",
    "Kind",
    "Sample",
    "SampleRows",
    "questions_where",
    "text_columns",
]

TEXT_TYPES = ("text", "character varying", "character")

SampleRows = Annotated[int, "so many rows of a table are looked at"]
SAMPLE_ROWS = 10_000

MAX_COLUMNS = 300
"""No rule asks for the rows of more columns."""

MAX_VALUES = 500
MAX_WIDTH = 300
"""Characters of a value that are read; what is longer is none of the formats."""

WHOLE = 0.999
"""From this share on, the common values are all there are."""

UUID_LENGTH = 36
SPELLINGS = 6
"""More values than this are no yes and no, however they are spelled."""


class Kind(Enum):
    """What a first look at a column's values takes them for."""

    UUID = "uuid"
    DIGITS = "digits"
    """A date or a number."""
    FEW = "few"
    """A handful of values, all known."""
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Sample:
    """Values of one column."""

    statistics: ColumnStatistics | None
    rows: list[Any] | None
    """Distinct values of the first rows, as (value,); None where they were not read."""

    def fits(self, test: Callable[[str], bool], min_values: int) -> bool:
        """Do all values pass that are not blank, and are there enough of them?"""
        known = 0
        if self.statistics is not None:
            for value in self.statistics.sample:
                if value and not value.isspace():
                    if not test(value.strip()):
                        return False
                    known += 1
        for row in self.rows or ():
            if row.value:
                if not test(row.value):
                    return False
                known += 1
        return known >= min_values

    def values(self) -> frozenset[str]:
        """All distinct values that are known, without blanks around them."""
        found = {value.strip() for value in (self.statistics.sample if self.statistics else ())}
        found.update(row.value for row in self.rows or ())
        return frozenset(found - {""})

    @property
    def obstacle(self) -> str | None:
        """A value that holds nothing, or only blanks, stands in the way of another type."""
        blank = any(row.value == "" for row in self.rows or ()) or any(
            not value.strip() for value in (self.statistics.sample if self.statistics else ())
        )
        return "some values are blank" if blank else None

    @property
    def is_whole(self) -> bool:
        """Are these all values that the sampled rows have?"""
        if self.rows is not None and len(self.rows) >= MAX_VALUES:
            return False
        known = self.statistics
        if known is None:
            return self.rows is not None
        return not known.histogram and (
            sum(known.common_frequencies) + known.null_fraction >= WHOLE
        )

    @property
    def confidence(self) -> Confidence:
        """High where rows were read and agree."""
        return Confidence.MEDIUM if self.rows is None else Confidence.HIGH


def text_columns(
    catalog: Catalog, statistics: Statistics | None, answers: Answers, kind: Kind
) -> Iterator[tuple[Table, Column, Sample]]:
    """The plain text columns whose values may be of that kind.

    Domains, arrays and generated columns are left out: for those somebody has chosen the type
    with care. A column without statistics comes where rows were read.
    """
    for table, column, counted in _by_kind(catalog, statistics).get(kind, ()):
        rows = answers.get(_key(table, column)) if answers else None
        yield table, column, Sample(counted, rows)
    for table, column in _by_name(catalog, answers):
        if statistics is None or statistics.of_column(table, column) is None:
            yield table, column, Sample(None, answers[_key(table, column)])


def questions_where(named: Callable[[str], bool]) -> Callable[..., Iterator[Question]]:
    """The questions of a rule whose columns are told by their names."""

    def questions(catalog: Catalog, *, sample_rows: int = SAMPLE_ROWS) -> Iterator[Question]:
        return _questions(catalog, named, sample_rows)

    return questions


def _questions(
    catalog: Catalog, named: Callable[[str], bool], sample_rows: int
) -> Iterator[Question]:
    """The distinct values of the first rows, of the text columns whose name passes."""
    count = 0
    for name, pairs in catalog.columns_by_name.items():
        if not named(name):
            continue
        for table, column in own_columns(pairs):
            if not _is_plain(column):
                continue
            count += 1
            if count > MAX_COLUMNS:
                return
            yield Question(
                _key(table, column),
                f"SELECT DISTINCT left(btrim(s.v), {MAX_WIDTH}) AS value FROM "
                f"(SELECT {quote(name)}::text AS v FROM {table.qualified} LIMIT {sample_rows}) s "
                f"WHERE s.v IS NOT NULL ORDER BY 1 LIMIT {MAX_VALUES}",
            )


def _by_name(catalog: Catalog, answers: Answers) -> Iterator[tuple[Table, Column]]:
    """The columns of which rows were read."""
    if not answers:
        return
    for pairs in catalog.columns_by_name.values():
        for table, column in pairs:
            if _is_plain(column) and _key(table, column) in answers:
                yield table, column


@once
def _by_kind(
    catalog: Catalog, statistics: Statistics | None
) -> Mapping[Kind, list[tuple[Table, Column, ColumnStatistics]]]:
    found: dict[Kind, list[tuple[Table, Column, ColumnStatistics]]] = {kind: [] for kind in Kind}
    if statistics is None or not statistics.columns:
        return found
    of_column = statistics.of_column
    for type_ in TEXT_TYPES:
        for table, column in catalog.columns_by_type.get(type_, ()):
            counted = of_column(table, column)
            if counted is None or not is_own(table, column) or not _is_plain(column):
                continue
            for kind in _kinds(counted):
                found[kind].append((table, column, counted))
    return found


def _kinds(counted: ColumnStatistics) -> Iterator[Kind]:
    """By one value that is not blank; for lists by a few, for not every value need be one."""
    values = counted.histogram or counted.common_values
    first = values[-1].strip() if values else ""
    if not first:
        return
    if len(first) == UUID_LENGTH and first[8] == "-":
        yield Kind.UUID
    if first[0] in "-0123456789":
        yield Kind.DIGITS
    if not counted.histogram and len(values) <= SPELLINGS:
        yield Kind.FEW
    elif len(first) < MAX_WIDTH and " " not in first:
        seen = "\n".join(values[:: len(values) // 12 + 1])
        if "," in seen or ";" in seen or "|" in seen:
            yield Kind.LIST


def _is_plain(column: Column) -> bool:
    return column.base_type in TEXT_TYPES and not (
        column.is_array or column.domain or column.generated
    )


def _key(table: Table, column: Column) -> str:
    return f"{table.qualified}.{quote(column.name)}"
