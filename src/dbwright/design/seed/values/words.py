"""What Faker gives: names, places, words. Asked for once each, for it is slow."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from dbwright.errors import MissingExtra, UsageError

__all__ = ["Words"]

MANY = 1000
"""Values that are asked for, of a kind that has them."""
PROVIDERS: Mapping[str, tuple[str, int]] = {
    "first_name": ("first_name", MANY),
    "last_name": ("last_name", MANY),
    "city": ("city", MANY),
    "country": ("country", 400),
    "country_code": ("country_code", 600),
    "state": ("state", 200),
    "street": ("street_address", MANY),
    "unit": ("secondary_address", 200),
    "postcode": ("postcode", MANY),
    "company": ("company", MANY),
    "job": ("job", MANY),
    "phone": ("phone_number", MANY),
    "word": ("word", 3 * MANY),
    "color": ("color_name", 300),
    "currency": ("currency_code", 300),
    "language": ("language_code", 200),
    "language_name": ("language_name", 200),
    "timezone": ("timezone", 300),
    "user_agent": ("user_agent", 200),
    "file": ("file_name", 300),
    "mime": ("mime_type", 100),
    "isbn": ("isbn13", MANY),
    "iban": ("iban", MANY),
    "phrase": ("catch_phrase", MANY),
}
"""The method of Faker, and how often it is asked."""
INSTEAD = {"state": "city", "unit": "street", "street": "city", "phrase": "job", "iban": "isbn"}
"""Of a locale that lacks one."""


class Words:
    """Lists of different words of a locale, the same for the same seed."""

    def __init__(self, seed: int, locale: str = "en_US") -> None:
        """Raises MissingExtra, UsageError for a locale that is none."""
        self._fake = _faker(locale)
        self._seed = seed
        self._lists: dict[str, list[str]] = {}

    def of(self, name: str) -> list[str]:
        """Different ones, in an order that the seed decides."""
        if name not in self._lists:
            self._lists[name] = self._ask(name)
        return self._lists[name]

    def sentence(self, rng: random.Random, least: int, most: int) -> str:
        words = rng.choices(self.of("word"), k=rng.randint(least, most))
        return " ".join(words).capitalize()

    def text(self, rng: random.Random, length: int) -> str:
        """Sentences of about so many characters."""
        found: list[str] = []
        left = length
        while left > 0 or not found:
            sentence = self.sentence(rng, 4, 12) + "."
            found.append(sentence)
            left -= len(sentence) + 1
        return " ".join(found)[: max(length, 12)].rstrip()

    def _ask(self, name: str) -> list[str]:
        method, times = PROVIDERS[name]
        # By the list's own name: which other lists were asked for does not matter.
        self._fake.seed_instance(f"{self._seed}:{name}")
        give = getattr(self._fake, method, None)
        if give is None:
            return self.of(INSTEAD.get(name, "word"))
        return list(dict.fromkeys(str(give()).replace("\n", ", ") for _ in range(times)))


@lru_cache(maxsize=4)
def _faker(locale: str) -> Any:
    try:
        from faker import Faker
    except ModuleNotFoundError as problem:
        raise MissingExtra.of("design", problem) from None
    try:
        return Faker(locale)
    except (AttributeError, ImportError, ValueError):
        raise UsageError(
            f"Faker has no locale {locale!r}", "one such as en_US, de_DE, fr_FR, ja_JP"
        ) from None
