"""Texts by their meaning."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable

from dbwright.design.seed.values.words import Words

__all__ = ["NUMBER", "ascii_word", "fitted", "numbered", "text_of"]

NUMBER = "\0"
"""Stands in a value for the row's number: what makes it the only one of its kind."""
SITES = ("example.com", "example.org", "example.net")
STATUSES = ("active", "pending", "completed", "cancelled", "failed")
KINDS = ("standard", "basic", "premium", "internal", "external")
CATEGORIES = (
    "Books Electronics Garden Toys Clothing Sports Music Health Grocery Office Automotive Beauty "
    "Home Shoes Games Pets Travel Tools Art Jewelry Photography Outdoor Kitchen Fitness Science"
).split()
ADJECTIVES = (
    "Classic Compact Deluxe Durable Elegant Essential Foldable Handmade Heavy Light Modern Natural "
    "Organic Portable Premium Recycled Refined Rustic Silent Slim Smart Soft Solid Steel Vintage"
).split()
THINGS = (
    "Backpack Bench Blender Bottle Camera Chair Clock Desk Drill Fan Guitar Headphones Jacket "
    "Kettle Keyboard Lamp Mug Notebook Pan Pillow Printer Shirt Shoes Table Tent Toaster Towel "
    "Vase Watch"
).split()
LONG = 160
"""Characters of a text to read, where statistics don't say."""
Make = Callable[[Words, random.Random, int], str]
"""Of words and chance; the number is how long texts are on average, 0 where that is not known."""


def text_of(meaning: str, words: Words, rng: random.Random, width: int = 0) -> str:
    """One value. `width`: the average length, 0 where it is not known."""
    make = MAKERS.get(meaning)
    if make is not None:
        return make(words, rng, width)
    if meaning in LISTS:
        return rng.choice(words.of(meaning))
    if width > 24:
        return words.text(rng, round(width * rng.uniform(0.5, 1.5)))
    return words.sentence(rng, 1, 3)


def fitted(value: str, length: int | None, number_digits: int = 0) -> str:
    """Cut to what the type takes, its number included; never in the middle of that."""
    if length is None:
        return value
    if NUMBER not in value:
        return value[:length].rstrip() or value[:length]
    head, _, tail = value.partition(NUMBER)
    room = max(length - number_digits, 0)
    if len(head) + len(tail) > room:
        tail = tail if len(tail) < room // 2 else ""
        head = head[: max(room - len(tail), 0)]
    return head + NUMBER + tail


def numbered(value: str, meaning: str) -> str:
    """The value with a place for a number, and no other digits: then two are equal only where their
    numbers are."""
    plain = "".join(letter for letter in value if not letter.isdigit()).strip()
    if meaning == "email" or "@" in plain:
        name, mark, site = plain.partition("@")
        return f"{name}{NUMBER}{mark}{site}"
    if meaning in ("url", "domain"):
        return f"{plain.rstrip('/-')}{'/' if meaning == 'url' else '-'}{NUMBER}"
    if meaning in ("secret", "code", "isbn", "iban", "phone", "postcode"):
        letters = "".join(letter for letter in plain if letter.isalpha())[:6].upper()
        return f"{letters}-{NUMBER}" if letters else NUMBER
    if meaning in ("slug", "file", "path"):
        return f"{plain.rstrip('-.')}-{NUMBER}"
    if meaning == "username":
        return f"{plain}{NUMBER}"
    return f"{plain} {NUMBER}" if plain else NUMBER


def ascii_word(text: str) -> str:
    """In small letters from a to z, with dots between words: as in addresses."""
    flat = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    parts = "".join(letter if letter.isalnum() else " " for letter in flat).split()
    return ".".join(parts) or "user"


def _person(words: Words, rng: random.Random) -> tuple[str, str]:
    return rng.choice(words.of("first_name")), rng.choice(words.of("last_name"))


def _email(words: Words, rng: random.Random, width: int) -> str:
    first, last = _person(words, rng)
    return f"{ascii_word(first)}.{ascii_word(last)}@{rng.choice(SITES)}"


def _slug(words: Words, rng: random.Random, width: int) -> str:
    return "-".join(ascii_word(word) for word in rng.choices(words.of("word"), k=3))


def _hex(words: Words, rng: random.Random, width: int) -> str:
    return f"{rng.getrandbits(128):032x}"


def _letters(words: Words, rng: random.Random, width: int) -> str:
    letters = "".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ", k=3))
    return f"{letters}-{rng.randrange(10000):04d}"


def _body(words: Words, rng: random.Random, width: int) -> str:
    return words.text(rng, round((width or LONG) * rng.uniform(0.4, 1.6)))


def _path(words: Words, rng: random.Random, width: int) -> str:
    folders = "/".join(rng.choices(words.of("word"), k=rng.randint(1, 3)))
    return f"/{folders}/{rng.choice(words.of('file'))}"


MAKERS: dict[str, Make] = {
    "full_name": lambda w, r, n: " ".join(_person(w, r)),
    "email": _email,
    "username": lambda w, r, n: "".join(_person(w, r)).lower().replace(" ", "")[:14],
    "url": lambda w, r, n: f"https://{r.choice(SITES)}/{_slug(w, r, n)}",
    "domain": lambda w, r, n: f"{ascii_word(r.choice(w.of('word')))}.{r.choice(SITES)}",
    "slug": _slug,
    "secret": _hex,
    "status": lambda w, r, n: r.choices(STATUSES, (60, 15, 15, 7, 3))[0],
    "kind": lambda w, r, n: r.choices(KINDS, (50, 20, 15, 10, 5))[0],
    "category": lambda w, r, n: r.choice(CATEGORIES),
    "product": lambda w, r, n: f"{r.choice(ADJECTIVES)} {r.choice(THINGS)}",
    "title": lambda w, r, n: w.sentence(r, 2, 5),
    "body": _body,
    "ip": lambda w, r, n: f"203.0.113.{r.randrange(256)}",
    "path": _path,
    "code": _letters,
    "gender": lambda w, r, n: r.choices(("female", "male", "other"), (49, 49, 2))[0],
    "version": lambda w, r, n: f"{r.randrange(1, 9)}.{r.randrange(20)}.{r.randrange(30)}",
    "money": lambda w, r, n: f"{r.lognormvariate(3.5, 1):.2f}",
    "birth": lambda w, r, n: f"{r.randrange(1945, 2007)}-{r.randrange(1, 13):02d}-15",
    "year": lambda w, r, n: str(r.randrange(1990, 2026)),
}
"""By meaning; what is in neither this nor LISTS is a few words."""
LISTS = frozenset(
    """
    first_name last_name city country country_code state street unit postcode company job phone
    color currency language language_name timezone user_agent file mime isbn iban
    """.split()
)
"""Meanings that have a list of words."""
