"""Sums over a table that tell whether its content is the same, in whatever order its rows are.

One pass over a table: how many rows, and of each column how many values and the sum of their
64-bit hashes, which is the same in any order and different (but for one case in 2^64) where a value
is. The sum of hashes over whole rows tells when values moved from row to row. The server adds up;
nothing of the rows comes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.model.catalog import Column
from dbwright.model.names import quote

__all__ = ["READING", "ColumnSum", "TableSums", "column_sum", "hashed", "rows_of", "table_sums"]

READING = (
    "SET search_path = pg_catalog; SET TimeZone = 'UTC'; SET datestyle = 'ISO, MDY'; "
    "SET intervalstyle = 'postgres'; SET bytea_output = 'hex'; SET extra_float_digits = 1; "
    "SET statement_timeout = 0; SET row_security = on; SET xmlbinary = 'base64'; "
    "SET standard_conforming_strings = on"
)
"""As text a value must be the same in both sessions."""


REGISTERED = frozenset(
    "regclass regcollation regconfig regdictionary regnamespace regoper regoperator regproc "
    "regprocedure regrole regtype".split()
)
# Strings; what stands for one character (a backslash, two surrogates); and what jsonb can't hold.
_STRINGS = r"""'"([^"\\]|\\.)*"'"""
_PAIRS = r"""'\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}'"""
_NOT_BINARY = r"""'\\u0000|\\u[dD][89a-fA-F]|[0-9][eE][+]?[0-9]{3}'"""
_COLONS = (
    f"length(regexp_replace(t, {_STRINGS}, '', 'g')) "
    f"- length(replace(regexp_replace(t, {_STRINGS}, '', 'g'), ':', ''))"
)
_HASHED_JSON = (
    # What jsonb can't hold is taken as it is written. Of a key that is there twice jsonb keeps one:
    # so the members are counted as well, by the colons outside of strings.
    f"hashtextextended((CASE WHEN regexp_replace(t, {_PAIRS}, '', 'g') ~ {_NOT_BINARY} THEN t "
    f'ELSE t::jsonb::text || ({_COLONS}) END) COLLATE "C", 0)'
)


@dataclass(frozen=True, slots=True)
class ColumnSum:
    """Values that are not NULL, and the sum of their hashes."""

    values: int
    total: int


@dataclass(frozen=True, slots=True)
class TableSums:
    rows: int
    columns: tuple[ColumnSum, ...]
    """In the order that was asked for."""
    whole: int
    """The sum of the hashes of rows of these columns."""


def hashed(expression: str, column: Column) -> str:
    """A bigint for the value of an expression of the column's type; NULL for NULL.

    Numbers that are equal have one hash, however many zeros end them; texts are told apart byte by
    byte, also under a collation to which some are equal. A document in json is what it says, in
    whatever order and with whatever blanks. What stands for an object of the catalog is that
    object, whatever its name is.
    """
    if column.base_type in REGISTERED:
        expression = f"({expression})::oid{'[]' if column.is_array else ''}"
    if column.base_type == "json" and not column.is_array:
        return f"(SELECT {_HASHED_JSON} FROM (SELECT ({expression})::text AS t) AS j)"
    if column.base_type == "numeric" and not column.is_array:
        return f"hash_numeric_extended(({expression})::numeric, 0)"
    return f'hashtextextended(({expression})::text COLLATE "C", 0)'


def rows_of(parts: Iterable[str], expressions: Sequence[str]) -> str:
    """A query for these expressions over the rows of several tables, of each for itself."""
    listed = ", ".join(expressions)
    return " UNION ALL ".join(f"SELECT {listed} FROM ONLY {part}" for part in parts)


def table_sums(
    connection: psycopg.Connection[Any], parts: Sequence[str], columns: Sequence[Column]
) -> TableSums:
    """Of the rows of `parts` (qualified names), which all have these columns by their names.

    Raises psycopg.Error.
    """
    if not parts:
        return TableSums(0, tuple(ColumnSum(0, 0) for _ in columns), 0)
    names = [f"h{number}" for number in range(len(columns))]
    hashes = [
        f"{hashed(quote(column.name), column)} AS {name}"
        for name, column in zip(names, columns, strict=True)
    ]
    asked = "".join(f", count({name}), coalesce(sum({name}), 0)" for name in names)
    row_hash = f'hashtextextended(ROW({", ".join(names)})::text COLLATE "C", 0)'
    row = connection.execute(
        f"SELECT count(*), coalesce(sum({row_hash}), 0){asked} "
        f"FROM ({rows_of(parts, hashes or ['1'])}) AS r".encode()
    ).fetchone()
    assert row is not None
    pairs = zip(row[2::2], row[3::2], strict=True)
    return TableSums(row[0], tuple(ColumnSum(n, int(s)) for n, s in pairs), int(row[1]))


def column_sum(
    connection: psycopg.Connection[Any], parts: Sequence[str], expression: str, column: Column
) -> ColumnSum:
    """Of one expression, whose value is of that column's type. Raises psycopg.Error."""
    if not parts:
        return ColumnSum(0, 0)
    row = connection.execute(
        f"SELECT count(h), coalesce(sum(h), 0) "
        f"FROM ({rows_of(parts, [f'{hashed(expression, column)} AS h'])}) AS r".encode()
    ).fetchone()
    assert row is not None
    return ColumnSum(row[0], int(row[1]))
