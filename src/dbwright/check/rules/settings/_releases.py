"""PostgreSQL's releases, as far as they were known when this table was made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

__all__ = ["END_OF_LIFE", "KNOWN_ON", "NEWEST_MINOR"]

KNOWN_ON = date(2026, 11, 23)
"""The day of the table. Later releases are not in it, and nothing is said about them."""

NEWEST_MINOR: Mapping[int, int] = {12: 22, 13: 23, 14: 24, 15: 20, 16: 15, 17: 11, 18: 6}
"""The newest minor release that was seen of each major version; there may be newer ones."""

END_OF_LIFE: Mapping[int, date] = {
    12: date(2024, 11, 21),
    13: date(2025, 11, 13),
    14: date(2026, 11, 12),
    15: date(2027, 11, 11),
    16: date(2028, 11, 9),
    17: date(2029, 11, 8),
    18: date(2030, 11, 14),
}
"""The day of the last minor release, as the versioning policy announces it."""
