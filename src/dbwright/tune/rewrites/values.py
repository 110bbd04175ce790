"""Values to fill columns with: those that make a query's conditions true, false and nearly so.

They are texts, and each was taken by the server for the column's type.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog, Column
from dbwright.model.names import quote
from dbwright.model.objects import TypeKind
from dbwright.tune.rewrites.combined import combined, is_made_of_several, reached
from dbwright.tune.rewrites.unusual import steps, unusual

__all__ = ["Values"]

NUMBERS = ("0", "1", "2", "3", "-1", "10")
FRACTIONS = (*NUMBERS, "0.5", "1.50")
WORDS = ("a", "b", "A", "")
DAYS = ("2024-01-01", "2024-01-02", "2023-12-31", "2024-02-29")
MOMENTS = ("2024-01-01 00:00:00", "2024-01-01 12:30:00", "2023-12-31 23:59:59.999999", "2024-01-02")
BY_TYPE: dict[str, tuple[str, ...]] = {
    "smallint": NUMBERS,
    "integer": NUMBERS,
    "bigint": NUMBERS,
    "numeric": FRACTIONS,
    "real": FRACTIONS,
    "double precision": FRACTIONS,
    "text": WORDS,
    "character varying": WORDS,
    "character": ("a", "b"),
    '"char"': ("a", "b"),
    "name": ("a", "b"),
    "boolean": ("true", "false"),
    "date": DAYS,
    "timestamp without time zone": MOMENTS,
    "timestamp with time zone": MOMENTS,
    "time without time zone": ("00:00", "12:30", "23:59:59.999999"),
    "interval": ("0", "1 day", "1 month"),
    "uuid": (
        "00000000-0000-4000-8000-000000000001",
        "00000000-0000-4000-8000-000000000002",
    ),
    "json": ("{}", '{"a": 1}', "[]"),
    "jsonb": ("{}", '{"a": 1}', "[]"),
    "bytea": ("\\x00", "\\x01"),
    "inet": ("127.0.0.1", "10.0.0.1"),
    "money": ("0", "1"),
    "tsvector": ("a", "b"),
    "int4range": ("[1,3)", "[2,4)", "empty"),
    "daterange": ("[2024-01-01,2024-01-03)", "empty"),
}
ANY = ("0", "1", "a", "2024-01-01", "{}", "[1,3)", "true")
"""For a type that is not known, whatever of it the server takes."""

STEPS = {
    **dict.fromkeys(("smallint", "integer", "bigint", "numeric"), ("v - 1", "v + 1")),
    **dict.fromkeys(("real", "double precision"), ("v - 1", "v + 1")),
    "date": ("v - 1", "v + 1", "v + interval '1 month'", "v + interval '1 month - 1 day'"),
    **dict.fromkeys(
        ("timestamp without time zone", "timestamp with time zone"),
        (
            "v - interval '1 microsecond'",
            "v + interval '1 microsecond'",
            "v + interval '1 day' - interval '1 microsecond'",
            "v + interval '12 hours'",
            "v + interval '1 day'",
            "v + interval '1 month'",
            "v + interval '1 month' - interval '1 microsecond'",
        ),
    ),
    **dict.fromkeys(("text", "character varying"), ("v || 'x'", "upper(v)")),
}
"""Neighbours of a constant `v`, by type: where a condition changes its mind."""

REFUSED = (
    psycopg.DataError,
    psycopg.ProgrammingError,
    psycopg.NotSupportedError,
    psycopg.IntegrityError,
)
"""How the server says that a type does not take a value; the last one is a domain's way."""

MOST = 32
"""Values of a column, those of the query first."""
FEW = 8
"""Constants of the query whose unusual neighbours are made."""
YEARS = range(1000, 9999)


class Values:
    """Values of types, as one server takes them."""

    def __init__(self, connection: psycopg.Connection[Any], catalog: Catalog) -> None:
        self._connection = connection
        self._labels = {
            type_.qualified: type_.labels for type_ in catalog.types if type_.kind is TypeKind.ENUM
        }
        self._known: dict[tuple[str, str], str | None] = {}

    def of(self, column: Column, constants: Sequence[str], sample: Sequence[str]) -> list[str]:
        """Different values for the column. `constants` are those of the query, `sample` values
        that its rows have."""
        base = column.base_type
        constants = [*combined(column, constants), *constants]
        near = self._all_near(column, constants, ())
        usual = self._labels.get(column.type) or self._labels.get(base) or BY_TYPE.get(base, ANY)
        if column.is_array:
            usual = ("{}", *(f"{{{value}}}" for value in usual if value.isalnum()), "{NULL}")
        found: dict[str, None] = {}
        for text in (*constants, *near, *usual, *sample[:MOST]):
            value = self._taken(column.type, text)
            if value is not None:
                found[value] = None
            if len(found) >= MOST:
                break
        return list(found)

    def told_by_clocks(self, expressions: Iterable[str]) -> list[str]:
        """What `clocks_in` names, as it is now."""
        found = (
            self._asked(f"SELECT ({text.replace('%', '%%')})::text", None) for text in expressions
        )
        return [value for value in found if value is not None]

    def allowed(self, column: Column, values: Sequence[str], checks: Sequence[str]) -> list[str]:
        """Those that pass conditions on this one column."""
        return [value for value in values if self._passes(column, value, checks)]

    def _passes(self, column: Column, value: str, checks: Sequence[str]) -> bool:
        name, type_ = (text.replace("%", "%%") for text in (quote(column.name), column.type))
        row = f"FROM (SELECT CAST(%s AS {type_}) AS {name}) t"
        conditions = (check.replace("%", "%%") for check in checks)
        return all(
            self._asked(f"SELECT coalesce(({condition}), true) {row}", value) != "False"
            for condition in conditions
        )

    def near(
        self, column: Column, constants: Sequence[str], every: Sequence[str] = ()
    ) -> list[str]:
        """The constants that the column can hold, and their neighbours; what they lead to together
        with `every` constant of the query (lengths of time, numbers), as well."""
        made = combined(column, every if is_made_of_several(column) else constants)
        constants = [*made, *constants]
        texts = [*constants, *self._all_near(column, constants, every)]
        taken = [self._taken(column.type, text) for text in texts]
        return list(dict.fromkeys(value for value in taken if value is not None))

    def unusual(self, column: Column, constants: Sequence[str]) -> list[str]:
        """What is equal to a usual value and yet not the same, or beyond all of them."""
        texts = [self._taken(column.type, text) for text in unusual(column)]
        for value in (self._taken(column.type, constant) for constant in constants[:FEW]):
            if value is not None:
                texts += [self._evaluated(column.type, value, step) for step in steps(column)]
        return list(dict.fromkeys(text for text in texts if text is not None))

    def _all_near(
        self, column: Column, constants: Sequence[str], every: Sequence[str]
    ) -> list[str]:
        more = reached(column, every)
        return [text for constant in constants for text in self._near(column, constant, more)]

    def _near(self, column: Column, constant: str, more: Sequence[str]) -> list[str]:
        type_, base = column.type, column.base_type
        found: list[str] = []
        if base.startswith(("date", "timestamp")) and constant.isdigit() and int(constant) in YEARS:
            year = int(constant)
            last = f"{year}-12-31" if base == "date" else f"{year}-12-31 23:59:59.999999"
            return [f"{year}-01-01", last, f"{year + 1}-01-01", f"{year - 1}-12-31"]
        value = self._taken(type_, constant)
        if value is not None:
            for step in (*STEPS.get(base, ()), *more):
                near = self._evaluated(type_, value, step)
                if near is not None:
                    found.append(near)
        return found

    def _taken(self, type_: str, text: str) -> str | None:
        """As the server writes it; None where the type does not take it."""
        return self._evaluated(type_, text, "v")

    def _evaluated(self, type_: str, text: str, expression: str) -> str | None:
        key = (f"{type_} {expression}", text)
        if key not in self._known:
            name = type_.replace("%", "%%")
            value = f"SELECT CAST(%s AS {name}) AS v"
            made = expression.replace("%", "%%")
            sql = f"SELECT CAST({made} AS {name})::text FROM ({value}) t"
            self._known[key] = self._asked(sql, text)
        return self._known[key]

    def _asked(self, sql: str, text: str | None) -> str | None:
        given = [] if text is None else [text]
        try:
            with self._connection.transaction():
                row = self._connection.execute(sql.encode(), given).fetchone()
        except REFUSED:
            return None
        return None if row is None or row[0] is None else str(row[0])
