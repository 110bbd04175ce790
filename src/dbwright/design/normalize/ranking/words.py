"""What names tell: whether a column is a name for something, a measure of it, or a moment."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dbwright.design.normalize.relation import Column, Kind

__all__ = [
    "alike",
    "is_copied",
    "is_event",
    "is_identifier",
    "is_measure",
    "is_moment",
    "is_ordinal",
    "stem",
    "words",
]

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W_a-zA-Z0-9]+")
IDENTIFIER = frozenset(
    "id ids no nr num number code key uuid guid sku isbn iban ean vin ssn pk ref oid slug".split()
)
NO_IDENTIFIER = frozenset(
    "phone tel telephone fax mobile house street line item position seq room floor".split()
)
"""Words that make a number one that tells nothing by itself."""
ORDINAL = frozenset(
    "line lineno linenumber position pos seq sequence ordinal rank row item nr no number".split()
)
MEASURE = frozenset(
    """price cost amount total subtotal sum qty quantity rate discount tax balance salary wage fee
    margin weight height width length size score points count percent percentage freight hours
    minutes seconds duration age revenue profit budget rating temperature value grade payment
    area population bytes milliseconds""".split()
)
MOMENT = frozenset("date time at on timestamp datetime day month year since until".split())
COPIED = frozenset("billing shipping ship bill delivery invoice recipient".split())
"""Words of what was written down at the time, whatever the master data says today."""
DESCRIBING = frozenset(
    """name title label description address city country state region type kind category status
    first last full short long text""".split()
)
"""Words that say what is told of a thing, and not of which."""
EVENT = frozenset(
    """order invoice booking rental payment shipment visit session event ticket transaction receipt
    sale purchase trip reservation appointment delivery""".split()
)


def words(name: str) -> tuple[str, ...]:
    """`customerId`, `customer_id` and `CustomerID` are customer and id."""
    return tuple(_singular(word.lower()) for word in WORD.findall(name))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def stem(name: str) -> tuple[str, ...]:
    """What an identifier is one of: customer for customer_id."""
    found = words(name)
    while found and found[-1] in IDENTIFIER:
        found = found[:-1]
    if not found or found != words(name):
        return found
    for ending in ("id", "no", "nr", "code", "num", "key"):
        # `orderid`, `pno`: no word of its own.
        if found[-1].endswith(ending) and len(found[-1]) > len(ending) + 2:
            return (*found[:-1], found[-1].removesuffix(ending))
    return found


def is_identifier(column: Column) -> bool:
    """Is it made to name something: a number or a code?"""
    if column.kind not in (Kind.INTEGER, Kind.TEXT, Kind.OTHER):
        return False
    found = words(column.name)
    if not found or NO_IDENTIFIER & set(found):
        return False
    if found[-1] in IDENTIFIER:
        return True
    return stem(column.name) != found or column.type == "uuid"


def is_ordinal(column: Column) -> bool:
    """Does it count within something: the line of an order?"""
    return column.kind is Kind.INTEGER and bool(ORDINAL & set(words(column.name)))


def is_measure(column: Column) -> bool:
    if is_identifier(column):
        return False
    return column.kind is Kind.NUMERIC or (
        column.kind is Kind.INTEGER and bool(MEASURE & set(words(column.name)))
    )


def is_moment(column: Column) -> bool:
    return column.kind in (Kind.DATE, Kind.TIME)


def is_copied(column: Column) -> bool:
    """Is it, by its name, of the time of an event: the address on an invoice?"""
    found = words(column.name)
    # A postal code is no identifier of the event.
    return bool(COPIED & set(found)) and (found[-1] == "code" or not is_identifier(column))


def is_event(column: Column) -> bool:
    """Is what it names something that happened, and stays as it was?"""
    return bool(EVENT & set(stem(column.name)))


def alike(
    determinants: Iterable[Column], name: str, relation: str, things: frozenset[str] = frozenset()
) -> bool:
    """Is the name made of what the determinants are of? `product_name` of `product_id`; where it is
    `id` alone, of the relation. `studio_address` of `studio_name`, and not `billing_country` of
    `country`. `things`: words of identifiers: `customer_city` is not what `customer_name` is of,
    but both are a customer's."""
    own = {word for word in words(name) if len(word) > 1 and not word.isdigit()}
    for determinant in determinants:
        of = set(stem(determinant.name)) or set(words(relation.rpartition(".")[2]))
        if not is_identifier(determinant):
            of -= DESCRIBING | COPIED | things
        if of & own:
            return True
    return False
