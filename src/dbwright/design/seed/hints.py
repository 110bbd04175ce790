"""Values near the constants that checks and bounds of partitions name: there some often pass."""

from __future__ import annotations

import random
import string
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from dbwright.design.seed.pattern import like_sample, sample
from dbwright.design.seed.values.numbers import is_number, written
from dbwright.design.seed.values.times import is_moment, moment_text
from dbwright.design.seed.values.values import is_text
from dbwright.model.catalog import Column

__all__ = ["hints", "variants"]

LONGEST = 10_000
"""Characters of a text that is made as long as a constant says."""
LONG = 200
EACH = 12
"""Texts of each pattern."""
STEPS = 200
"""Values between two constants."""


def hints(column: Column, constants: Sequence[str], rng: random.Random) -> list[str]:
    """Perhaps some of them pass; all are worth asking for."""
    if is_text(column.base_type):
        return _texts(constants, rng)
    if is_number(column.base_type):
        return _numbers(column, constants, rng)
    if is_moment(column.base_type):
        return _moments(column, constants, rng)
    return list(constants)


def _texts(constants: Sequence[str], rng: random.Random) -> list[str]:
    found = list(constants)
    for constant in constants:
        if constant.isdecimal() and 0 < int(constant) <= LONGEST:
            for length in (int(constant), int(constant) + 1, max(int(constant) - 1, 1)):
                times = EACH if length < LONG else 2
                for letters in (string.ascii_lowercase, string.ascii_uppercase, string.digits):
                    found += ["".join(rng.choices(letters, k=length)) for _ in range(times)]
        for _ in range(EACH * EACH):
            matching = sample(constant, rng)
            if matching is None:
                break
            found.append(matching)
        if "%" in constant or "_" in constant:
            found += [like_sample(constant, rng) for _ in range(EACH)]
    return list(dict.fromkeys(found))


def variants(values: Sequence[str]) -> list[str]:
    """Texts in other forms: in capitals, in small letters, without blanks, as numbers."""
    found: list[str] = []
    for number, value in enumerate(values):
        plain = "".join(filter(str.isalnum, value))
        found += [value.upper(), value.lower(), plain, plain.lower(), plain.upper(), str(number)]
        found += [value.title(), value.replace(" ", "-").lower(), value.replace(" ", "_").lower()]
    return list(dict.fromkeys(found))


def _numbers(column: Column, constants: Sequence[str], rng: random.Random) -> list[str]:
    known = sorted({number for text in constants if (number := _number(text)) is not None})
    known = sorted({*known, *(-number for number in known)})
    found = [near for number in known for near in (number, number + 1, number - 1)]
    for low, high in zip(known, [*known[1:], known[-1] + 1000] if known else [], strict=True):
        found += [rng.uniform(low, high) for _ in range(STEPS)]
        # Small ones of a wide span, as between 0 and the largest integer.
        found += [low + min(rng.expovariate(0.02), high - low) for _ in range(STEPS)]
    return list(dict.fromkeys(written(column, number) for number in found))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _moments(column: Column, constants: Sequence[str], rng: random.Random) -> list[str]:
    known = sorted({moment for text in constants if (moment := _moment(text)) is not None})
    found = [moment + timedelta(days=days) for moment in known for days in (-1, 0, 1)]
    for low, high in pairwise(known):
        found += [low + (high - low) * rng.random() for _ in range(STEPS)]
    if known:
        found += [known[-1] + timedelta(days=rng.uniform(0, 360)) for _ in range(STEPS)]
        found += [known[0] - timedelta(days=rng.uniform(0, 360)) for _ in range(STEPS)]
    return list(dict.fromkeys(moment_text(column.base_type, moment) for moment in found))


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=None)
