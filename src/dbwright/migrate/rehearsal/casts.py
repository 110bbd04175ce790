"""A column whose type is another one: does each value come back when it is cast back?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.migrate.rehearsal.changes import ChangeKind
from dbwright.migrate.rehearsal.pairs import ColumnPair, TablePair
from dbwright.migrate.rehearsal.sums import ColumnSum, column_sum
from dbwright.model.catalog import Column
from dbwright.model.names import quote

__all__ = ["TEXTS", "Cast", "cast_of", "lossy_kind"]

NUMBERS = frozenset(
    ("smallint", "integer", "bigint", "numeric", "real", "double precision", "money")
)
TIMES = frozenset(
    (
        "date",
        "interval",
        "time with time zone",
        "time without time zone",
        "timestamp with time zone",
        "timestamp without time zone",
    )
)
TEXTS = frozenset(("text", "character varying", "character", "bit", "bit varying", "bytea"))


@dataclass(frozen=True, slots=True)
class Cast:
    """How the two types of a column go together."""

    kept: bool
    """Is each value, cast back, the one that it was?"""
    same: bool
    """Is each value the old one, cast to the new type? Then what is lost, the type loses."""
    back: str | None
    """The expression that casts back, for rows as they are now; None where no cast does."""
    forth: str | None
    """The one that casts to the new type, for rows as they were."""


def cast_of(
    pair: ColumnPair,
    table: TablePair,
    old: psycopg.Connection[Any],
    new: psycopg.Connection[Any],
) -> Cast:
    """Raises psycopg.Error where a server goes away."""
    was, now = quote(pair.before.name), quote(pair.after.name)
    before = column_sum(old, table.parts_before, was, pair.before)
    back, found = _first(new, table.parts_after, _forms(now, pair.before), pair.before)
    if found == before:
        return Cast(True, True, back, None)
    after = column_sum(new, table.parts_after, now, pair.after)
    forth, cast = _first(old, table.parts_before, _forms(was, pair.after), pair.after)
    # Of json, jsonb keeps all but blanks and the order of keys.
    only_blanks = (pair.before.base_type, pair.after.base_type) == ("json", "jsonb")
    return Cast(cast == after and only_blanks, cast == after, back, forth)


def lossy_kind(pair: ColumnPair) -> ChangeKind:
    """What a cast does that does not come back."""
    before, after = pair.before.base_type, pair.after.base_type
    if before in TEXTS and after in TEXTS:
        return ChangeKind.TRUNCATED_VALUES
    if {before, after} <= NUMBERS or {before, after} <= TIMES:
        return ChangeKind.CHANGED_PRECISION
    return ChangeKind.CHANGED_VALUES


def _forms(name: str, type_: Column) -> tuple[str, str]:
    return f"({name})::{type_.type}", f"({name})::text::{type_.type}"


def _first(
    connection: psycopg.Connection[Any], parts: Sequence[str], forms: Sequence[str], type_: Column
) -> tuple[str | None, ColumnSum | None]:
    """The first of the expressions that the server takes, and its sum."""
    for form in forms:
        try:
            return form, column_sum(connection, parts, form, type_)
        except psycopg.Error:
            if connection.closed:
                raise
    return None, None
