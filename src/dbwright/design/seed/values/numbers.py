"""Numbers by their meaning, within what their type takes."""

from __future__ import annotations

import random
from collections.abc import Callable

from dbwright.model.catalog import Column

__all__ = ["LIMITS", "is_number", "number_of", "scale_of", "written"]

LIMITS = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1, "oid": 2**31 - 1}
FLAGS = ("active", "is_active", "enabled", "visible", "discontinued", "flag", "is_default")
"""Names of numbers that are 0 or 1."""
FLOATS = ("real", "double precision")
Make = Callable[[random.Random], float]


def _any(rng: random.Random) -> float:
    return rng.lognormvariate(4, 1.2)


MAKERS: dict[str, Make] = {
    "money": lambda r: r.lognormvariate(3.5, 1.0),
    "percent": lambda r: r.uniform(0, 100),
    "rate": lambda r: round(r.random(), 2),
    "rating": lambda r: float(r.choices((1, 2, 3, 4, 5), (6, 8, 16, 35, 35))[0]),
    "score": lambda r: r.uniform(0, 100),
    "quantity": lambda r: float(min(1 + int(r.expovariate(0.6)), 100)),
    "count": lambda r: float(int(r.lognormvariate(3, 1.3))),
    "age": lambda r: float(int(min(max(r.gauss(41, 15), 18), 95))),
    "year": lambda r: float(r.randint(1990, 2025)),
    "month": lambda r: float(r.randint(1, 12)),
    "day": lambda r: float(r.randint(1, 28)),
    "position": lambda r: float(r.randint(1, 100)),
    "duration": lambda r: float(int(r.lognormvariate(4, 0.7)) + 1),
    "bytes": lambda r: float(int(r.lognormvariate(10, 2))),
    "weight": lambda r: r.lognormvariate(1, 0.8),
    "measure": lambda r: r.uniform(1, 200),
    "latitude": lambda r: r.uniform(-60, 70),
    "longitude": lambda r: r.uniform(-180, 180),
    "temperature": lambda r: r.gauss(18, 8),
    "postcode": lambda r: float(r.randint(10000, 99999)),
    "phone": lambda r: float(r.randint(2000000000, 9999999999)),
}


def is_number(base_type: str) -> bool:
    return base_type in LIMITS or base_type in FLOATS or base_type in ("numeric", "money")


def number_of(column: Column, meaning: str, rng: random.Random) -> str:
    """One value."""
    value = MAKERS.get(meaning, _any)(rng)
    if column.name.lower().strip("_") in FLAGS:
        value = float(rng.random() < 0.9)
    if meaning == "money" and column.name.lower().endswith("cents"):
        value = round(value * 100)
    return written(column, value)


def written(column: Column, value: float) -> str:
    """As the type takes it."""
    if column.base_type in LIMITS:
        most = LIMITS[column.base_type]
        return str(min(max(round(value), -most), most))
    digits, scale = scale_of(column)
    if digits is not None:
        most_value = 10.0 ** (digits - scale) - 10.0**-scale
        value = min(max(value, -most_value), most_value)
    return f"{value:.{max(scale, 0)}f}"


def scale_of(column: Column) -> tuple[int | None, int]:
    """Digits in all (None for any) and behind the point."""
    inside = column.type.partition("(")[2].rstrip(")[]")
    if column.base_type == "numeric" and inside:
        precision, _, scale = inside.partition(",")
        return int(precision), int(scale or 0)
    return None, 2
