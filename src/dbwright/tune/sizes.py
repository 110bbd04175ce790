"""Sizes as people write them."""

from __future__ import annotations

import re

from dbwright.errors import UsageError

__all__ = ["parse_size"]

UNITS = {"": 1, "B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
"""As PostgreSQL counts them."""
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?b?)", re.IGNORECASE)


def parse_size(text: str) -> int:
    """`1.5GB` in bytes. Raises UsageError."""
    found = SIZE.fullmatch(text.strip())
    unit = found[2].upper() if found else ""
    unit = unit if unit in UNITS else f"{unit}B"
    if found is None or unit not in UNITS or float(found[1]) <= 0:
        raise UsageError(f"{text!r} is no size", "write it as 500MB or 1.5GB")
    return int(float(found[1]) * UNITS[unit])
