"""Dates and times, in the order in which such things happen: created before paid before closed."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from functools import lru_cache

from dbwright.model.sensitive_names import endings

__all__ = ["NEWEST", "SPAN_DAYS", "is_moment", "moment_text", "moments", "rank_of"]

NEWEST = datetime(2025, 12, 31, 22, 0)
"""About the latest that is made. Not the clock's: two runs are equal."""
SPAN_DAYS = 3 * 365
MOMENTS = (
    "date",
    "timestamp",
    "timestamp without time zone",
    "timestamp with time zone",
    "timestamptz",
)
RANKS = (
    "birth birthday birthdate born dob birth_date",
    "founded established registered joined hired hire hire_date since signup start_date",
    "created create inserted added posted ordered order placed opened begin begins start started "
    "from valid_from effective rental requested submitted received issued occurred",
    "accepted confirmed approved assigned sent paid payment invoiced due required",
    "processed packed shipped published activated verified",
    "delivered returned return completed resolved finished done ended end ends until to valid_to "
    "stop through",
    "updated update modified changed edited last_update last_updated",
    "seen last_seen accessed login last_login used last_used",
    "closed cancelled canceled deleted archived expired expires expiry revoked removed",
)
"""Words in the order of their events."""
RANK_OF = {word: rank for rank, words in enumerate(RANKS) for word in words.split()}
BIRTH = 0
TYPICAL = 2
SUFFIXES = ("at", "on", "date", "time", "ts", "timestamp", "datetime", "day")


def is_moment(base_type: str) -> bool:
    return base_type in MOMENTS


@lru_cache(maxsize=4096)
def rank_of(name: str) -> int:
    """How late in a row's life: equal ranks happen in any order."""
    parts = endings(name)[0].split("_")
    words = [part for part in parts if part not in SUFFIXES] or parts
    for word in ("_".join(words), *reversed(words)):
        if word in RANK_OF:
            return RANK_OF[word]
    return TYPICAL


def moments(rng: random.Random, ranks: list[int]) -> list[datetime]:
    """One for each rank, later ones later."""
    # More of late than long ago: most tables grow.
    ago = SPAN_DAYS * (1 - rng.random() ** 0.6)
    now = NEWEST - timedelta(days=ago, seconds=rng.randrange(86400))
    found: list[datetime] = [now] * len(ranks)
    for place in sorted(range(len(ranks)), key=lambda place: ranks[place]):
        if ranks[place] == BIRTH:
            found[place] = NEWEST - timedelta(days=rng.randrange(19 * 365, 80 * 365))
            continue
        found[place] = now
        now += timedelta(seconds=int(rng.expovariate(1 / 172800)) + 1)
    return found


def moment_text(base_type: str, moment: datetime) -> str:
    """As the type reads it; times are UTC where the type knows zones."""
    if base_type == "date":
        return date.isoformat(moment.date())
    zone = "+00" if base_type in ("timestamp with time zone", "timestamptz") else ""
    return moment.replace(microsecond=0).isoformat(" ") + zone
