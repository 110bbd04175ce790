"""The words of a column's name, and what they say about its values."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["is_personal", "is_quantity", "money_words", "words"]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")

PERSONAL = frozenset(
    """
    account address bank birth birthday card city contact credential dob email first gender
    hash iban ip last mail mobile name passport password patient person phone pin salary
    secret signature ssn street surname tax telephone token user username zip
    """.split()
)

MONEY = frozenset(
    """
    price prices cost costs salary fee fees tax taxes revenue payment payments invoice refund
    budget wage wages debit payout earnings vat subtotal money cash surcharge
    """.split()
)
"""Words that mean money nearly always."""

PERHAPS_MONEY = frozenset("amount amounts balance charge credit discount profit".split())

NOT_MONEY = frozenset(
    """
    avg average bytes count days density distance duration elasticity estimate estimated
    expected factor fraction hours index items kg level lift mean median minutes model ms
    multiplier pct percent percentage points predicted prediction probability quantity qty
    rank rate ratio relative rows score seconds share similarity std stddev time tokens units
    variance volume weight
    celsius cl cm degrees dl dosage dose gram grams km kw kwh lb lbs liter liters litre litres
    mcg mg miles ml mm mmol mw oz ppm watts
    """.split()
)

QUANTITY = (
    MONEY
    | PERHAPS_MONEY
    | frozenset(
        """
        age area capacity count depth distance duration height latitude lat length lng lon
        longitude margin minutes percent percentage points quantity qty rank rate ratio score
        seats seconds size speed stock sum temperature total volume weight width
        """.split()
    )
)


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """`userId2` and `user_id_2` are both user, id, 2."""
    return tuple(word.lower() for word in _WORD.findall(name))


def is_personal(name: str) -> bool:
    """Does it look like a column about a person, whose values are never shown?"""
    return not PERSONAL.isdisjoint(words(name))


def is_quantity(name: str) -> bool:
    """Does the name say how much or how many?"""
    return not QUANTITY.isdisjoint(words(name))


def money_words(name: str) -> tuple[frozenset[str], bool]:
    """The words that speak of money, and whether they do so for certain."""
    own = frozenset(words(name))
    if own & NOT_MONEY:
        return frozenset(), False
    certain = own & MONEY
    return certain | (own & PERHAPS_MONEY), bool(certain)
