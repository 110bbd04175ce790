"""A column whose type is another one: does each value come back when it is cast back?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from dbwright.migrate.rehearsal.changes import ChangeKind
from dbwright.migrate.rehearsal.pairs import ColumnPair, TablePair
from dbwright.migrate.rehearsal.sums import ColumnSum, column_sum
from dbwright.model.catalog import Column
from dbwright.model.names import literal, quote

__all__ = ["NUMBERS", "TEXTS", "TIMES", "Cast", "cast_of", "lossy_kind"]

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


ZONED = ("timestamp with time zone", "time with time zone")
UNZONED = ("timestamp without time zone", "date", "time without time zone")


@dataclass(frozen=True, slots=True)
class Cast:
    """How the two types of a column go together."""

    kept: bool
    """Is each value, cast back, the one that it was?"""
    same: bool
    """Is each value the old one, cast to the new type? Then what is lost, the type loses."""
    was: str
    """The expression that is compared, for rows as they were."""
    back: str
    """The one that must be equal to it, for rows as they are now: cast back, where a cast does."""
    type: Column
    """The type of both."""
    forth: str | None
    """The one that casts to the new type, for rows as they were."""
    fewer: bool = False
    """Are there fewer values than before?"""


def cast_of(
    pair: ColumnPair,
    table: TablePair,
    old: psycopg.Connection[Any],
    new: psycopg.Connection[Any],
) -> Cast:
    """Raises psycopg.Error where a server goes away."""
    was, now = quote(pair.before.name), quote(pair.after.name)
    zone = _zone(new)
    before = column_sum(old, table.parts_before, was, pair.before)
    forms = _forms(now, pair.after, pair.before, zone)
    back, found = _first(new, table.parts_after, forms, pair.before, before)
    if back is not None and found == before:
        return Cast(True, True, was, back, pair.before, None)
    if back is None:
        return _as_text(pair, table, old, new)
    after = column_sum(new, table.parts_after, now, pair.after)
    forms = _forms(was, pair.before, pair.after, zone)
    forth, cast = _first(old, table.parts_before, forms, pair.after, after)
    fewer = before.values > after.values
    return Cast(False, cast == after, was, back, pair.before, forth, fewer)


def _as_text(
    pair: ColumnPair, table: TablePair, old: psycopg.Connection[Any], new: psycopg.Connection[Any]
) -> Cast:
    """Where the old type is no more, or none casts to it: are they written alike?"""
    text = replace(
        pair.before, type="text", base_type="text", domain=None, is_array=False, length=None
    )
    was, now = (f"({quote(one.name)})::text" for one in (pair.before, pair.after))
    before = column_sum(old, table.parts_before, was, text)
    after = column_sum(new, table.parts_after, now, text)
    kept, fewer = before == after, before.values > after.values
    return Cast(kept, kept, was, now, text, None, fewer)


def lossy_kind(pair: ColumnPair) -> ChangeKind:
    """What a cast does that does not come back."""
    before, after = pair.before.base_type, pair.after.base_type
    if before in TEXTS and after in TEXTS:
        return ChangeKind.TRUNCATED_VALUES
    if {before, after} <= NUMBERS or {before, after} <= TIMES:
        return ChangeKind.CHANGED_PRECISION
    return ChangeKind.CHANGED_VALUES


def _zone(connection: psycopg.Connection[Any]) -> str:
    """In which a statement of a migration takes a time that tells none."""
    row = connection.execute("SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'").fetchone()
    return "UTC" if row is None else str(row[0])


def _forms(name: str, from_: Column, to: Column, zone: str) -> Iterator[str]:
    """Expressions that cast; the session's time zone is UTC."""
    if not from_.is_array and not to.is_array:
        if from_.base_type in ZONED and to.base_type in UNZONED:
            yield f"({name} AT TIME ZONE {literal(zone)})::{to.type}"
        elif to.base_type == ZONED[0] and from_.base_type in UNZONED[:2]:
            yield f"({name}::timestamp AT TIME ZONE {literal(zone)})::{to.type}"
    yield f"({name})::{to.type}"
    yield f"({name})::text::{to.type}"


def _first(
    connection: psycopg.Connection[Any],
    parts: Sequence[str],
    forms: Iterable[str],
    type_: Column,
    wanted: ColumnSum,
) -> tuple[str | None, ColumnSum | None]:
    """The expression that gives the wanted sum, or else the first one that the server takes."""
    taken: tuple[str | None, ColumnSum | None] = (None, None)
    for form in forms:
        try:
            found = column_sum(connection, parts, form, type_)
        except psycopg.Error:
            if connection.closed:
                raise
            continue
        if found == wanted:
            return form, found
        if taken[0] is None:
            taken = form, found
    return taken
