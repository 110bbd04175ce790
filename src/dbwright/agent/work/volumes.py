"""How many rows tables will have: as the team says in context.json, else assumed.

"volumes": {"orders": 50000000, "shop.users": {"rows": "2M", "growth_per_month": 100000}}
"volumes": [{"table": "orders", "rows": 50000000}]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbwright.agent.work.context import Context
from dbwright.agent.work.history_tables import HISTORY_ROWS, is_history
from dbwright.errors import BadWorkspace
from dbwright.model.catalog import Table

__all__ = ["ASSUMED_ROWS", "Volume", "Volumes", "read_volumes"]

ASSUMED_ROWS = 100_000
"""Of a table of which nobody says anything. No figure of anybody's: it makes plans choose as they
do where tables do not fit into a few pages, and is called assumed wherever it is shown."""
NAMES = ("volumes", "data_volumes", "expected_volumes")
ROWS = ("rows", "expected_rows", "count")
GROWTH = ("growth_per_month", "rows_per_month")
NUMBER = re.compile(r"(\d[\d_,]*(?:\.\d+)?)\s*([kKmMbBgG]?)")
TIMES = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "g": 10**9}
MOST = 10**13


@dataclass(frozen=True, slots=True)
class Volume:
    rows: int
    growth_per_month: int | None = None
    is_assumed: bool = False


@dataclass(frozen=True, slots=True)
class Volumes:
    """By the name of the table as the team writes it, with or without its schema."""

    said: Mapping[str, Volume] = field(default_factory=dict)

    def of(self, table: Table) -> Volume:
        names = (table.qualified, f"{table.schema}.{table.name}", table.name)
        found = next((self.said[name] for name in names if name in self.said), None)
        assumed = HISTORY_ROWS if is_history(table.name) else ASSUMED_ROWS
        return found or Volume(assumed, is_assumed=True)

    def unknown(self, tables: tuple[Table, ...]) -> tuple[str, ...]:
        """Names that no table has."""
        known = {n for t in tables for n in (t.qualified, f"{t.schema}.{t.name}", t.name)}
        return tuple(name for name in self.said if name not in known)


def read_volumes(context: Context) -> Volumes:
    """What the context says. Raises BadWorkspace with the place of what is wrong."""
    name = next((one for one in NAMES if one in context.document), None)
    if name is None:
        return Volumes()
    said = context.document[name]
    if isinstance(said, list):
        return Volumes(dict(_listed(said, name)))
    if not isinstance(said, Mapping):
        raise _bad(name, "is neither an object nor a list", "write rows by the table's name")
    return Volumes({str(table): _volume(one, f"{name}.{table}") for table, one in said.items()})


def _listed(said: list[Any], name: str) -> Iterator[tuple[str, Volume]]:
    for number, one in enumerate(said):
        place = f"{name}[{number}]"
        table = one.get("table", one.get("name")) if isinstance(one, Mapping) else None
        if not isinstance(table, str):
            raise _bad(place, "names no table", 'write {"table": "orders", "rows": 1000}')
        yield table, _volume(one, place)


def _volume(said: Any, place: str) -> Volume:
    if not isinstance(said, Mapping):
        return Volume(_number(said, place))
    rows = next((said[name] for name in ROWS if name in said), None)
    growth = next((said[name] for name in GROWTH if name in said), None)
    return Volume(
        _number(rows, f"{place}.rows"),
        None if growth is None else _number(growth, f"{place}.growth_per_month"),
    )


def _number(said: Any, place: str) -> int:
    """5000, "5,000", "5k"."""
    found: float | None = None
    if isinstance(said, int | float) and not isinstance(said, bool):
        found = said
    elif isinstance(said, str) and (match := NUMBER.fullmatch(said.strip())):
        found = float(match[1].replace(",", "").replace("_", "")) * TIMES[match[2].lower()]
    if found is None or not 0 <= found <= MOST:
        raise _bad(place, "is no number of rows", "write a number such as 50000 or 2M")
    return round(found)


def _bad(place: str, what: str, step: str) -> BadWorkspace:
    return BadWorkspace(f"context.json: {place} {what}", step)
