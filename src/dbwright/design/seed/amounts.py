"""How many rows each table gets."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from dbwright.errors import UsageError
from dbwright.model.catalog import Table

__all__ = ["Amounts", "read_amounts"]

USUAL = 1000
UNITS = {"k": 1_000, "m": 1_000_000}
MOST = 10_000_000_000


class Amounts:
    """What was asked for."""

    def __init__(self, every: int | None, of: Mapping[str, int]) -> None:
        self.every = every
        """Of tables that are not named; None where nothing was said."""
        self.of = dict(of)
        """By qualified name."""

    def rows(self, table: Table, like_rows: Mapping[str, float], scale: float) -> int:
        if table.qualified in self.of:
            return self.of[table.qualified]
        if self.every is not None:
            return self.every
        if table.qualified in like_rows:
            return round(max(like_rows[table.qualified], 0.0) * scale)
        return USUAL


def read_amounts(words: Sequence[str], tables: Sequence[Table]) -> Amounts:
    """Of `--rows 1000` and `--rows shop.orders=100k`. Raises UsageError."""
    every: int | None = None
    of: dict[str, int] = {}
    for word in words:
        name, mark, number = word.rpartition("=")
        if mark:
            of[_table(name, tables).qualified] = _number(number, word)
        else:
            every = _number(word, word)
    return Amounts(every, of)


def _number(text: str, word: str) -> int:
    plain = text.strip().lower().replace("_", "").replace(",", "")
    unit = UNITS.get(plain[-1:], 1)
    digits = plain[:-1] if unit > 1 else plain
    if not (digits.isascii() and digits.isdecimal()):
        raise UsageError(f"--rows {word}: {text!r} is no number of rows", "such as 1000 or 100k")
    if int(digits) * unit > MOST:
        raise UsageError(f"--rows {word}: that is more than {MOST:,} rows", "ask for fewer")
    return int(digits) * unit


def _table(name: str, tables: Sequence[Table]) -> Table:
    found = [t for t in tables if name in (t.qualified, f"{t.schema}.{t.name}")]
    found = found or [table for table in tables if table.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(table.qualified for table in found)
        raise UsageError(f"--rows: {name} may be any of {several}", "name it with its schema")
    near = difflib.get_close_matches(name, [t.qualified for t in tables] + [t.name for t in tables])
    raise UsageError(
        f"--rows: there is no table {name} to put rows into",
        f"perhaps {near[0]}" if near else "dbwright check TARGET shows what is there",
    )
